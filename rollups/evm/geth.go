package evm

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/ethdb"
	"github.com/ethereum/go-ethereum/ethdb/pebble"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/trie"
	"github.com/ethereum/go-ethereum/triedb"
	"github.com/ethereum/go-ethereum/triedb/pathdb"
	"github.com/holiman/uint256"
)

// This file holds everything of go-ethereum whose shape changes between releases: the
// path database, StateDB's commit, the gas pool, message application. Written for v1.17.10.

// stateBuffer is pathdb's write buffer in bytes. What it holds is lost by a kill and executed
// again at the next open, so it is small: the system contracts' writes alone, of blocks that
// do nothing else, fill it in 64 blocks (15 once their rings are populated), and a block of
// 2,000 transfers overflows it by itself. Larger buffers brought no measurable speed.
const stateBuffer = 32 << 10

// disk is the one Pebble database of a chain, with a directory for pathdb's state history.
type disk struct {
	ethdb.Database
	ancient string
}

// AncientDatadir tells pathdb where to keep the state history that Rollback needs.
func (d disk) AncientDatadir() (string, error) { return d.ancient, nil }

// openDisk opens or creates the Pebble database under dir.
func openDisk(dir string, cacheMiB, handles int) (disk, error) {
	kv, err := pebble.New(filepath.Join(dir, "chain"), cacheMiB, handles, "rollups/evm/", false)
	if err != nil {
		return disk{}, fmt.Errorf("open chain store in %s: %w", dir, err)
	}
	return disk{Database: rawdb.NewDatabase(kv), ancient: filepath.Join(dir, "history")}, nil
}

// states is the account state of recent blocks: go-ethereum's path database.
type states struct {
	tries   *triedb.Database
	db      state.Database
	journal string // directory of pathdb's journal, written by close only
}

// openStates opens the state database on d. It keeps the layers of the last 128 blocks in
// memory and reverse diffs of the last history blocks on disk.
func openStates(d disk, dir string, history uint64) *states {
	journal := filepath.Join(dir, "journal")
	tries := triedb.NewDatabase(d, &triedb.Config{PathDB: &pathdb.Config{
		StateHistory:        history,
		TrienodeHistory:     -1,
		FullValueCheckpoint: pathdb.Defaults.FullValueCheckpoint,
		TrieCleanSize:       32 << 20,
		StateCleanSize:      16 << 20,
		WriteBufferSize:     stateBuffer,
		JournalDirectory:    journal,
	}})
	return &states{tries: tries, db: state.NewMPTDatabase(tries, nil), journal: journal}
}

// has reports whether the state with this root can be read.
func (s *states) has(root common.Hash) bool {
	_, err := s.tries.NodeReader(root)
	return err == nil
}

// at opens the state with this root.
func (s *states) at(root common.Hash) (*state.StateDB, error) {
	return state.New(root, s.db)
}

// rewind makes the state with this root, older than every layer in memory, the newest one,
// by the reverse diffs on disk. It reports false when those do not reach back that far.
func (s *states) rewind(root common.Hash) (bool, error) {
	ok, err := s.tries.Recoverable(root)
	if err != nil || !ok {
		return false, err
	}
	// A journal of an earlier clean close may describe states newer than root. Were it
	// still there after a kill, pathdb would load it and miss the history dropped here.
	if err := os.RemoveAll(s.journal); err != nil {
		return false, fmt.Errorf("remove state journal: %w", err)
	}
	if err := syncDir(filepath.Dir(s.journal)); err != nil {
		return false, fmt.Errorf("sync after removing the state journal: %w", err)
	}
	if err := s.tries.Recover(root); err != nil {
		return false, fmt.Errorf("rewind state to %s: %w", root, err)
	}
	return true, nil
}

// close writes the layers up to root into the journal, so that the next open needs no
// execution, and closes the database.
func (s *states) close(root common.Hash) error {
	journalErr := s.tries.Journal(root)
	if err := s.tries.Close(); err != nil {
		return fmt.Errorf("close state database: %w", err)
	}
	if journalErr != nil {
		return fmt.Errorf("journal state: %w", journalErr)
	}
	return nil
}

// putGenesis makes the genesis state durable and returns its root. The store must be empty.
func (s *states) putGenesis(g Genesis) (common.Hash, error) {
	root, err := writeGenesis(g, s.db)
	if err != nil {
		return root, err
	}
	return root, s.tries.Commit(root, false)
}

// genesisRoot computes the genesis state root without a disk.
func genesisRoot(g Genesis) (common.Hash, error) {
	tries := triedb.NewDatabase(rawdb.NewMemoryDatabase(), nil)
	defer tries.Close()
	return writeGenesis(g, state.NewMPTDatabase(tries, nil))
}

// writeGenesis commits the accounts of g on top of the empty state of db. The trie's root
// does not depend on the order of insertion.
func writeGenesis(g Genesis, db state.Database) (common.Hash, error) {
	st, err := state.New(types.EmptyRootHash, db)
	if err != nil {
		return common.Hash{}, err
	}
	for addr, code := range systemContracts() {
		st.SetCode(addr, code, tracing.CodeChangeGenesis)
		st.SetNonce(addr, 1, tracing.NonceChangeGenesis)
	}
	for addr, acc := range g.Alloc {
		st.AddBalance(addr, uint256.MustFromBig(acc.balance()), tracing.BalanceIncreaseGenesisBalance)
		st.SetNonce(addr, acc.Nonce, tracing.NonceChangeGenesis)
		st.SetCode(addr, acc.Code, tracing.CodeChangeGenesis)
		for key, value := range acc.Storage {
			st.SetState(addr, key, value)
		}
	}
	return st.Commit(params.Rules{}, 0)
}

// execution is one block being executed. It belongs to one goroutine.
type execution struct {
	config   *params.ChainConfig
	signer   types.Signer
	rules    params.Rules
	header   *types.Header
	state    *state.StateDB
	evm      *vm.EVM
	gas      *core.GasPool
	gasMark  *core.GasPool // scratch copy of gas, to undo a refused transaction
	txs      types.Transactions
	receipts types.Receipts
}

// begin starts the block of header on st and executes the two system calls: EIP-4788
// stores the parent beacon root (the shared header's hash) under the timestamp, EIP-2935
// the parent's hash under its number.
func begin(config *params.ChainConfig, header *types.Header, st *state.StateDB, hashes vm.GetHashFunc) *execution {
	x := &execution{
		config:  config,
		signer:  types.MakeSigner(config, header.Number, header.Time),
		rules:   config.Rules(header.Number, true, header.Time),
		header:  header,
		state:   st,
		evm:     newEVM(config, header, st, hashes, vm.Config{}),
		gas:     core.NewGasPool(header.GasLimit),
		gasMark: core.NewGasPool(0),
	}
	core.ProcessBeaconBlockRoot(*header.ParentBeaconRoot, x.evm, nil)
	core.ProcessParentBlockHash(header.ParentHash, x.evm, nil)
	return x
}

// apply executes tx as the block's next transaction. An error means that tx is invalid
// here, with go-ethereum's error as the cause; the block is then as if tx had not been.
func (x *execution) apply(tx *types.Transaction) error {
	msg, err := core.TransactionToMessage(tx, x.signer, x.header.BaseFee)
	if err != nil {
		return err
	}
	mark := x.state.Snapshot()
	x.gasMark.Set(x.gas)
	x.state.SetTxContext(tx.Hash(), len(x.txs), uint32(len(x.txs)+1))
	result, err := core.ApplyMessage(x.evm, msg, x.gas)
	if err != nil {
		// Gas is bought before the last checks, so an error may leave a trace.
		x.state.RevertToSnapshot(mark)
		x.gas.Set(x.gasMark)
		return err
	}
	x.state.Finalise(x.rules)
	receipt := core.MakeReceipt(x.evm, result, x.state, x.header.Number, common.Hash{}, x.header.Time, tx, x.gas.CumulativeUsed(), nil)
	receipt.EffectiveGasPrice = msg.GasPrice.ToBig()
	if receipt.Logs == nil {
		receipt.Logs = []*types.Log{} // as read back from disk, and as JSON-RPC wants it
	}
	x.txs = append(x.txs, tx)
	x.receipts = append(x.receipts, receipt)
	return nil
}

// seal finishes the header and returns the block. An error is a failed read of the state.
func (x *execution) seal() (*types.Block, error) {
	x.header.GasUsed = x.gas.Used()
	x.header.Root = x.state.IntermediateRoot(x.rules)
	if err := x.state.Error(); err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	block := types.NewBlock(x.header, emptyBody(x.txs), x.receipts, newListHasher())
	hash := block.Hash()
	for _, receipt := range x.receipts {
		receipt.BlockHash = hash
		for _, log := range receipt.Logs {
			log.BlockHash = hash
		}
	}
	return block, nil
}

// commit adds the block's state to the state database: in memory, and its code on disk.
func (x *execution) commit() error {
	root, err := x.state.Commit(x.rules, x.header.Number.Uint64())
	if err != nil {
		return fmt.Errorf("commit state: %w", err)
	}
	if root != x.header.Root {
		return fmt.Errorf("commit state: root %s, sealed %s", root, x.header.Root)
	}
	return nil
}

// close releases what the execution borrowed.
func (x *execution) close() { x.evm.Release() }

// newEVM returns a machine for the block of header on st.
func newEVM(config *params.ChainConfig, header *types.Header, st vm.StateDB, hashes vm.GetHashFunc, cfg vm.Config) *vm.EVM {
	random := header.MixDigest
	return vm.NewEVM(vm.BlockContext{
		CanTransfer:      core.CanTransfer,
		Transfer:         core.Transfer,
		GetHash:          hashes,
		Coinbase:         header.Coinbase,
		GasLimit:         header.GasLimit,
		BlockNumber:      header.Number,
		Time:             header.Time,
		Difficulty:       header.Difficulty,
		BaseFee:          header.BaseFee,
		BlobBaseFee:      uint256.NewInt(params.BlobTxMinBlobGasprice).ToBig(),
		Random:           &random,
		CostPerStateByte: params.CostPerStateByte,
	}, st, config, cfg)
}

// newListHasher returns the hasher of transaction and receipt lists.
func newListHasher() types.ListHasher { return trie.NewStackTrie(nil) }

// syncDir makes the removal or renaming of a file in dir durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
