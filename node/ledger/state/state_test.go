package state_test

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// disk is a store: the records flat, and the nodes of their trie.
type disk struct {
	root    common.Hash
	nodes   map[string][]byte
	records map[state.Key][]byte
	reads   int
}

func newDisk() *disk {
	return &disk{root: state.EmptyRoot(), nodes: map[string][]byte{}, records: map[state.Key][]byte{}}
}

func (d *disk) Record(k state.Key) ([]byte, error) { d.reads++; return d.records[k], nil }

func (d *disk) Node(path []byte, hash common.Hash) ([]byte, error) {
	if blob := d.nodes[string(path)]; crypto.Keccak256Hash(blob) == hash {
		return blob, nil
	}
	return nil, os.ErrNotExist
}

func (d *disk) commit(t *testing.T, changes []state.Record) {
	t.Helper()
	root, nodes, err := state.Commit(d.root, d, changes)
	if err != nil {
		t.Fatal(err)
	}
	d.root = root
	for _, n := range nodes {
		if len(n.Blob) == 0 {
			delete(d.nodes, string(n.Path))
		} else {
			d.nodes[string(n.Path)] = n.Blob
		}
	}
	for _, c := range changes {
		if len(c.Value) == 0 {
			delete(d.records, c.Key)
		} else {
			d.records[c.Key] = c.Value
		}
	}
}

func key(i uint64) state.Key { return state.NewKey(state.Account, []byte{byte(i), byte(i >> 8)}) }

// Random blocks of writes, deletes, snapshots and reverts: the overlay reads like a plain map, its changes are those that differ, the trie's root
// is that of a trie built from what is left, no node stays behind, and each record is proven, present or absent.
func TestOverlayAndTrieAgreeWithAMap(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	d := newDisk()
	for range 200 {
		s, model := state.New(d), maps.Clone(d.records)
		type mark struct {
			at    int
			model map[state.Key][]byte
		}
		var marks []mark
		for range rng.IntN(60) {
			k := key(rng.Uint64N(40))
			switch rng.IntN(8) {
			case 0:
				marks = append(marks, mark{s.Snapshot(), maps.Clone(model)})
			case 1:
				if len(marks) > 0 {
					m := marks[len(marks)-1]
					marks = marks[:len(marks)-1]
					s.Revert(m.at)
					model = m.model
				}
			case 2:
				s.Delete(k)
				delete(model, k)
			default:
				v := rng.Uint64N(4)
				s.Set(k, v)
				model[k] = map[bool][]byte{true: {0x80}, false: {byte(v)}}[v == 0]
			}
			k = key(rng.Uint64N(40))
			have, err := s.Record(k)
			if err != nil || !bytes.Equal(have, model[k]) {
				t.Fatalf("%x is %x, want %x (%v)", string(k), have, model[k], err)
			}
		}
		changes, err := s.Changes()
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range changes {
			if bytes.Equal(d.records[c.Key], c.Value) || i > 0 && changes[i-1].Key >= c.Key {
				t.Fatalf("change %d of %x is none, or out of order", i, string(c.Key))
			}
		}
		d.commit(t, changes)
		if !maps.EqualFunc(d.records, model, bytes.Equal) {
			t.Fatal("the changes do not make what the overlay showed")
		}
	}
	again := newDisk()
	var all []state.Record
	for k, v := range d.records {
		all = append(all, state.Record{Key: k, Value: v})
	}
	again.commit(t, all)
	if again.root != d.root || len(again.nodes) != len(d.nodes) {
		t.Fatalf("root %s with %d nodes, built anew %s with %d", d.root, len(d.nodes), again.root, len(again.nodes))
	}
	for i := range uint64(40) {
		nodes, err := state.Prove(d.root, d, key(i))
		if err != nil {
			t.Fatal(err)
		}
		value, err := proof.VerifyRecord(d.root, []byte(key(i)), nodes)
		if err != nil || !bytes.Equal(value, d.records[key(i)]) {
			t.Fatalf("proven %x, want %x (%v)", value, d.records[key(i)], err)
		}
		if _, err := proof.VerifyRecord(common.Hash{1}, []byte(key(i)), nodes); err == nil {
			t.Fatal("a proof serves for another root")
		}
		cut := slices.Clone(nodes)
		cut[len(cut)-1] = append(slices.Clone(cut[len(cut)-1]), 0)
		if _, err := proof.VerifyRecord(d.root, []byte(key(i)), cut); err == nil {
			t.Fatal("a changed proof is taken")
		}
	}
}

func TestEmptyTrieProvesAbsence(t *testing.T) {
	nodes, err := state.Prove(state.EmptyRoot(), nil, key(1))
	if err == nil {
		var v []byte
		v, err = proof.VerifyRecord(state.EmptyRoot(), []byte(key(1)), nodes)
		if v != nil {
			t.Fatalf("there is %x", v)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

type broken struct{}

func (broken) Record(state.Key) ([]byte, error)         { return nil, os.ErrClosed }
func (broken) Node([]byte, common.Hash) ([]byte, error) { return nil, os.ErrClosed }

// What cannot be read is an error, and never taken for empty.
func TestUnreadableRecords(t *testing.T) {
	s := state.New(broken{})
	if _, _, err := state.Load[uint64](s, key(1)); !errors.Is(err, os.ErrClosed) {
		t.Fatalf("load: %v", err)
	}
	s.Set(key(1), uint64(1))
	if _, err := s.Changes(); !errors.Is(err, os.ErrClosed) {
		t.Fatalf("changes: %v", err)
	}
	if _, _, err := state.Commit(common.Hash{1}, broken{}, nil); !errors.Is(err, os.ErrClosed) {
		t.Fatalf("commit: %v", err)
	}
	d := newDisk()
	d.records[key(1)] = []byte{0x82, 1}
	if _, _, err := state.Load[uint64](state.New(d), key(1)); err == nil {
		t.Fatal("a damaged record is taken")
	}
}

// Each record is read from below once, however often it is asked for.
func TestRecordsAreReadOnce(t *testing.T) {
	d := newDisk()
	s := state.New(d)
	for range 5 {
		if _, err := s.Record(key(1)); err != nil {
			t.Fatal(err)
		}
	}
	if d.reads != 1 {
		t.Fatalf("%d reads", d.reads)
	}
}
