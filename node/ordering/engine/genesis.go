package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/encoding"
	"github.com/cometbft/cometbft/crypto/secp256k1eth"
	"github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

const (
	// DefaultMaxBlockBytes is the room of a consensus block: header, both consensus transactions, commit, evidence.
	DefaultMaxBlockBytes = 8 << 20
	// DefaultEvidenceAge is how long a double vote can be reported. It must reach the time in which stake unbonds.
	DefaultEvidenceAge = 21 * 24 * time.Hour

	// evidenceBlocks and evidenceAge must both have passed before evidence expires; the duration is meant to decide.
	evidenceBlocks = 100_000
	// maxEvidenceBytes is what one block may carry of evidence; a double vote takes about 600 bytes.
	maxEvidenceBytes = 64 << 10
	// minDataBytes must be left in a block beside the largest commit: a header and a small body.
	minDataBytes = 64 << 10
)

// Genesis is what all operators must agree on before the first block.
type Genesis struct {
	ChainID       string          // 1 to 50 bytes
	Time          time.Time       // time of block 1; consensus waits for it
	Validators    []Validator     // the first operator set, in any order
	MaxBlockBytes int64           // 0: DefaultMaxBlockBytes
	EvidenceAge   time.Duration   // 0: DefaultEvidenceAge
	AppState      json.RawMessage // handed to the application's InitChain unchanged
	AppHash       []byte          // the application's state before block 1
}

// Validator is one member of the first operator set.
type Validator struct {
	Address   common.Address // Ethereum address; must be that of PublicKey
	PublicKey []byte         // secp256k1, 33 bytes compressed or 65 bytes uncompressed
	Power     int64          // voting power, at least 1
	Name      string         // for people
}

// document builds CometBFT's genesis and checks it.
func (g Genesis) document() (*types.GenesisDoc, error) {
	if len(g.Validators) == 0 {
		return nil, errors.New("genesis: no validators")
	}
	if g.Time.IsZero() {
		return nil, errors.New("genesis: no time")
	}
	doc := &types.GenesisDoc{
		GenesisTime:     g.Time.UTC(),
		ChainID:         g.ChainID,
		InitialHeight:   1,
		ConsensusParams: g.params(),
		AppHash:         g.AppHash,
		AppState:        g.AppState,
	}
	seen := make(map[common.Address]bool, len(g.Validators))
	var total int64
	for i, v := range g.Validators {
		key, err := consensusKey(v.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("genesis: validator %d (%s): %w", i, v.Name, err)
		}
		if address := common.BytesToAddress(key.Address()); address != v.Address {
			return nil, fmt.Errorf("genesis: validator %d (%s): address %s, but its public key has %s", i, v.Name, v.Address, address)
		}
		if seen[v.Address] {
			return nil, fmt.Errorf("genesis: validator %s is listed twice", v.Address)
		}
		seen[v.Address] = true
		if v.Power < 1 || v.Power > types.MaxTotalVotingPower-total {
			return nil, fmt.Errorf("genesis: validator %s: power %d is outside 1 to %d in total", v.Address, v.Power, types.MaxTotalVotingPower)
		}
		total += v.Power
		doc.Validators = append(doc.Validators, types.GenesisValidator{
			Address: key.Address(), PubKey: key, Power: v.Power, Name: v.Name,
		})
	}
	if len(g.AppState) > 0 && !json.Valid(g.AppState) {
		return nil, errors.New("genesis: the application's state is not JSON")
	}
	if err := doc.ValidateAndComplete(); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	least := types.MaxOverheadForBlock + types.MaxHeaderBytes + types.MaxCommitBytes(len(doc.Validators)) + doc.ConsensusParams.Evidence.MaxBytes
	if room := doc.ConsensusParams.Block.MaxBytes - least; room < minDataBytes {
		return nil, fmt.Errorf("genesis: blocks of %d bytes leave %d for transactions, want at least %d",
			doc.ConsensusParams.Block.MaxBytes, room, minDataBytes)
	}
	return doc, nil
}

func (g Genesis) params() *types.ConsensusParams {
	p := types.DefaultConsensusParams()
	p.Block = types.BlockParams{MaxBytes: g.MaxBlockBytes, MaxGas: -1}
	if p.Block.MaxBytes == 0 {
		p.Block.MaxBytes = DefaultMaxBlockBytes
	}
	p.Evidence = types.EvidenceParams{
		MaxAgeNumBlocks: evidenceBlocks, MaxAgeDuration: g.EvidenceAge,
		MaxBytes: min(maxEvidenceBytes, max(p.Block.MaxBytes, 0)),
	}
	if p.Evidence.MaxAgeDuration == 0 {
		p.Evidence.MaxAgeDuration = DefaultEvidenceAge
	}
	p.Validator.PubKeyTypes = []string{types.ABCIPubKeyTypeSecp256k1Eth}
	p.ABCI.VoteExtensionsEnableHeight = 1
	return p
}

// ValidatorUpdate is how CometBFT is told of a validator's power; 0 takes it away.
func ValidatorUpdate(public []byte, power uint64) (abci.ValidatorUpdate, error) {
	key, err := consensusKey(public)
	if err != nil {
		return abci.ValidatorUpdate{}, err
	}
	proto, err := encoding.PubKeyToProto(key)
	if err != nil {
		return abci.ValidatorUpdate{}, fmt.Errorf("encode public key: %w", err)
	}
	return abci.ValidatorUpdate{PubKey: proto, Power: int64(power)}, nil // powers are below 2^51
}

// consensusKey turns a compressed or uncompressed public key into CometBFT's, which is the compressed one.
func consensusKey(public []byte) (secp256k1eth.PubKey, error) {
	if len(public) == 65 {
		key, err := crypto.UnmarshalPubkey(public)
		if err != nil {
			return nil, fmt.Errorf("public key: %w", err)
		}
		public = crypto.CompressPubkey(key)
	}
	return secp256k1eth.NewPubKeyFromBytes(public)
}
