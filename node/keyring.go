package node

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
)

// keyringPause is the pause between two looks for keys that the ledger has come to name: well below an epoch.
const keyringPause = 500 * time.Millisecond

// keyring holds those of the operator's keys that the ledger names, and signs each height with the one that stands in that height's set
// (specs/09-operators.md, "Operator"). It implements [engine.Keyring]. A key that was made to rotate to is opened when the ledger has taken it, and
// one whose time is over is not opened any more.
type keyring struct {
	folder keys.Folder
	newest func() ledger.Parent
	log    *slog.Logger

	mu     sync.Mutex
	open   map[common.Address]*keys.Operator // under mu
	latest *keys.Operator                    // under mu; of the last height's set that had one
	failed map[common.Address]bool           // refresh's: did not open
	missed common.Address                    // refresh's: the next key that it has complained about
}

// newKeyring holds the operator's first key, and opens what the ledger names beside it.
func newKeyring(first *keys.Operator, folder keys.Folder, newest func() ledger.Parent, log *slog.Logger) (*keyring, error) {
	k := &keyring{
		folder: folder, newest: newest, log: log, latest: first, open: map[common.Address]*keys.Operator{first.Address(): first}, failed: map[common.Address]bool{},
	}
	return k, k.refresh(context.Background())
}

// Next implements [engine.Keyring].
func (k *keyring) Next() *keys.Operator {
	parent := k.newest()
	key, err := k.member(parent, stake.Next)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.latest = key
	}
	return k.latest
}

// At implements [engine.Keyring]: of the height after the newest block alone, which is the only one that consensus decides.
func (k *keyring) At(height uint64) (*keys.Operator, error) {
	parent := k.newest()
	if next := parent.Head.Height + 1; height != next {
		return nil, fmt.Errorf("%w at height %d: the ledger says who signs at height %d", engine.ErrNoKey, height, next)
	}
	return k.member(parent, stake.Next)
}

// member is the one of the open keys that stands in a set.
func (k *keyring) member(parent ledger.Parent, which stake.Which) (*keys.Operator, error) {
	set, err := stake.LoadSet(parent.View, which)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range set.Members {
		if key := k.open[m.Address]; key != nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%w at height %d: none stands in the operator set", engine.ErrNoKey, parent.Head.Height+1)
}

// has says whether a consensus address is one of the open keys'.
func (k *keyring) has(a common.Address) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.open[a] != nil
}

// run opens keys as the ledger comes to name them.
func (k *keyring) run(ctx context.Context) error {
	tick := time.NewTicker(keyringPause)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		trouble := ""
		if err := k.refresh(ctx); err != nil {
			trouble = err.Error()
		}
		if trouble != "" && trouble != told {
			k.log.ErrorContext(ctx, "this operator's keys cannot be read: if one of them is due, nothing is signed", "error", trouble)
		}
		told = trouble
	}
}

// refresh opens what is in the folder and in use by the ledger's word. A file that does not open is told once: another operator of the machine may
// have forgotten it there.
func (k *keyring) refresh(ctx context.Context) error {
	there, err := k.folder.Addresses()
	if err != nil {
		return err
	}
	parent := k.newest()
	for _, a := range there {
		if k.has(a) || k.failed[a] {
			continue
		}
		used, found, err := stake.LoadKey(parent.View, a)
		if err != nil {
			return err
		}
		if !found || used.Until != 0 && used.Until <= parent.Head.Height {
			continue
		}
		key, err := k.folder.Open(a)
		if err != nil {
			k.failed[a] = true
			k.log.ErrorContext(ctx, "a key that the ledger names does not open: restart the node once that is mended", "key", a, "error", err)
			continue
		}
		k.mu.Lock()
		k.open[a] = key
		k.mu.Unlock()
		k.log.InfoContext(ctx, "key opened", "key", a, "operator", used.Owner)
	}
	return k.miss(ctx, parent, there)
}

// miss warns of a next key that the ledger has taken and that is not here.
func (k *keyring) miss(ctx context.Context, parent ledger.Parent, there []common.Address) error {
	owner, found, err := k.owner(parent)
	if err != nil || !found {
		return err
	}
	record, _, err := stake.LoadOperator(parent.View, owner)
	if err != nil || len(record.NextKey) == 0 {
		return err
	}
	next, err := stake.AddressOf(record.NextKey)
	if err != nil || slices.Contains(there, next) || next == k.missed {
		return err
	}
	k.missed = next
	k.log.ErrorContext(ctx, "the operator's next key is not in the keys folder: from the epoch's end on this node will not sign", "key", next, "folder", k.folder)
	return nil
}

// owner is whose keys these are; false while the ledger does not know any.
func (k *keyring) owner(parent ledger.Parent) (common.Address, bool, error) {
	k.mu.Lock()
	open := make([]common.Address, 0, len(k.open))
	for a := range k.open {
		open = append(open, a)
	}
	k.mu.Unlock()
	slices.SortFunc(open, common.Address.Cmp)
	for _, a := range open {
		used, found, err := stake.LoadKey(parent.View, a)
		if err != nil || found {
			return used.Owner, found, err
		}
	}
	return common.Address{}, false, nil
}
