package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/node/api"
)

// GetRewards tells of an address that has delegated to three operators, of which two owe it something.
func (l *teller) GetRewards(a common.Address, options api.RewardOptions) api.Rewards {
	r := api.Rewards{
		Address: a, Unclaimed: uint256.NewInt(1e18), Lifetime: uint256.NewInt(2e18), Owed: l.owed[0].Clone(), Epoch: 5,
		Roots: []api.RewardsRoot{{Epoch: 4, Height: 40}},
	}
	for i, owed := range l.owed {
		if i > 0 {
			r.Owed.Add(r.Owed, owed)
		}
		r.Delegations = append(r.Delegations, api.Delegation{Operator: common.Address{byte(i + 1)}, Name: "op", Tokens: uint256.NewInt(1e18), Shares: uint256.NewInt(1), Owed: owed})
	}
	if l.holds != nil {
		r.Delegations = append(r.Delegations, api.Delegation{Operator: common.HexToAddress(who), Tokens: uint256.NewInt(3), Shares: l.holds, Owed: new(uint256.Int)})
	}
	if options.Epoch != nil {
		r.Leaf = &proof.Reward{Epoch: *options.Epoch, Lifetime: uint256.NewInt(3e18), Index: 1, Count: 9}
	}
	return r
}

// GetParameters tells of one vote, and one change that is decided.
func (*teller) GetParameters() api.Parameters {
	c := api.Changes{Height: 70, Changes: []api.Change{{Name: "damping", Value: uint256.NewInt(9)}}}
	return api.Parameters{
		Parameters: genesis.DefaultParams(), Scheduled: []api.Changes{c}, Proposals: []api.Proposal{{Changes: c, Power: 10}}, Total: 40, Height: 7,
	}
}

// GetSupply tells of one ether everywhere.
func (*teller) GetSupply() api.Supply {
	one := uint256.NewInt(1e18)
	return api.Supply{
		Genesis: one, Subsidy: one, Burned: one, Total: one, Held: one, Treasury: one, Staked: one, Unbonding: one, Voters: one, Publishers: one, DA: one,
		Earned: one, Owed: one, Unclaimed: one, Epoch: 5, Height: 7,
	}
}

// Each verb signs the actions that its arguments say.
func TestVerbsOfMoneySendTheirActions(t *testing.T) {
	other := common.HexToAddress(who)
	none := []*uint256.Int{new(uint256.Int)}
	some := []*uint256.Int{uint256.NewInt(7), new(uint256.Int), uint256.NewInt(8)}
	for args, want := range map[string]struct {
		owed    []*uint256.Int
		actions []action.Action
	}{
		"account transfer RPC --amount 3 KEY " + who:   {none, []action.Action{&action.Transfer{To: other, Amount: ether(3)}}},
		"rewards claim RPC KEY":                        {some, []action.Action{&action.Claim{Operator: common.Address{1}}, &action.Claim{Operator: common.Address{3}}}},
		"rewards claim RPC KEY ":                       {none, []action.Action{&action.Claim{}}},
		"rewards claim RPC --operator " + who + " KEY": {some, []action.Action{&action.Claim{Operator: other}}},
		"params vote RPC --height 90 KEY lanePrice=5 damping=9": {none, []action.Action{&action.Vote{
			Height: 90, Changes: []action.Change{{Name: "damping", Value: uint256.NewInt(9)}, {Name: "lanePrice", Value: uint256.NewInt(5)}},
		}}},
	} {
		l := &teller{owed: want.owed}
		out, err := l.run(t, strings.Fields(strings.ReplaceAll(args, "KEY", "--key-file "+keyFile(t)))...)
		if err != nil || !strings.Contains(out, "in block 8, certified") {
			t.Errorf("%s: %v\n%s", args, err, out)
			continue
		}
		var got []action.Action
		for _, leg := range l.sent.Load().Legs() {
			a, err := action.Decode(leg.Data)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, a)
		}
		if !reflect.DeepEqual(got, want.actions) {
			t.Errorf("%s: sent %+v, want %+v", args, got, want.actions)
		}
	}
}

// What cannot be an action is refused with what to do, and nothing is sent.
func TestVerbsOfMoneyRefuse(t *testing.T) {
	for args, want := range map[string]string{
		"account transfer RPC KEY " + who:                                           "amount",
		"account transfer RPC --amount much KEY " + who:                             `"much" is no amount`,
		"account transfer RPC --amount -1 KEY " + who:                               `"-1" is no amount`,
		"account transfer RPC --amount 0.0000000000000000001 KEY " + who:            "finer than one wei",
		"account transfer RPC --amount 1" + strings.Repeat("0", 60) + " KEY " + who: "more than there can be",
		"account transfer RPC --amount 1 KEY 0x12":                                  "is no address",
		"account transfer RPC --amount 1 KEY":                                       "want one address",
		"account RPC":                                                               "want one address",
		"ns transfer RPC KEY 0x09":                                                  "owner",
		"ns transfer RPC --owner me KEY 0x09":                                       "is no address",
		"ns tank RPC":                                                               "",
		"ns tank empty":                                                             "there is no verb",
		"ns reserve RPC KEY 0x09":                                                   "bytes",
		"rewards show RPC":                                                          "want one address",
		"rewards claim RPC --operator me KEY":                                       "is no address",
		"params vote RPC KEY damping=9":                                             "height",
		"params vote RPC --height 9 KEY":                                            "NAME=VALUE",
		"params vote RPC --height 9 KEY damping":                                    "NAME=VALUE",
		"params vote RPC --height 9 KEY damping=0x9":                                "decimal digits",
		"params vote RPC --height 9 KEY damping=9 damping=10":                       "do not ascend",
	} {
		l := &teller{owed: []*uint256.Int{new(uint256.Int)}}
		_, err := l.run(t, strings.Fields(strings.ReplaceAll(args, "KEY", "--key-file "+keyFile(t)))...)
		if want == "" {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || l.sent.Load() != nil {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

func TestMoneyIsShown(t *testing.T) {
	l := &teller{owed: []*uint256.Int{uint256.NewInt(5e17)}}
	for args, want := range map[string][]string{
		"rewards show RPC " + who:           {"to claim      1.5 ether", "by op       0.5 ether, for 1 ether bonded", "2 ether settled", "epoch 4       ended at height 40", "epoch 5       open since"},
		"rewards show RPC --epoch 3 " + who: {"by epoch 3  3 ether, under its rewards root: leaf 1 of 9"},
		"rewards show RPC --json " + who:    {`"unclaimed": "1000000000000000000"`},
		"params show RPC":                   {"epochMs           3600000", "decided           damping=9 from height 70 on", "proposed          damping=9 from height 70 on, by 10 of 40 power"},
		"supply RPC":                        {"= supply", "unclaimed rewards", "1 ether"},
		"supply RPC --json":                 {`"treasury": "1000000000000000000"`},
	} {
		out, err := l.run(t, strings.Fields(args)...)
		for _, s := range want {
			if err != nil || !strings.Contains(out, s) {
				t.Errorf("%s: want %q (%v)\n%s", args, s, err, out)
			}
		}
		if strings.Contains(args, "--json") && !json.Valid([]byte(out)) {
			t.Errorf("%s: not JSON: %s", args, out)
		}
	}
}

// Of a devnet the rewards of its first operator are shown, if nobody else's are asked for.
func TestRewardsOfADevnet(t *testing.T) {
	home := t.TempDir()
	g := genesisOf(t, home)
	out, err := (&teller{owed: []*uint256.Int{new(uint256.Int)}}).run(t, "rewards", "show", "RPC", "--devnet", home)
	if err != nil || !strings.Contains(out, g.Operators[0].Address.Hex()) {
		t.Errorf("not those of %s (%v)\n%s", g.Operators[0].Address, err, out)
	}
}
