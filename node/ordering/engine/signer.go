package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	cmtcrypto "github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/crypto/secp256k1eth"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/libs/protoio"
	"github.com/cometbft/cometbft/privval"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/node/keys"
)

// Files of the signer, in one folder so that one sync of the folder makes both durable.
const (
	voteFile      = "votes.json"
	extensionFile = "extension.json"
)

// Steps of a round as privval numbers them.
const stepPrevote, stepPrecommit = 2, 3

// ErrSignStateMissing says that a node which has signed before has lost the memory of what it signed. To go on
// without it could sign twice; the operator restores the folder, or makes a new key.
var ErrSignStateMissing = errors.New("the signing state is missing")

// ErrConflict says that a signature was asked for that contradicts one given before.
var ErrConflict = errors.New("conflicts with what was signed before")

// ErrNoKey says that none of the operator's keys may sign at a height.
var ErrNoKey = errors.New("no key of this operator may sign")

// Keyring holds the operator's consensus keys. Which one signs at a height is the ledger's to say (specs/09-operators.md, "Operator").
type Keyring interface {
	// Next is the key that signs at the height after the newest committed one; of an operator that does not vote there, any of its keys.
	Next() *keys.Operator
	// At is the key that may sign at a height; ErrNoKey if none may.
	At(height uint64) (*keys.Operator, error)
}

// OneKey is a keyring of one key, which signs at all heights.
type OneKey struct{ Key *keys.Operator }

// Next implements Keyring.
func (k OneKey) Next() *keys.Operator { return k.Key }

// At implements Keyring.
func (k OneKey) At(uint64) (*keys.Operator, error) { return k.Key, nil }

// Signer is the operator's validator keys with the memory of their last signatures. CometBFT's FilePV refuses a second
// vote or proposal at one height, round and step, but signs any number of extensions; Signer remembers the extension
// too and gives the same signature again, or none. The memory is one for all keys: each height has one key, so what is remembered of an older
// key's heights forbids them to all.
//
// Order of effects for one vote, each on disk before the next: extension, vote (FilePV's file), folder. Only then are
// the signatures handed out, so whatever a crash leaves of these, what is lost was never seen by anybody. A vote for a
// block on disk without its extension is no crash but a damaged disk, and is not opened.
//
// A failed write leaves unknown bytes on disk: the signer then refuses everything until the process is restarted, and
// Failed tells the watchdog.
type Signer struct {
	dir  string
	ring Keyring

	mu         sync.Mutex
	pv         *privval.FilePV // under mu; its key is that of the last height that was signed
	told       common.Address  // under mu; of the public key that consensus goes by
	extensions *extensionLog   // under mu
	failure    error           // under mu; first failed write

	failed chan struct{} // closed when failure is set
}

// OpenSigner opens the signing state in dir for the operator's keys. When it is not there it is created, unless the
// caller knows of chain data (fresh is false): then it is ErrSignStateMissing.
func OpenSigner(dir string, ring Keyring, fresh bool) (*Signer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open signer: %w", err)
	}
	s := &Signer{dir: dir, ring: ring, failed: make(chan struct{})}
	s.pv = privval.NewFilePV(consensusPrivate(ring.Next()), "", s.path(voteFile))
	err := s.load()
	if errors.Is(err, fs.ErrNotExist) {
		err = s.create(fresh)
	}
	if err != nil {
		return nil, fmt.Errorf("open signer: %w", err)
	}
	return s, nil
}

// load reads both files and holds them against each other.
func (s *Signer) load() error {
	var err error
	if s.extensions, err = openExtensions(s.path(extensionFile)); err != nil {
		return err
	}
	state := &s.pv.LastSignState
	if err := loadVotes(s.path(voteFile), state); err != nil {
		return err
	}
	signed := extensionRecord{Height: state.Height, Round: state.Round}
	// The record may be ahead of the vote: a crash came between the two. It is never behind.
	if extends(state) && s.extensions.last.compare(signed) < 0 {
		return fmt.Errorf("%w: %s holds a precommit of height %d round %d, %s not its extension (last of height %d round %d): restore both files of one moment",
			ErrSignStateMissing, voteFile, state.Height, state.Round, extensionFile, s.extensions.last.Height, s.extensions.last.Round)
	}
	return nil
}

// extends says whether the last signed vote is one that has an extension: a precommit for a block.
func extends(state *privval.FilePVLastSignState) bool {
	var vote cmtproto.CanonicalVote
	return state.Step == stepPrecommit && protoio.UnmarshalDelimited(state.SignBytes, &vote) == nil && vote.BlockID != nil
}

// create writes an empty state. The vote file comes last: where it is, the extension's must be too, so a vote file
// alone, or an extension that was signed without a vote file, means that a file was lost.
func (s *Signer) create(fresh bool) error {
	_, err := os.Stat(s.path(voteFile))
	signed := s.extensions != nil && s.extensions.last.Height != 0
	if !fresh || err == nil || signed {
		return fmt.Errorf("%w: %s must hold %s and %s of this operator's last run: restore them, or start with a new key",
			ErrSignStateMissing, s.dir, voteFile, extensionFile)
	}
	return s.write(func() error {
		if err := createExtensions(s.path(extensionFile)); err != nil {
			return err
		}
		var err error
		if s.extensions, err = openExtensions(s.path(extensionFile)); err != nil {
			return err
		}
		s.pv.LastSignState.Save()
		return nil
	})
}

// GetPubKey implements types.PrivValidator: consensus asks after each block, and so learns of a rotation.
func (s *Signer) GetPubKey() (cmtcrypto.PubKey, error) {
	key := s.ring.Next()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = key.Address()
	return consensusPrivate(key).PubKey(), nil
}

// stale says whether consensus goes by another key than the one that signs next: blocks that it did not decide itself do not make it ask, nor does
// a key that came late.
func (s *Signer) stale() bool {
	next := s.ring.Next().Address()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told != next
}

// use takes the key of a height; the caller holds mu.
func (s *Signer) use(height int64) error {
	key, err := s.ring.At(uint64(height))
	if err != nil {
		return err
	}
	if common.BytesToAddress(s.pv.Key.Address) != key.Address() {
		private := consensusPrivate(key)
		s.pv.Key.Address, s.pv.Key.PubKey, s.pv.Key.PrivKey = private.PubKey().Address(), private.PubKey(), private
	}
	return nil
}

func consensusPrivate(key *keys.Operator) secp256k1eth.PrivKey {
	return crypto.FromECDSA(key.PrivateKey())
}

// SignVote implements types.PrivValidator. On any error vote is unchanged.
func (s *Signer) SignVote(chainID string, vote *cmtproto.Vote) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return fmt.Errorf("sign vote: signer stopped: %w", s.failure)
	}
	if vote.Type != cmtproto.PrevoteType && vote.Type != cmtproto.PrecommitType {
		return fmt.Errorf("sign vote: type %d is neither prevote nor precommit", vote.Type)
	}
	if err := s.refuseRegress(vote); err != nil {
		return fmt.Errorf("sign vote: %w", err)
	}
	if err := s.use(vote.Height); err != nil {
		return fmt.Errorf("sign vote at height %d: %w", vote.Height, err)
	}
	signed := *vote
	err := s.write(func() error {
		extended := vote.Type == cmtproto.PrecommitType && !types.ProtoBlockIDIsNil(&vote.BlockID)
		if extended {
			if err := s.signExtension(chainID, vote); err != nil {
				return err
			}
		}
		if err := s.pv.SignVote(chainID, &signed); err != nil {
			return refusal{fmt.Errorf("%w: %w", ErrConflict, err)}
		}
		if extended {
			signed.ExtensionSignature = bytes.Clone(s.extensions.last.Signature)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sign vote at height %d round %d: %w", vote.Height, vote.Round, err)
	}
	*vote = signed
	return nil
}

// refuseRegress asks FilePV's own rule before anything is written.
func (s *Signer) refuseRegress(vote *cmtproto.Vote) error {
	step := int8(stepPrevote)
	if vote.Type == cmtproto.PrecommitType {
		step = stepPrecommit
	}
	if _, err := s.pv.LastSignState.CheckHRS(vote.Height, vote.Round, step); err != nil {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return nil
}

// signExtension leaves the one signature for the vote's height and round as the last extension, on disk.
func (s *Signer) signExtension(chainID string, vote *cmtproto.Vote) error {
	wanted := extensionRecord{Height: vote.Height, Round: vote.Round, ChainID: chainID, Extension: vote.Extension}
	last := s.extensions.last
	switch last.compare(wanted) {
	case +1:
		return refusal{fmt.Errorf("%w: extension of height %d round %d after height %d round %d",
			ErrConflict, vote.Height, vote.Round, last.Height, last.Round)}
	case 0:
		if last.ChainID != chainID || !bytes.Equal(last.Extension, vote.Extension) {
			return refusal{fmt.Errorf("%w: a second extension for height %d round %d", ErrConflict, vote.Height, vote.Round)}
		}
		return nil
	}
	signature, err := s.pv.Key.PrivKey.Sign(types.VoteExtensionSignBytes(chainID, vote))
	if err != nil {
		return refusal{fmt.Errorf("sign extension: %w", err)}
	}
	wanted.Extension, wanted.Signature = bytes.Clone(vote.Extension), signature
	return s.extensions.put(wanted)
}

// SignProposal implements types.PrivValidator. On any error proposal is unchanged.
func (s *Signer) SignProposal(chainID string, proposal *cmtproto.Proposal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return fmt.Errorf("sign proposal: signer stopped: %w", s.failure)
	}
	if err := s.use(proposal.Height); err != nil {
		return fmt.Errorf("sign proposal at height %d: %w", proposal.Height, err)
	}
	signed := *proposal
	err := s.write(func() error {
		if err := s.pv.SignProposal(chainID, &signed); err != nil {
			return refusal{fmt.Errorf("%w: %w", ErrConflict, err)}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sign proposal at height %d round %d: %w", proposal.Height, proposal.Round, err)
	}
	*proposal = signed
	return nil
}

// Failed is closed when a write has failed and the signer refuses everything; Failure then says why.
func (s *Signer) Failed() <-chan struct{} { return s.failed }

// Failure is the write error that stopped the signer, or nil.
func (s *Signer) Failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

// String shows the address and the last signed position, never the key.
func (s *Signer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pv.String()
}

// refusal marks an error after which the files are still what memory says.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// write runs the effects and syncs the folder. FilePV panics when it cannot write; that, and every error but a
// refusal, stops the signer for good. The caller holds mu (or is OpenSigner).
func (s *Signer) write(effects func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		var refused refusal
		if err != nil && !errors.As(err, &refused) {
			err = fmt.Errorf("write signing state in %s: %w", s.dir, err)
			s.failure = err
			close(s.failed)
		}
	}()
	if err := effects(); err != nil {
		return err
	}
	return syncDir(s.dir)
}

func (s *Signer) path(name string) string { return filepath.Join(s.dir, name) }

// loadVotes fills FilePV's state from its file; NewFilePV starts at height 0, and forgetting this signs twice.
func loadVotes(path string, state *privval.FilePVLastSignState) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := cmtjson.Unmarshal(text, state); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if state.Height < 0 || state.Round < 0 || state.Step < 0 || state.Step > 3 ||
		(state.Height > 0 && (len(state.SignBytes) == 0 || len(state.Signature) != secp256k1eth.SignatureSize)) {
		return fmt.Errorf("read %s: not a state that this signer wrote (height %d, round %d, step %d)",
			path, state.Height, state.Round, state.Step)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
