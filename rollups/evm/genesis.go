package evm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rlp"
)

const (
	// rulesVersion numbers the derivation rules of the package documentation. The
	// genesis hash commits to it, so that nodes of different rules never agree by accident.
	rulesVersion = 1

	// maxGenesisBytes bounds the genesis document before it is parsed.
	maxGenesisBytes = 16 << 20

	// maxChainID is the largest integer that JSON and JavaScript wallets carry exactly.
	maxChainID = 1<<53 - 1

	// minGasLimit lets a block hold a useful contract deployment; maxGasLimit keeps the
	// execution of one block within a few seconds on one core.
	minGasLimit = 1_000_000
	maxGasLimit = 1_000_000_000
)

// Genesis is a rollup's genesis document: everything that derivation needs besides the
// entries themselves. Its JSON form uses numbers for 64-bit fields and 0x strings for
// addresses, hashes, code and balances (balances may also be decimal strings).
type Genesis struct {
	// ChainID is the EIP-155 chain id that transactions are signed for, 1 to 2^53-1.
	ChainID uint64 `json:"chain_id"`
	// GasLimit is the gas limit of every block, in gas.
	GasLimit uint64 `json:"gas_limit"`
	// BaseFee is the base fee of every block, in wei per gas. It is burned.
	BaseFee uint64 `json:"base_fee"`
	// Coinbase receives the priority fees of every block.
	Coinbase common.Address `json:"coinbase"`
	// Timestamp is the genesis block's time in seconds since the epoch; no later block is older.
	Timestamp uint64 `json:"timestamp"`
	// Alloc holds the accounts that exist from the beginning. The system contracts of
	// EIP-4788 and EIP-2935 are added by rule and must not be named here.
	Alloc map[common.Address]Account `json:"alloc"`
}

// Account is one account of a Genesis. It must not be empty in the sense of EIP-161.
type Account struct {
	Balance *math.HexOrDecimal256       `json:"balance,omitempty"` // wei
	Nonce   uint64                      `json:"nonce,omitempty"`
	Code    hexutil.Bytes               `json:"code,omitempty"`
	Storage map[common.Hash]common.Hash `json:"storage,omitempty"`
}

// DecodeGenesis parses and validates a genesis document. Unknown fields and trailing
// data are errors: a misspelt field would otherwise be another rollup.
func DecodeGenesis(data []byte) (Genesis, error) {
	var g Genesis
	if len(data) > maxGenesisBytes {
		return g, fmt.Errorf("decode genesis: %d bytes, limit %d", len(data), maxGenesisBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&g); err != nil {
		return Genesis{}, fmt.Errorf("decode genesis: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Genesis{}, errors.New("decode genesis: data after the document")
	}
	if err := g.Validate(); err != nil {
		return Genesis{}, err
	}
	return g, nil
}

// Validate reports the first rule that the genesis breaks.
func (g Genesis) Validate() error {
	switch {
	case g.ChainID == 0 || g.ChainID > maxChainID:
		return fmt.Errorf("genesis chain_id %d: must be 1 to %d", g.ChainID, uint64(maxChainID))
	case g.GasLimit < minGasLimit || g.GasLimit > maxGasLimit:
		return fmt.Errorf("genesis gas_limit %d: must be %d to %d", g.GasLimit, minGasLimit, maxGasLimit)
	case g.Timestamp >= 1<<40:
		return fmt.Errorf("genesis timestamp %d: seconds are wanted, not milliseconds", g.Timestamp)
	}
	total := new(big.Int)
	for addr, acc := range g.Alloc {
		if _, reserved := systemContracts()[addr]; reserved {
			return fmt.Errorf("genesis alloc %s: a system contract, present by rule", addr)
		}
		if len(acc.Code) > params.MaxCodeSize {
			return fmt.Errorf("genesis alloc %s: code of %d bytes, limit %d", addr, len(acc.Code), params.MaxCodeSize)
		}
		balance := acc.balance()
		if balance.Sign() < 0 {
			return fmt.Errorf("genesis alloc %s: negative balance", addr)
		}
		if balance.Sign() == 0 && acc.Nonce == 0 && len(acc.Code) == 0 {
			return fmt.Errorf("genesis alloc %s: empty account (no balance, nonce or code)", addr)
		}
		total.Add(total, balance)
	}
	if total.BitLen() > 256 {
		return errors.New("genesis alloc: balances sum to more than 2^256-1 wei")
	}
	return nil
}

// ChainConfig returns go-ethereum's rules for the rollup: every fork up to Osaka from the
// genesis on, none after it.
func (g Genesis) ChainConfig() *params.ChainConfig {
	zero := func() *big.Int { return new(big.Int) }
	now := func() *uint64 { return new(uint64) }
	return &params.ChainConfig{
		ChainID:                 new(big.Int).SetUint64(g.ChainID),
		HomesteadBlock:          zero(),
		EIP150Block:             zero(),
		EIP155Block:             zero(),
		EIP158Block:             zero(),
		ByzantiumBlock:          zero(),
		ConstantinopleBlock:     zero(),
		PetersburgBlock:         zero(),
		IstanbulBlock:           zero(),
		MuirGlacierBlock:        zero(),
		BerlinBlock:             zero(),
		LondonBlock:             zero(),
		ArrowGlacierBlock:       zero(),
		GrayGlacierBlock:        zero(),
		MergeNetsplitBlock:      zero(),
		TerminalTotalDifficulty: zero(),
		ShanghaiTime:            now(),
		CancunTime:              now(),
		PragueTime:              now(),
		OsakaTime:               now(),
		BlobScheduleConfig: &params.BlobScheduleConfig{
			Cancun: &params.BlobConfig{Target: 3, Max: 6, UpdateFraction: 3338477},
			Prague: &params.BlobConfig{Target: 6, Max: 9, UpdateFraction: 5007716},
		},
	}
}

// Hash is the genesis block's hash. It commits to every field of the document.
func (g Genesis) Hash() (common.Hash, error) {
	block, err := g.block()
	if err != nil {
		return common.Hash{}, err
	}
	return block.Hash(), nil
}

// block builds the genesis block; its state root is computed in memory.
func (g Genesis) block() (*types.Block, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	root, err := genesisRoot(g)
	if err != nil {
		return nil, fmt.Errorf("compute genesis state root: %w", err)
	}
	header := g.header(common.Hash{}, 0, 0, 0, g.Timestamp, g.paramsHash())
	header.ParentBeaconRoot = new(common.Hash)
	header.Root = root
	return types.NewBlock(header, emptyBody(nil), nil, newListHasher()), nil
}

// paramsHash = keccak256(rlp([rules_version, chain_id, gas_limit, base_fee, coinbase, timestamp])).
// It is the genesis block's mixHash: no other header field commits to the chain id.
func (g Genesis) paramsHash() common.Hash {
	enc, err := rlp.EncodeToBytes([]any{uint64(rulesVersion), g.ChainID, g.GasLimit, g.BaseFee, g.Coinbase, g.Timestamp})
	if err != nil {
		panic(err) // fixed types, always encodable
	}
	return crypto.Keccak256Hash(enc)
}

// balance returns the account's balance, zero if the field is absent.
func (a Account) balance() *big.Int {
	if a.Balance == nil {
		return new(big.Int)
	}
	return (*big.Int)(a.Balance)
}

// systemContracts are the accounts that every genesis state holds by rule, with nonce 1
// as their EIPs prescribe.
func systemContracts() map[common.Address][]byte {
	return map[common.Address][]byte{
		params.BeaconRootsAddress:    params.BeaconRootsCode,
		params.HistoryStorageAddress: params.HistoryStorageCode,
	}
}
