package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/node/api"
)

// tipped is a tip in wei per byte that makes what it brings stand out from all other fees of a devnet.
const tipped = 1_000_000_000_000

// earns: the rollups' namespaces were registered by transaction; a user's tips reach their owner, an epoch's end shares out what operators have
// earned, a claim raises a balance by what was owed less the fee, and both are proven to whoever holds the genesis.
func (d *devnetStory) earns(said string) {
	d.t.Helper()
	c, ctx := d.client(), d.t.Context()
	var accounts []struct {
		Address    common.Address
		PrivateKey string
	}
	readJSON(d.t, filepath.Join(d.dir, "accounts.json"), &accounts)
	owner := accounts[0].Address
	ns, err := namespaces.Parse("0x726f6c6c757030303031")
	if err != nil {
		d.t.Fatal(err)
	}
	if n, err := c.Namespace(ctx, ns); err != nil || n.Owner != owner || n.RegisteredHeight == 0 || n.Deposit.IsZero() || string(n.Metadata) != "rollup-1" {
		d.t.Fatalf("the namespace of rollup-1: %+v, %v", n, err)
	}
	user := filepath.Join(d.t.TempDir(), "user")
	if err := os.WriteFile(user, []byte(accounts[1].PrivateKey), 0o600); err != nil {
		d.t.Fatal(err)
	}
	to := newAddress().Hex()
	must(d.t, nil, "bundle", "send", "--devnet", d.dir, "--key-file", user, "--tip", fmt.Sprint(tipped), "--transfer", "rollup-1:"+to+":1", "--transfer", "rollup-2:"+to+":1")
	if r := d.rewards(owner); !r.Unclaimed.Gt(uint256.NewInt(100*tipped)) || !r.Lifetime.Eq(r.Unclaimed) {
		d.t.Errorf("of tips the owner has %+v", r)
	}
	d.claims(owner, "--devnet", d.dir)

	// The proposer of the bundle's block has a tenth of the tips, once the epoch ends.
	var rich common.Address
	eventually(d.t, "an operator is owed a tenth of the tips", []*process{d.p}, func(ctx context.Context) error {
		all, err := c.Operators(ctx)
		if err != nil {
			return err
		}
		poor := 0
		for _, o := range all.Operators {
			switch r := d.rewards(o.Owner); {
			case r.Owed.Gt(uint256.NewInt(10 * tipped)):
				rich = o.Owner
			case r.Owed.IsZero():
				poor++
			}
		}
		if rich == (common.Address{}) || poor > 0 {
			return fmt.Errorf("not yet, and %d operators are owed nothing", poor)
		}
		return nil
	})
	d.claims(rich, "--devnet", d.dir, "--keystore", d.keystore(rich))
	d.reports(said)
	d.proves(owner)
}

func (d *devnetStory) rewards(a common.Address) *api.Rewards {
	d.t.Helper()
	r, err := d.client().Rewards(d.t.Context(), a, api.RewardOptions{})
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// claims has an address claim, and compares balances: fees of other transactions of the same payer, an operator's views, are far below a tip.
func (d *devnetStory) claims(a common.Address, flags ...string) {
	d.t.Helper()
	balance := func() *uint256.Int {
		d.t.Helper()
		account, err := d.client().Account(d.t.Context(), a)
		if err != nil {
			d.t.Fatal(err)
		}
		return account.Balance
	}
	earned, before := d.rewards(a), balance()
	must(d.t, nil, append([]string{"rewards", "claim"}, flags...)...)
	due := new(uint256.Int).Add(earned.Owed, earned.Unclaimed)
	paid := new(uint256.Int).Sub(balance(), before)
	if least := new(uint256.Int).Sub(due, uint256.NewInt(10*tipped)); paid.Gt(new(uint256.Int).Add(due, uint256.NewInt(10*tipped))) || paid.Lt(least) {
		d.t.Errorf("%s was owed %s, its balance has grown by %s", a, due, paid)
	}
	if now := d.rewards(a); now.Lifetime.Lt(new(uint256.Int).Add(earned.Lifetime, earned.Owed)) || now.Unclaimed.Gt(uint256.NewInt(tipped)) {
		d.t.Errorf("after a claim of %s: %+v", due, now)
	}
}

// keystore finds an operator's key by its address.
func (d *devnetStory) keystore(a common.Address) string {
	d.t.Helper()
	found, err := filepath.Glob(filepath.Join(d.dir, "operators", "*", "keys", "operator.json"))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, path := range found {
		raw, err := os.ReadFile(path)
		if err != nil {
			d.t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(raw)), strings.ToLower(a.Hex()[2:])) {
			return path
		}
	}
	d.t.Fatalf("no operator has the key of %s", a)
	return ""
}

// reports: the devnet says what an epoch has brought.
func (d *devnetStory) reports(said string) {
	d.t.Helper()
	line := regexp.MustCompile(`(?m)^ +\d+ +[1-9]\d*( +[1-9]\d*){4} +0 +[1-9]\d* +-?\d+ +\d+$`)
	eventually(d.t, "a line about an epoch with tips", []*process{d.p}, func(context.Context) error {
		if out := d.p.tail(1000); !strings.Contains(out, "Earned in epochs of 20 s, ") || !line.MatchString(out) {
			return errors.New("it is not printed after:\n" + said)
		}
		return nil
	})
}

// proves: what somebody has earned is proven under an epoch's rewards root, with the genesis alone.
func (d *devnetStory) proves(a common.Address) {
	d.t.Helper()
	eventually(d.t, "a leaf under the last epoch's rewards root", []*process{d.p}, func(context.Context) error {
		if d.rewards(a).Leaf == nil {
			return errors.New("there is none")
		}
		return nil
	})
	file := filepath.Join(d.t.TempDir(), "rewards.json")
	must(d.t, nil, "rewards", "show", "--devnet", d.dir, "--proof", file, a.Hex())
	facts := must(d.t, nil, "verify", "--genesis", filepath.Join(d.dir, "genesis.json"), file)
	if !strings.Contains(facts, a.Hex()+" has earned 0.") {
		d.t.Errorf("verify says:\n%s", facts)
	}
}
