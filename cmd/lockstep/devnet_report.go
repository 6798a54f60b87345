package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

// What a devnet prints about epochs: each of the first ones, and then what many have brought together, so that a devnet that runs for days does not
// fill its terminal.
const (
	reportEach  = 15
	reportEvery = 15
	reportPoll  = 500 * time.Millisecond
)

// books is what those whom a devnet knows have earned since genesis, in wei.
type books struct {
	epoch      uint64
	operators  []*big.Int // earned, claimed or not
	others     *big.Int   // of operators that the network's description does not know
	tips       *big.Int   // of the owner of the rollups' namespaces
	publishers *big.Int   // in the pots, until what they have published is attested
	treasury   *big.Int
	in         *big.Int // the sum of these: fees, subsidy, and what names and reservations cost, without delegators' part
}

// earners is who earns on a devnet.
type earners struct {
	operators []common.Address // in the order of the network's description
	others    []common.Address // that joined later, as they are seen
	owner     common.Address   // of the rollups' namespaces
	epochMS   uint64
}

func (d *devnet) earners() (*earners, error) {
	g, err := readGenesis(d.dir)
	if err != nil {
		return nil, err
	}
	accounts, err := readAccounts(d.dir)
	if err != nil {
		return nil, err
	}
	out := &earners{epochMS: g.Params.EpochMS}
	for _, o := range g.Operators {
		out.operators = append(out.operators, o.Address)
	}
	if len(accounts) > 0 {
		out.owner = accounts[0].Address
	}
	return out, nil
}

// report prints a line an epoch until the context ends: what came in, and where it went. An operator that does not answer is asked again.
func (d *devnet) report(ctx context.Context) {
	who, err := d.earners()
	if err != nil {
		fmt.Fprintln(d.out, err)
		<-ctx.Done()
		return
	}
	var last *books
	lines, together := 0, false
	for ctx.Err() == nil {
		now, err := d.books(ctx, who)
		if err == nil && (last == nil || reports(last.epoch, now.epoch)) {
			if last != nil {
				if lines++; lines == 1 {
					fmt.Fprintf(d.out, "\nEarned in epochs of %d s, and what waits for publishers at their end, in gwei:\n%s\n", who.epochMS/1000, d.reportHead())
				}
				fmt.Fprintln(d.out, reportLine(last, now))
			}
			last = now
		}
		if err == nil && !together && fewer(now.epoch) {
			together = true
			fmt.Fprintf(d.out, "From epoch %d on a line tells of %d epochs together, so the next one comes in %d s.\n", last.epoch, reportEvery, reportEvery*who.epochMS/1000)
		}
		select {
		case <-ctx.Done():
		case <-time.After(reportPoll):
		}
	}
}

// reports says whether a line is due when the epochs from a number on, and below another, have ended.
func reports(from, to uint64) bool {
	return to > from && (to < reportEach || to-from >= reportEvery)
}

// fewer says whether no line tells of a single epoch any more, once another one has ended.
func fewer(open uint64) bool { return open+1 >= reportEach }

// books asks the first operator that answers.
func (d *devnet) books(ctx context.Context, who *earners) (*books, error) {
	err := errors.New("no operators")
	for _, m := range d.network.Operators {
		var out *books
		if out, err = booksOf(ctx, m.RPC, who); err == nil {
			return out, nil
		}
	}
	return nil, err
}

func booksOf(ctx context.Context, url string, who *earners) (*books, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	node, err := client.Dial(ctx, url)
	if err != nil {
		return nil, err
	}
	defer node.Close()
	supply, err := node.Supply(ctx)
	if err != nil {
		return nil, err
	}
	earned := func(a common.Address) (*big.Int, error) {
		r, err := node.Rewards(ctx, a, api.RewardOptions{})
		if err != nil {
			return nil, err
		}
		return new(big.Int).Add(r.Lifetime.ToBig(), r.Owed.ToBig()), nil
	}
	all, err := node.Operators(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range slices.Concat(all.Operators, all.Others) {
		if o.Owner != who.owner && !slices.Contains(who.operators, o.Owner) && !slices.Contains(who.others, o.Owner) {
			who.others = append(who.others, o.Owner)
		}
	}
	out := &books{epoch: supply.Epoch, others: new(big.Int), publishers: sum(supply.Publishers, supply.DA), treasury: supply.Treasury.ToBig()}
	out.in = new(big.Int).Add(sum(supply.Voters, supply.Earned), new(big.Int).Add(out.publishers, out.treasury))
	for _, a := range slices.Concat(who.operators, who.others) {
		one, err := earned(a)
		if err != nil {
			return nil, err
		}
		if len(out.operators) < len(who.operators) {
			out.operators = append(out.operators, one)
		} else {
			out.others.Add(out.others, one)
		}
		out.in.Add(out.in, one)
	}
	if out.tips, err = earned(who.owner); err != nil {
		return nil, err
	}
	out.in.Add(out.in, out.tips)
	return out, nil
}

func sum(list ...*uint256.Int) *big.Int {
	out := new(big.Int)
	for _, v := range list {
		out.Add(out, v.ToBig())
	}
	return out
}

// reportHead names the columns, and says what the first and the last ones count.
func (d *devnet) reportHead() string {
	line := fmt.Sprintf("%9s %13s", "EPOCH", "CAME IN")
	for _, m := range d.network.Operators {
		line += fmt.Sprintf(" %13s", strings.ToUpper(m.Name))
	}
	return "(CAME IN: fees, and what reservations and names that were left cost; OTHERS: operators that joined later; delegators' part is in no column)\n" +
		line + fmt.Sprintf(" %13s %13s %13s %13s", "OTHERS", "OWNER'S TIPS", "TREASURY", "STILL IN POTS")
}

// reportLine is what has changed from one epoch to another, and what is in the pots of publishers in the end.
func reportLine(from, to *books) string {
	epochs := fmt.Sprint(from.epoch)
	if to.epoch > from.epoch+1 {
		epochs += fmt.Sprintf("-%d", to.epoch-1)
	}
	line := fmt.Sprintf("%9s %13s", epochs, gwei(from.in, to.in))
	for i := range to.operators {
		line += fmt.Sprintf(" %13s", gwei(from.operators[i], to.operators[i]))
	}
	return line + fmt.Sprintf(" %13s %13s %13s %13s",
		gwei(from.others, to.others), gwei(from.tips, to.tips), gwei(from.treasury, to.treasury), gwei(new(big.Int), to.publishers))
}

// gwei is a difference in units of 10^9 wei, rounded towards zero.
func gwei(from, to *big.Int) string {
	diff := new(big.Int).Sub(to, from)
	return diff.Quo(diff, big.NewInt(1e9)).String()
}
