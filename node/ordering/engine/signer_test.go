package engine

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/node/keys"
)

const testChain = "lockstep-test"

func testKey(t testing.TB, seed byte) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte{seed}))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func testRing(t testing.TB, seed byte) Keyring {
	t.Helper()
	return OneKey{keys.NewOperator(testKey(t, seed))}
}

func openSigner(t testing.TB, dir string, fresh bool) *Signer {
	t.Helper()
	s, err := OpenSigner(dir, testRing(t, 1), fresh)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func blockID(n byte) cmtproto.BlockID {
	if n == 0 {
		return cmtproto.BlockID{}
	}
	hash := bytes.Repeat([]byte{n}, 32)
	return cmtproto.BlockID{Hash: hash, PartSetHeader: cmtproto.PartSetHeader{Total: 1, Hash: hash}}
}

// precommit is a vote for block n (0: nil) whose extension is made of ext.
func precommit(height int64, round int32, block, ext byte) *cmtproto.Vote {
	v := &cmtproto.Vote{
		Type: cmtproto.PrecommitType, Height: height, Round: round, BlockID: blockID(block),
		Timestamp: time.Unix(1_700_000_000+height, 0).UTC(),
	}
	if block != 0 {
		v.Extension = bytes.Repeat([]byte{ext}, 32)
	}
	return v
}

func prevote(height int64, round int32, block byte) *cmtproto.Vote {
	v := precommit(height, round, block, 0)
	v.Type, v.Extension = cmtproto.PrevoteType, nil
	return v
}

func proposal(height int64, round int32, block byte) *cmtproto.Proposal {
	return &cmtproto.Proposal{
		Type: cmtproto.ProposalType, Height: height, Round: round, PolRound: -1, BlockID: blockID(block),
		Timestamp: time.Unix(1_700_000_000+height, 0).UTC(),
	}
}

func TestSignerGivesTheSameSignatureOrNone(t *testing.T) {
	later := func(v *cmtproto.Vote) *cmtproto.Vote { v.Timestamp = v.Timestamp.Add(time.Hour); return v }
	for _, c := range []struct {
		name          string
		first, second *cmtproto.Vote
		want          string // "same", "new" or "refused"
	}{
		{"the same precommit", precommit(5, 1, 1, 1), precommit(5, 1, 1, 1), "same"},
		{"the same precommit later", precommit(5, 1, 1, 1), later(precommit(5, 1, 1, 1)), "same"},
		{"the same prevote later", prevote(5, 1, 1), later(prevote(5, 1, 1)), "same"},
		{"the same nil precommit", precommit(5, 1, 0, 0), later(precommit(5, 1, 0, 0)), "same"},
		{"another block", precommit(5, 1, 1, 1), precommit(5, 1, 2, 1), "refused"},
		{"another block and extension", precommit(5, 1, 1, 1), precommit(5, 1, 2, 2), "refused"},
		{"another extension of the same block", precommit(5, 1, 1, 1), precommit(5, 1, 1, 2), "refused"},
		{"a shorter extension", precommit(5, 1, 1, 1), func() *cmtproto.Vote { v := precommit(5, 1, 1, 1); v.Extension = v.Extension[:31]; return v }(), "refused"},
		{"a block after nil", precommit(5, 1, 0, 0), precommit(5, 1, 1, 1), "refused"},
		{"nil after a block", precommit(5, 1, 1, 1), precommit(5, 1, 0, 0), "refused"},
		{"another prevote", prevote(5, 1, 1), prevote(5, 1, 2), "refused"},
		{"an extension on a prevote", prevote(5, 0, 1), func() *cmtproto.Vote { v := prevote(5, 1, 1); v.Extension = []byte{1}; return v }(), "refused"},
		{"a prevote after its precommit", precommit(5, 1, 1, 1), prevote(5, 1, 1), "refused"},
		{"an earlier round", precommit(5, 1, 1, 1), precommit(5, 0, 1, 1), "refused"},
		{"an earlier height", precommit(5, 1, 1, 1), precommit(4, 2, 1, 1), "refused"},
		{"an unknown type", prevote(5, 1, 1), &cmtproto.Vote{Type: 7, Height: 6}, "refused"},
		{"the next step", prevote(5, 1, 1), precommit(5, 1, 1, 1), "new"},
		{"the next round, another extension", precommit(5, 1, 1, 1), precommit(5, 2, 2, 2), "new"},
		{"the next height", precommit(5, 1, 1, 1), precommit(6, 0, 1, 2), "new"},
	} {
		for _, reopen := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reopen %v", c.name, reopen), func(t *testing.T) {
				dir := t.TempDir()
				s := openSigner(t, dir, true)
				first, second := *c.first, *c.second
				if err := s.SignVote(testChain, &first); err != nil {
					t.Fatal(err)
				}
				if reopen {
					s = openSigner(t, dir, false)
				}
				err := s.SignVote(testChain, &second)
				same := bytes.Equal(first.Signature, second.Signature) && bytes.Equal(first.ExtensionSignature, second.ExtensionSignature)
				switch {
				case c.want == "refused":
					if err == nil || second.Signature != nil || second.ExtensionSignature != nil {
						t.Fatalf("signed (error %v)", err)
					}
					if err := openSigner(t, dir, false).SignVote(testChain, &first); err != nil {
						t.Fatalf("the first vote is gone: %v", err)
					}
				case err != nil:
					t.Fatal(err)
				case same != (c.want == "same"):
					t.Fatalf("same signatures: %v, want %s", same, c.want)
				case c.want == "same" && !second.Timestamp.Equal(first.Timestamp):
					t.Fatal("the time of the vote does not fit its signature")
				}
			})
		}
	}
}

func TestSignerRefusesWithoutItsMemory(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(dir string) error
		fresh bool
		want  error // nil: any error
	}{
		{"nothing there but chain data", os.RemoveAll, false, ErrSignStateMissing},
		{"no vote file", func(dir string) error { return os.Remove(filepath.Join(dir, voteFile)) }, true, ErrSignStateMissing},
		{"no extension file", func(dir string) error { return os.Remove(filepath.Join(dir, extensionFile)) }, true, ErrSignStateMissing},
		{"truncated vote file", truncate(voteFile), false, nil},
		{"truncated extension file", truncate(extensionFile), false, nil},
		{"empty vote file", func(dir string) error { return os.WriteFile(filepath.Join(dir, voteFile), nil, 0o600) }, false, nil},
		{"vote file of nothing", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, voteFile), []byte(`{"height":"5","round":1,"step":3}`), 0o600)
		}, false, nil},
		{"extension file of the height before", func(dir string) error {
			return writeSlots(dir, extensionRecord{Height: 4, Signature: make([]byte, 65)})
		}, false, ErrSignStateMissing},
		{"extension file of nothing", func(dir string) error { return writeSlots(dir, extensionRecord{}) }, false, ErrSignStateMissing},
		{"extension without signature", func(dir string) error { return writeSlots(dir, extensionRecord{Height: 5, Round: 1}) }, false, nil},
		{"extension file of zeros", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, extensionFile), make([]byte, 2*slotSize), 0o600)
		}, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "signer")
			if err := openSigner(t, dir, true).SignVote(testChain, precommit(5, 1, 1, 1)); err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
			_, err := OpenSigner(dir, testRing(t, 1), c.fresh)
			if err == nil || (c.want != nil && !errors.Is(err, c.want)) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
		})
	}
}

func writeSlots(dir string, r extensionRecord) error {
	slot, err := encodeSlot(r)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, extensionFile), append(slot, make([]byte, slotSize)...), 0o600)
}

func truncate(name string) func(dir string) error {
	return func(dir string) error {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		return os.Truncate(filepath.Join(dir, name), info.Size()/2)
	}
}

func TestFirstStartMayCrashBetweenItsFiles(t *testing.T) {
	dir := t.TempDir()
	openSigner(t, dir, true)
	if err := os.Remove(filepath.Join(dir, voteFile)); err != nil {
		t.Fatal(err)
	}
	if err := openSigner(t, dir, true).SignVote(testChain, precommit(1, 0, 1, 1)); err != nil {
		t.Fatal(err)
	}
}

func TestSignerStopsForGoodWhenItCannotWrite(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "signer")
	s := openSigner(t, dir, true)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	vote := precommit(5, 0, 1, 1)
	if err := s.SignVote(testChain, vote); err == nil || vote.Signature != nil || vote.ExtensionSignature != nil {
		t.Fatalf("signed without a disk (error %v)", err)
	}
	select {
	case <-s.Failed():
	default:
		t.Fatal("the failure is not reported")
	}
	if s.Failure() == nil {
		t.Fatal("no reason")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.SignVote(testChain, precommit(6, 0, 1, 1)); err == nil {
		t.Fatal("signed after a failed write")
	}
	if err := s.SignProposal(testChain, proposal(7, 0, 1)); err == nil {
		t.Fatal("proposed after a failed write")
	}
}

func TestSignerNeverShowsItsKey(t *testing.T) {
	s := openSigner(t, t.TempDir(), true)
	shown := fmt.Sprintf("%v %s", s, s)
	if strings.Contains(strings.ToLower(shown), common.Bytes2Hex(crypto.FromECDSA(testKey(t, 1)))) {
		t.Fatal(shown)
	}
}

// TestNeverTwoSignaturesForOnePlace asks for random signatures, crashes at every point between two effects, in the middle
// of a write too, restarts with another key now and then, and holds all that was ever handed out against the rule: one signature per height, round and step, one
// extension per height and round.
func TestNeverTwoSignaturesForOnePlace(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	w := &world{t: t, dir: dir, signer: openSigner(t, dir, true), given: map[string]string{}, rnd: rnd}
	height, round := int64(1), int32(0)
	for range 400 {
		switch rnd.IntN(6) {
		case 0:
			height, round = height+1, 0
		case 1:
			round++
		}
		h, r := height-int64(rnd.IntN(8)/7), max(0, round-int32(rnd.IntN(8)/7)) // now and then from the past
		w.ask(h, r, rnd.IntN(4), byte(rnd.IntN(3)), byte(rnd.IntN(2)), crash(rnd.IntN(int(crashPoints)*2)))
	}
	if w.signed == 0 || w.refused == 0 || w.crashed == 0 {
		t.Fatalf("signed %d, refused %d, crashed %d: a case is missing", w.signed, w.refused, w.crashed)
	}
}

// crash is what of the two files' new versions is on disk when the process dies, before anything is handed out.
type crash int

const (
	crashBeforeAll     crash = iota
	crashExtensionTorn       // its slot is partly written
	crashExtensionOnly
	crashBeforeRelease
	crashPoints // and above: no crash
)

type world struct {
	t                        *testing.T
	dir                      string
	signer                   *Signer
	given                    map[string]string
	rnd                      *rand.Rand
	signed, refused, crashed int
}

func (w *world) ask(height int64, round int32, kind int, block, ext byte, at crash) {
	before := w.files()
	var place, extension, extSignature, signature string
	var err error
	if kind == 0 {
		p := proposal(height, round, block)
		err = w.signer.SignProposal(testChain, p)
		place, signature = fmt.Sprintf("%d/%d/propose", height, round), string(p.Signature)
	} else {
		v := precommit(height, round, block, ext)
		if kind == 1 {
			v = prevote(height, round, block)
		}
		v.Timestamp = v.Timestamp.Add(time.Duration(w.signed+w.refused) * time.Second)
		err = w.signer.SignVote(testChain, v)
		place, signature = fmt.Sprintf("%d/%d/%v", height, round, v.Type), string(v.Signature)
		extension, extSignature = fmt.Sprintf("%d/%d/extension", height, round), string(v.ExtensionSignature)
	}
	if at < crashPoints {
		w.crashed++
		w.restart(before, at)
		return // nothing was handed out
	}
	if err != nil {
		w.refused++
		return
	}
	w.signed++
	w.hold(place, signature)
	if extSignature != "" {
		w.hold(extension, extSignature)
	}
}

func (w *world) hold(place, signature string) {
	if old, ok := w.given[place]; ok && old != signature {
		w.t.Fatalf("two signatures for %s", place)
	}
	w.given[place] = signature
}

func (w *world) files() map[string][]byte {
	out := map[string][]byte{}
	for _, name := range []string{voteFile, extensionFile} {
		text, err := os.ReadFile(filepath.Join(w.dir, name))
		if err != nil {
			w.t.Fatal(err)
		}
		out[name] = text
	}
	return out
}

func (w *world) restart(before map[string][]byte, at crash) {
	lost := map[string][]byte{}
	switch at {
	case crashBeforeAll:
		lost = before
	case crashExtensionTorn:
		torn := bytes.Clone(before[extensionFile])
		for i, b := range w.files()[extensionFile] {
			if i%slotSize < 100 {
				torn[i] = b
			}
		}
		lost = map[string][]byte{voteFile: before[voteFile], extensionFile: torn}
	case crashExtensionOnly:
		lost[voteFile] = before[voteFile]
	default: // all is there
	}
	for name, text := range lost {
		if err := os.WriteFile(filepath.Join(w.dir, name), text, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	signer, err := OpenSigner(w.dir, testRing(w.t, byte(w.rnd.IntN(3))), false)
	if err != nil {
		w.t.Fatal(err)
	}
	w.signer = signer
}

// TestSignerRemembersThroughAKeyChange: what was signed with the old key is not signed otherwise with the new one, and what comes after is signed with
// the new one.
func TestSignerRemembersThroughAKeyChange(t *testing.T) {
	dir := t.TempDir()
	old := precommit(5, 1, 1, 1)
	if err := openSigner(t, dir, true).SignVote(testChain, old); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSigner(dir, testRing(t, 2), false)
	if err != nil {
		t.Fatal(err)
	}
	for name, vote := range map[string]*cmtproto.Vote{
		"another block": precommit(5, 1, 2, 1), "another extension": precommit(5, 1, 1, 2), "nil": precommit(5, 1, 0, 0),
		"the round before": precommit(5, 0, 1, 1), "the height before": precommit(4, 0, 1, 1),
	} {
		if err := s.SignVote(testChain, vote); !errors.Is(err, ErrConflict) {
			t.Errorf("%s: %v, want ErrConflict", name, err)
		}
	}
	vote := precommit(6, 0, 1, 1)
	if err := s.SignVote(testChain, vote); err != nil {
		t.Fatal(err)
	}
	public, err := crypto.SigToPub(digestByHand(testChain, 6, 0, common.BytesToHash(vote.Extension)), vote.ExtensionSignature)
	if err != nil || crypto.PubkeyToAddress(*public) != crypto.PubkeyToAddress(testKey(t, 2).PublicKey) {
		t.Fatalf("the next height's extension is not the new key's (%v)", err)
	}
}

// TestExtensionRecoversToTheOperator proves that what CometBFT signs is the certificate's digest, laid out by hand.
func TestExtensionRecoversToTheOperator(t *testing.T) {
	key := testKey(t, 1)
	for _, round := range []int32{0, 1, 7, 1 << 20} {
		s := openSigner(t, t.TempDir(), true)
		vote := precommit(77, round, 1, 0xab)
		if err := s.SignVote(testChain, vote); err != nil {
			t.Fatal(err)
		}
		if len(vote.ExtensionSignature) != 65 || vote.ExtensionSignature[64] > 1 {
			t.Fatalf("signature %x is not [R|S|V] with V in {0,1}", vote.ExtensionSignature)
		}
		digest := digestByHand(testChain, 77, round, common.BytesToHash(vote.Extension))
		if got := cert.ExtensionDigest(testChain, 77, uint32(round), common.BytesToHash(vote.Extension)); got != common.BytesToHash(digest) {
			t.Fatalf("round %d: package cert has digest %s, by hand %x", round, got, digest)
		}
		public, err := crypto.SigToPub(digest, vote.ExtensionSignature)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := crypto.PubkeyToAddress(*public), crypto.PubkeyToAddress(key.PublicKey); got != want {
			t.Fatalf("round %d: recovers to %s, want %s", round, got, want)
		}
	}
}

// digestByHand is keccak256(varint length | 0a20 hash | 11 height(8 LE) | [19 round(8 LE), absent when 0] | 22 len chain_id).
func digestByHand(chainID string, height uint64, round int32, hash common.Hash) []byte {
	little := func(v uint64) []byte {
		var b [8]byte
		for i := range b {
			b[i] = byte(v >> (8 * i))
		}
		return b[:]
	}
	body := append([]byte{0x0a, 0x20}, hash[:]...)
	body = append(append(body, 0x11), little(height)...)
	if round != 0 {
		body = append(append(body, 0x19), little(uint64(round))...)
	}
	body = append(append(body, 0x22, byte(len(chainID))), chainID...)
	return crypto.Keccak256(append([]byte{byte(len(body))}, body...)) // below 128 bytes: a one-byte varint
}

func TestSignerIsAPrivValidator(t *testing.T) {
	var v types.PrivValidator = openSigner(t, t.TempDir(), true)
	public, err := v.GetPubKey()
	if err != nil || common.BytesToAddress(public.Address()) != crypto.PubkeyToAddress(testKey(t, 1).PublicKey) {
		t.Fatalf("public key %v, %v", public, err)
	}
}

// BenchmarkSignPrecommit is the cost of one precommit with its extension: two files replaced and synced, and their folder.
func BenchmarkSignPrecommit(b *testing.B) {
	s := openSigner(b, b.TempDir(), true)
	for height := int64(1); b.Loop(); height++ {
		if err := s.SignVote(testChain, precommit(height, 0, 1, 1)); err != nil {
			b.Fatal(err)
		}
	}
}
