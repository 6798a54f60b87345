//go:build unix

package evm

import (
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/beacon"
	"github.com/ethereum/go-ethereum/consensus/ethash"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethdb/pebble"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rlp"
	"golang.org/x/sys/unix"

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
			cpu := cpuTime(b)
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
			report(b, cpuTime(b)-cpu)
		})
	}
}

// BenchmarkPeerInsertChain is the peer: go-ethereum's own import of the same transfers in
// blocks of its own making, with its path database on Pebble, senders recovered ahead by its
// own means. It does not sync to disk per block, and keeps 256 MB of dirty state in memory.
func BenchmarkPeerInsertChain(b *testing.B) {
	g := testGenesis(100)
	alloc := types.GenesisAlloc{
		params.WithdrawalQueueAddress:    {Nonce: 1, Code: params.WithdrawalQueueCode, Balance: new(big.Int)},
		params.ConsolidationQueueAddress: {Nonce: 1, Code: params.ConsolidationQueueCode, Balance: new(big.Int)},
	}
	for address, code := range systemContracts() {
		alloc[address] = types.Account{Nonce: 1, Code: code, Balance: new(big.Int)}
	}
	for address, account := range g.Alloc {
		alloc[address] = types.Account{Balance: account.balance()}
	}
	spec := &core.Genesis{Config: g.ChainConfig(), GasLimit: g.GasLimit, BaseFee: big.NewInt(gwei), Timestamp: testTime, Alloc: alloc, Difficulty: new(big.Int)}
	engine := beacon.New(ethash.NewFaker())
	inputs := transferBlocks(b.N)
	_, made, _ := core.GenerateChainWithGenesis(spec, engine, b.N, func(i int, gen *core.BlockGen) {
		for _, raw := range inputs[i].Entries {
			tx := new(types.Transaction)
			if err := tx.UnmarshalBinary(raw); err != nil {
				b.Fatal(err)
			}
			gen.AddTx(tx)
		}
	})
	blocks := make(types.Blocks, len(made))
	for i, block := range made { // as from the wire: no cached senders
		enc, err := rlp.EncodeToBytes(block)
		if err != nil {
			b.Fatal(err)
		}
		blocks[i] = new(types.Block)
		if err := rlp.DecodeBytes(enc, blocks[i]); err != nil {
			b.Fatal(err)
		}
	}
	kv, err := pebble.New(b.TempDir(), 64, 256, "peer/", false)
	if err != nil {
		b.Fatal(err)
	}
	db, err := rawdb.Open(kv, rawdb.OpenOptions{Ancient: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	chain, err := core.NewBlockChain(db, spec, engine, core.DefaultConfig().WithStateScheme(rawdb.PathScheme))
	if err != nil {
		b.Fatal(err)
	}
	defer chain.Stop()
	cpu := cpuTime(b)
	b.ResetTimer()
	if _, err := chain.InsertChain(blocks); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	report(b, cpuTime(b)-cpu)
}

// report gives the rate, which depends on what else the machine does, and the processor
// time per transfer of all threads, which hardly does.
func report(b *testing.B, cpu time.Duration) {
	transfers := float64(b.N) * benchTransfers
	b.ReportMetric(transfers/b.Elapsed().Seconds(), "transfers/s")
	b.ReportMetric(float64(cpu.Microseconds())/transfers, "cpu-us/transfer")
	b.ReportMetric(0, "ns/op")
}

// cpuTime is the processor time that this process has used.
func cpuTime(b *testing.B) time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
