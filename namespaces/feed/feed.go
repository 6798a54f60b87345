// Package feed holds what a follower of the sequencer is told over the network: announcements of certified headers by gossip, and steps by
// stream. Formats only; node/feed serves them, rollups follows them. Grammar: specs/02-gossip.md, "Feed".
//
// Nothing in here is trusted: a follower gives headers and certificates to [cert.Trust.Advance], and lanes to their proofs.
package feed

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// Version is the only version of the feed that this code understands.
const Version = 1

// The names of topics and protocols, below a network's [Prefix].
const (
	TxsTopic     = "txs/1"     // batches: see EncodeBatch
	VotesTopic   = "votes/1"   // votes that a certificate lacks
	HeadersTopic = "headers/1" // announcements of certified headers
	Protocol     = "feed/1"    // streams: a Request, answered by Steps
	LinksPath    = "links/1"   // streams: a LinksRequest, answered by links
)

// Prefix begins the name of every topic and protocol of a network.
func Prefix(chainID string) string { return "/lockstep/" + chainID }

// Bounds of the messages.
const (
	MaxNamespaces   = 16 // lanes that one request may ask for
	MaxRequestSize  = 512
	MaxAnnouncement = block.MaxHeaderSize + cert.MaxSize + 64
	MaxStepSize     = 16 << 20 // bytes of one step: all lanes of a block (block.MaxLanesSize) with all else fit
)

// Request asks for steps: [version, from, to, [namespace...]]. Heights are inclusive; To = 0 follows the head until the stream ends.
type Request struct {
	From       uint64
	To         uint64
	Namespaces []namespaces.Namespace
}

type requestWire struct {
	Version    uint64
	From       uint64
	To         uint64
	Namespaces []namespaces.Namespace
}

// Encode returns the canonical RLP.
func (r Request) Encode() []byte { return encode(&requestWire{Version, r.From, r.To, r.Namespaces}) }

// DecodeRequest reads a request and refuses half-open ranges, height 0 and too many namespaces.
func DecodeRequest(raw []byte) (Request, error) {
	if len(raw) > MaxRequestSize {
		return Request{}, fmt.Errorf("decode request: %d bytes, at most %d", len(raw), MaxRequestSize)
	}
	var w requestWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return Request{}, fmt.Errorf("decode request: %w", err)
	}
	switch {
	case w.Version != Version:
		return Request{}, fmt.Errorf("decode request: version %d, want %d", w.Version, Version)
	case w.From == 0 || w.To != 0 && w.To < w.From:
		return Request{}, fmt.Errorf("decode request: heights %d to %d are no range", w.From, w.To)
	case len(w.Namespaces) > MaxNamespaces:
		return Request{}, fmt.Errorf("decode request: %d namespaces, at most %d", len(w.Namespaces), MaxNamespaces)
	}
	for i := 1; i < len(w.Namespaces); i++ {
		if w.Namespaces[i-1].Compare(w.Namespaces[i]) >= 0 {
			return Request{}, errors.New("decode request: namespaces do not ascend")
		}
	}
	return Request{w.From, w.To, w.Namespaces}, nil
}

// Lane is one lane with the proof that it is complete, or, with no data, that there is none.
type Lane struct {
	Namespace namespaces.Namespace `json:"namespace"`
	Data      []byte               `json:"data"` // empty: the block has no such lane
	Proof     lane.Proof           `json:"proof"`
}

// Verify checks the lane against a certified header's data root.
func (l Lane) Verify(root lane.Root) error {
	if len(l.Data) == 0 {
		return l.Proof.VerifyAbsent(root, l.Namespace)
	}
	return l.Proof.VerifyPresent(root, l.Namespace, l.Data)
}

// Step is one height as a follower gets it: [version, header, [lane...], certificate | "", [operator...]]. The certificate stands at the last
// header of each run; Next opens the operators that follow when that header changes them.
type Step struct {
	Header      block.Header
	Lanes       []Lane
	Certificate *cert.Certificate // nil inside a run
	Next        []cert.Operator
}

type stepWire struct {
	Version     uint64
	Header      []byte
	Lanes       []Lane
	Certificate []byte
	Next        []cert.Operator
}

// Encode returns the canonical RLP.
func (s Step) Encode() []byte {
	w := stepWire{Version: Version, Header: s.Header.Encode(), Lanes: s.Lanes, Next: s.Next}
	if s.Certificate != nil {
		w.Certificate = s.Certificate.Encode()
	}
	return encode(&w)
}

// DecodeStep reads a step. It is well formed, not verified.
func DecodeStep(raw []byte) (Step, error) {
	if len(raw) > MaxStepSize {
		return Step{}, fmt.Errorf("decode step: %d bytes, at most %d", len(raw), MaxStepSize)
	}
	if err := precheckStep(raw); err != nil {
		return Step{}, fmt.Errorf("decode step: %w", err)
	}
	var w stepWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return Step{}, fmt.Errorf("decode step: %w", err)
	}
	if w.Version != Version {
		return Step{}, fmt.Errorf("decode step: version %d, want %d", w.Version, Version)
	}
	s := Step{Lanes: w.Lanes, Next: w.Next}
	var err error
	if s.Header, err = block.DecodeHeader(w.Header); err != nil {
		return Step{}, fmt.Errorf("decode step: %w", err)
	}
	if len(w.Certificate) > 0 {
		c, err := cert.Decode(w.Certificate)
		if err != nil {
			return Step{}, fmt.Errorf("decode step: %w", err)
		}
		s.Certificate = &c
	}
	return s, nil
}

// precheckStep counts lanes and operators before anything is allocated for them.
func precheckStep(raw []byte) error {
	content, _, err := rlp.SplitList(raw)
	if err != nil {
		return err
	}
	for i, most := range []int{0, 0, MaxNamespaces, 0, cert.MaxOperators} { // version, header, lanes, certificate, next
		_, item, rest, err := rlp.Split(content)
		if err != nil {
			return fmt.Errorf("field %d: %w", i, err)
		}
		content = rest
		if most == 0 {
			continue
		}
		if n, err := rlp.CountValues(item); err != nil || n > most {
			return fmt.Errorf("field %d: %d items, at most %d", i, n, most)
		}
	}
	return nil
}

// Announcement is gossiped when a header is certified: [version, header, certificate].
type Announcement struct {
	Header      block.Header
	Certificate cert.Certificate
}

type announcementWire struct {
	Version     uint64
	Header      []byte
	Certificate []byte
}

// Encode returns the canonical RLP.
func (a Announcement) Encode() []byte {
	return encode(&announcementWire{Version, a.Header.Encode(), a.Certificate.Encode()})
}

// DecodeAnnouncement reads an announcement and checks that its certificate names its header; signatures are for the caller's trust to check.
func DecodeAnnouncement(raw []byte) (Announcement, error) {
	if len(raw) > MaxAnnouncement {
		return Announcement{}, fmt.Errorf("decode announcement: %d bytes, at most %d", len(raw), MaxAnnouncement)
	}
	var w announcementWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return Announcement{}, fmt.Errorf("decode announcement: %w", err)
	}
	if w.Version != Version {
		return Announcement{}, fmt.Errorf("decode announcement: version %d, want %d", w.Version, Version)
	}
	var a Announcement
	var err error
	if a.Header, err = block.DecodeHeader(w.Header); err != nil {
		return Announcement{}, fmt.Errorf("decode announcement: %w", err)
	}
	if a.Certificate, err = cert.Decode(w.Certificate); err != nil {
		return Announcement{}, fmt.Errorf("decode announcement: %w", err)
	}
	if a.Certificate.Height != a.Header.Height || a.Certificate.HeaderHash != a.Header.Hash() {
		return Announcement{}, errors.New("decode announcement: the certificate is for another header")
	}
	return a, nil
}

func encode(w any) []byte {
	raw, err := rlp.EncodeToBytes(w)
	if err != nil {
		panic(fmt.Sprintf("encode feed message: %v", err)) // integers, arrays and byte strings always encode
	}
	return raw
}
