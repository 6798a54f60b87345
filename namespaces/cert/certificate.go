package cert

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Version is the only certificate version that this code understands.
const Version = 1

// MaxSize bounds an encoded certificate, in bytes: 67 for each signature, the bitmap, and the fixed fields.
const MaxSize = MaxOperators*67 + MaxOperators/8 + 128

// ErrUncertified says that a certificate does not certify what it should.
var ErrUncertified = errors.New("not certified")

// Certificate is operators' signatures over one header (specs/03-certificates.md, "Certificate"). RLP:
//
//	certificate = [version, height, round, header_hash, bitmap, [signature(65)...]]
//
// Bit i of the bitmap (byte i/8, most significant bit first) says that operator i of the set signed; signatures stand in that order.
// Round is CometBFT's: signatures of different rounds never add up.
type Certificate struct {
	Height     uint64
	Round      uint32
	HeaderHash common.Hash
	Bitmap     []byte
	Signatures []tx.Signature
}

// Bare is the certificate without signatures that names a header: it certifies nothing.
func Bare(h block.Header) Certificate { return Certificate{Height: h.Height, HeaderHash: h.Hash()} }

// Bare says whether there are no signatures: then the certificate only names a header.
func (c Certificate) Bare() bool { return len(c.Signatures) == 0 && len(c.Bitmap) == 0 }

type wire struct {
	Version    uint64
	Height     uint64
	Round      uint32
	HeaderHash common.Hash
	Bitmap     []byte
	Signatures []tx.Signature
}

// Encode returns the canonical RLP.
func (c Certificate) Encode() []byte {
	raw, err := rlp.EncodeToBytes(&wire{Version, c.Height, c.Round, c.HeaderHash, c.Bitmap, c.Signatures})
	if err != nil {
		panic(fmt.Sprintf("encode certificate: %v", err)) // integers, arrays and byte strings always encode
	}
	return raw
}

// Decode reads a certificate from its encoding. It is well formed, not yet verified.
func Decode(raw []byte) (Certificate, error) {
	if len(raw) > MaxSize {
		return Certificate{}, fmt.Errorf("decode certificate: %d bytes, at most %d", len(raw), MaxSize)
	}
	var w wire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return Certificate{}, fmt.Errorf("decode certificate: %w", err)
	}
	if w.Version != Version {
		return Certificate{}, fmt.Errorf("decode certificate: version %d, want %d", w.Version, Version)
	}
	c := Certificate{w.Height, w.Round, w.HeaderHash, w.Bitmap, w.Signatures}
	set := 0
	for _, b := range c.Bitmap {
		set += bits.OnesCount8(b)
	}
	if len(c.Bitmap) > MaxOperators/8 || set != len(c.Signatures) {
		return Certificate{}, fmt.Errorf("decode certificate: %d bits set, %d signatures", set, len(c.Signatures))
	}
	return c, nil
}

// ExtensionDigest is what an operator signs: CometBFT's sign bytes of a vote extension that is the header hash
// (specs/03-certificates.md, "Digest"):
//
//	keccak256(varint length | 0a 20 hash | 11 height(8, little endian) | [19 round(8), absent for 0] | 22 length chain_id)
func ExtensionDigest(chainID string, height uint64, round uint32, headerHash common.Hash) common.Hash {
	body := make([]byte, 0, 64+len(chainID))
	body = append(body, 0x0a, common.HashLength)
	body = append(body, headerHash[:]...)
	body = append(body, 0x11)
	body = binary.LittleEndian.AppendUint64(body, height)
	if round > 0 {
		body = append(body, 0x19)
		body = binary.LittleEndian.AppendUint64(body, uint64(round))
	}
	body = append(body, 0x22)
	body = binary.AppendUvarint(body, uint64(len(chainID)))
	body = append(body, chainID...)
	return crypto.Keccak256Hash(binary.AppendUvarint(nil, uint64(len(body))), body)
}

// Vote is one operator's signature over the header of a height and round.
type Vote struct {
	Operator   common.Address
	Round      uint32
	HeaderHash common.Hash
	Signature  tx.Signature
}

// Check says whether the vote is its operator's.
func (v Vote) Check(chainID string, height uint64) error {
	signer, err := tx.Recover(ExtensionDigest(chainID, height, v.Round, v.HeaderHash), v.Signature)
	if err != nil {
		return fmt.Errorf("vote of %s at height %d: %w", v.Operator, height, err)
	}
	if signer != v.Operator {
		return fmt.Errorf("vote of %s at height %d is signed by %s", v.Operator, height, signer)
	}
	return nil
}

// Assemble makes a certificate from votes for one header: of the round with the most power, if that is a quorum. Votes must have been
// checked; those of strangers, of other headers and second ones are passed over. The error wraps [ErrUncertified].
func Assemble(set Set, height uint64, header common.Hash, votes []Vote) (Certificate, error) {
	rounds := make(map[uint32]map[int]tx.Signature)
	best, bestPower := uint32(0), uint64(0)
	power := make(map[uint32]uint64)
	for _, v := range votes {
		i := set.Index(v.Operator)
		if i < 0 || v.HeaderHash != header {
			continue
		}
		if rounds[v.Round] == nil {
			rounds[v.Round] = make(map[int]tx.Signature)
		}
		if _, twice := rounds[v.Round][i]; twice {
			continue
		}
		rounds[v.Round][i] = v.Signature
		power[v.Round] += set.operators[i].Power
		if p := power[v.Round]; p > bestPower || p == bestPower && v.Round < best {
			best, bestPower = v.Round, p
		}
	}
	if !set.Quorum(bestPower) {
		return Certificate{}, fmt.Errorf("height %d: power %d of %d in the best round: %w", height, bestPower, set.total, ErrUncertified)
	}
	c := Certificate{Height: height, Round: best, HeaderHash: header, Bitmap: make([]byte, (len(set.operators)+7)/8)}
	for i := range set.operators {
		if sig, ok := rounds[best][i]; ok {
			c.Bitmap[i/8] |= 0x80 >> (i % 8)
			c.Signatures = append(c.Signatures, sig)
		}
	}
	return c, nil
}

// Verify checks that more than two thirds of the set's power signed. The error wraps [ErrUncertified].
func (c Certificate) Verify(chainID string, set Set) error {
	n := len(set.operators)
	if len(c.Bitmap) != (n+7)/8 || n%8 != 0 && c.Bitmap[n/8]<<(n%8) != 0 {
		return fmt.Errorf("certificate of height %d: bitmap of %d bytes for %d operators: %w", c.Height, len(c.Bitmap), n, ErrUncertified)
	}
	digest := ExtensionDigest(chainID, c.Height, c.Round, c.HeaderHash)
	var power uint64
	next := 0
	for i, o := range set.operators {
		if c.Bitmap[i/8]&(0x80>>(i%8)) == 0 {
			continue
		}
		if next == len(c.Signatures) {
			return fmt.Errorf("certificate of height %d: fewer signatures than bits: %w", c.Height, ErrUncertified)
		}
		signer, err := tx.Recover(digest, c.Signatures[next])
		if err != nil || signer != o.Address {
			return fmt.Errorf("certificate of height %d: signature %d is not operator %s's: %w", c.Height, next, o.Address, ErrUncertified)
		}
		next++
		power += o.Power
	}
	if next != len(c.Signatures) {
		return fmt.Errorf("certificate of height %d: more signatures than bits: %w", c.Height, ErrUncertified)
	}
	if !set.Quorum(power) {
		return fmt.Errorf("certificate of height %d: power %d of %d: %w", c.Height, power, set.total, ErrUncertified)
	}
	return nil
}
