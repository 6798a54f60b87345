package evm

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/rollups"
)

const benchTransfers = 2000

// transferBlocks signs blocks of transfers from 100 senders to fresh addresses.
func transferBlocks(blocks int) []rollups.Input {
	const senders = 100
	nonces := make([]uint64, senders)
	inputs := make([]rollups.Input, blocks)
	for b := range inputs {
		entries := make([][]byte, benchTransfers)
		parallel(senders, func(s int) {
			for i := s; i < benchTransfers; i += senders {
				to := common.BytesToAddress(crypto.Keccak256([]byte{byte(b), byte(b >> 8), byte(i), byte(i >> 8)}))
				entries[i] = transfer(s, nonces[s], to)
				nonces[s]++
			}
		})
		inputs[b] = input(uint64(b+1), "bench", entries...)
	}
	return inputs
}

// BenchmarkExecuteTransfers executes blocks of 2,000 transfers to fresh accounts, end to
// end: decoding, sender recovery, execution, roots, state commit and the durable write. In
// "ahead" the next block's senders are recovered while one executes, as derivation does.
func BenchmarkExecuteTransfers(b *testing.B) {
	for _, ahead := range []bool{false, true} {
		name := map[bool]string{false: "alone", true: "ahead"}[ahead]
		b.Run(name, func(b *testing.B) {
			g := testGenesis(100)
			inputs := transferBlocks(b.N)
			c := open(b, testConfig(b.TempDir(), g))
			b.ResetTimer()
			done := make(chan struct{}, 1)
			done <- struct{}{}
			for i, in := range inputs {
				<-done
				if ahead && i+1 < len(inputs) {
					go func() { c.Prepare(inputs[i+1].Entries); done <- struct{}{} }()
				} else {
					done <- struct{}{}
				}
				execute(b, c, in)
			}
			<-done
			b.StopTimer()
			if got := c.Head().Number; got != uint64(b.N) {
				b.Fatalf("head %d, want %d", got, b.N)
			}
			b.ReportMetric(float64(b.N)*benchTransfers/b.Elapsed().Seconds(), "transfers/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
