package stake

import (
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// BenchmarkRewardsRoot is what the end of an epoch costs for so many addresses with a leaf under the rewards root.
func BenchmarkRewardsRoot(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := &world{t: b, records: map[state.Key][]byte{}}
			st := state.New(w)
			for i := range n {
				a := common.BytesToAddress(crypto.Keccak256(fmt.Append(nil, i)))
				if _, err := earners.add(st, a); err != nil {
					b.Fatal(err)
				}
				st.Set(RewardKey(a), &Reward{Lifetime: *uint256.NewInt(uint64(i) << 30)})
			}
			w.keep(st)
			for b.Loop() {
				all, err := Lifetimes(state.New(w))
				if err != nil {
					b.Fatal(err)
				}
				all.Leaves().Root()
			}
		})
	}
}
