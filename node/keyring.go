package node

import (
	"context"
	"errors"
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

const (
	// keyringPause is the pause between two looks for keys that the ledger has come to name: well below an epoch.
	keyringPause = 500 * time.Millisecond
	// reopenPause and maxReopenPause bound the pause before a key that did not open is tried again; it doubles each time.
	reopenPause, maxReopenPause = time.Second, time.Minute
)

// keyring holds those of the operator's keys that the ledger names, and signs each height with the one that stands in that height's set
// (specs/09-operators.md, "Operator"). It implements [engine.Keyring]. A key that was made to rotate to is opened when the ledger has taken it, and
// one whose time is over is not opened any more. A home is one operator's: that of its first key. A key of another's that lies there is never used,
// because the other's node may sign with it.
type keyring struct {
	first  common.Address
	folder keys.Folder
	newest func() ledger.Parent
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex
	open    map[common.Address]*keys.Operator // under mu
	latest  *keys.Operator                    // under mu; of the last height's set that had one
	failed  map[common.Address]attempt        // refresh's: did not open
	foreign map[common.Address]bool           // refresh's: not this operator's, and complained about
	missed  common.Address                    // refresh's: the next key that it has complained about
	skipped string                            // refresh's: the files that it has complained about
}

// attempt is when a key that did not open is tried again, and the pause before that.
type attempt struct {
	at    time.Time
	pause time.Duration
}

// newKeyring holds the operator's first key, and opens what the ledger names beside it.
func newKeyring(first *keys.Operator, folder keys.Folder, newest func() ledger.Parent, log *slog.Logger) (*keyring, error) {
	k := &keyring{
		first: first.Address(), folder: folder, newest: newest, now: time.Now, log: log, latest: first,
		open: map[common.Address]*keys.Operator{first.Address(): first}, failed: map[common.Address]attempt{}, foreign: map[common.Address]bool{},
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

// member is the operator's key that stands in a set, if it is open.
func (k *keyring) member(parent ledger.Parent, which stake.Which) (*keys.Operator, error) {
	set, err := stake.LoadSet(parent.View, which)
	if err != nil {
		return nil, err
	}
	owner, found, err := k.owner(parent)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range set.Members {
		if key := k.open[m.Address]; key != nil && found && m.Owner == owner {
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

// refresh opens what is in the folder and this operator's by the ledger's word. A file that cannot be read, or does not open, or is another operator's
// is told, and keeps nothing else from being opened; what did not open is tried again.
func (k *keyring) refresh(ctx context.Context) error {
	there, skipped, err := k.folder.Addresses()
	if err != nil {
		return err
	}
	k.skip(ctx, errors.Join(skipped...))
	parent := k.newest()
	owner, found, err := k.owner(parent)
	if err != nil {
		return err
	}
	for _, a := range there {
		if k.has(a) || k.foreign[a] || k.now().Before(k.failed[a].at) {
			continue
		}
		used, named, err := stake.LoadKey(parent.View, a)
		if err != nil {
			return err
		}
		switch {
		case !named || used.Until != 0 && used.Until <= parent.Head.Height:
		case found && used.Owner == owner:
			k.unlock(ctx, a, owner)
		case !k.foreign[a]:
			k.foreign[a] = true
			k.log.ErrorContext(ctx, "a key in this home is an operator's whose the first key, keys/operator.json, is not: nothing is signed with it; "+
				"give that operator a home of its own, with this key as its first", "key", a, "its_operator", used.Owner, "first_key", k.first)
		}
	}
	return k.miss(ctx, parent, owner, found, there)
}

// skip tells of files that cannot be read, when they change.
func (k *keyring) skip(ctx context.Context, skipped error) {
	text := ""
	if skipped != nil {
		text = skipped.Error()
	}
	if text != "" && text != k.skipped {
		k.log.WarnContext(ctx, "files in the keys folder are left out: a key in them cannot sign", "error", text)
	}
	k.skipped = text
}

// unlock opens a key of the operator, or tries it again later.
func (k *keyring) unlock(ctx context.Context, a, owner common.Address) {
	key, err := k.folder.Open(a)
	if err != nil {
		k.log.ErrorContext(ctx, "a key that the ledger names does not open; it is tried again", "key", a, "pause", k.later(a), "error", err)
		return
	}
	delete(k.failed, a)
	k.mu.Lock()
	k.open[a] = key
	k.mu.Unlock()
	k.log.InfoContext(ctx, "key opened", "key", a, "operator", owner)
}

// later notes when a key is tried again, and returns the pause until then.
func (k *keyring) later(a common.Address) time.Duration {
	pause := min(max(2*k.failed[a].pause, reopenPause), maxReopenPause)
	k.failed[a] = attempt{k.now().Add(pause), pause}
	return pause
}

// miss warns of a next key that the ledger has taken and that is not here.
func (k *keyring) miss(ctx context.Context, parent ledger.Parent, owner common.Address, found bool, there []common.Address) error {
	if !found {
		return nil
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

// owner is whose home this is by the ledger's word: whose key its first key is, or that key's account if that owns an operator with another key; false
// while the ledger does not know any.
func (k *keyring) owner(parent ledger.Parent) (common.Address, bool, error) {
	used, found, err := stake.LoadKey(parent.View, k.first)
	if err != nil || found {
		return used.Owner, found, err
	}
	_, found, err = stake.LoadOperator(parent.View, k.first)
	return k.first, found, err
}

// orders says whether the operator stands in the set of the next height, with whatever key; false if that cannot be read.
func (k *keyring) orders() bool {
	parent := k.newest()
	owner, found, err := k.owner(parent)
	if err != nil || !found {
		return false
	}
	set, err := stake.LoadSet(parent.View, stake.Next)
	return err == nil && slices.ContainsFunc(set.Members, func(m stake.Member) bool { return m.Owner == owner })
}
