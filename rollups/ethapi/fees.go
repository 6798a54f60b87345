package ethapi

import (
	"cmp"
	"context"
	"errors"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups/evm"
)

// Bounds of eth_feeHistory: go-ethereum's.
const (
	feeBlocks      = 1024 // blocks
	feeBlocksPaid  = 128  // blocks if rewards are asked for: their transactions are read
	feePercentiles = 100
)

// Order is the shared blocks' and no tip buys a better place, so the tip suggested is small: a hundredth of the base fee. It is at least 100 wei,
// so that the tenth more that a replacement must bid is a whole number.
const (
	tipShare = 100
	tipLeast = 100 // wei
)

// feesAPI tells what gas costs. The base fee is a constant of the rollup.
type feesAPI struct{ b *backend }

func (b *backend) tip() *big.Int {
	return new(big.Int).SetUint64(max(b.Chain.Genesis().BaseFee/tipShare, tipLeast))
}

// GasPrice is eth_gasPrice: base fee and suggested tip.
func (a *feesAPI) GasPrice() *hexutil.Big {
	return (*hexutil.Big)(new(big.Int).Add(a.b.Chain.HeadHeader().BaseFee, a.b.tip()))
}

// MaxPriorityFeePerGas is eth_maxPriorityFeePerGas.
func (a *feesAPI) MaxPriorityFeePerGas() *hexutil.Big { return (*hexutil.Big)(a.b.tip()) }

// BlobBaseFee is eth_blobBaseFee: 1 wei, as the opcode says; the rollup takes no blobs.
func (a *feesAPI) BlobBaseFee() *hexutil.Big { return (*hexutil.Big)(big.NewInt(1)) }

// history is the answer of eth_feeHistory.
type history struct {
	Oldest       *hexutil.Big     `json:"oldestBlock"`
	Reward       [][]*hexutil.Big `json:"reward,omitempty"`
	BaseFee      []*hexutil.Big   `json:"baseFeePerGas"` // one more than blocks: the next block's
	GasUsedRatio []float64        `json:"gasUsedRatio"`
	BlobBaseFee  []*hexutil.Big   `json:"baseFeePerBlobGas"`
	BlobRatio    []float64        `json:"blobGasUsedRatio"`
}

// FeeHistory is eth_feeHistory.
func (a *feesAPI) FeeHistory(ctx context.Context, count math.HexOrDecimal64, newest rpc.BlockNumber, percentiles []float64) (*history, error) {
	if len(percentiles) > feePercentiles {
		return nil, invalid("over the query limit %d of reward percentiles", feePercentiles)
	}
	for i, p := range percentiles {
		if !(p >= 0 && p <= 100) || (i > 0 && p < percentiles[i-1]) {
			return nil, invalid("invalid reward percentiles: want 0 to 100, rising")
		}
	}
	last, err := a.b.number(newest)
	if err != nil {
		return nil, err
	}
	if last > a.b.latest() {
		return nil, invalid("request beyond head block: requested %d, head %d", last, a.b.latest())
	}
	most := uint64(feeBlocks)
	if len(percentiles) > 0 {
		most = feeBlocksPaid
	}
	blocks := min(uint64(count), most, last+1)
	out := &history{Oldest: (*hexutil.Big)(new(big.Int).SetUint64(last + 1 - blocks)), BaseFee: []*hexutil.Big{}, GasUsedRatio: []float64{}}
	one := (*hexutil.Big)(big.NewInt(1))
	for n := last + 1 - blocks; n <= last; n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		header, err := a.b.Chain.HeaderByNumber(n)
		if errors.Is(err, evm.ErrNotFound) {
			return nil, errNoHeader // rolled back since
		}
		if err != nil {
			return nil, err
		}
		if len(percentiles) > 0 {
			rewards, err := a.rewards(header, percentiles)
			if err != nil {
				return nil, err
			}
			out.Reward = append(out.Reward, rewards)
		}
		out.BaseFee = append(out.BaseFee, (*hexutil.Big)(header.BaseFee))
		out.GasUsedRatio = append(out.GasUsedRatio, float64(header.GasUsed)/float64(header.GasLimit))
		out.BlobBaseFee, out.BlobRatio = append(out.BlobBaseFee, one), append(out.BlobRatio, 0)
	}
	out.BaseFee = append(out.BaseFee, (*hexutil.Big)(new(big.Int).SetUint64(a.b.Chain.Genesis().BaseFee)))
	out.BlobBaseFee = append(out.BlobBaseFee, one)
	return out, nil
}

// rewards are the tips paid in a block at percentiles of its gas: each transaction weighs what it used.
func (a *feesAPI) rewards(header *types.Header, percentiles []float64) ([]*hexutil.Big, error) {
	block, err := a.b.Chain.BlockByNumber(header.Number.Uint64())
	if errors.Is(err, evm.ErrNotFound) {
		return nil, errNoHeader
	}
	if err != nil {
		return nil, err
	}
	receipts, err := a.b.receipts(block)
	if err != nil {
		return nil, err
	}
	type paid struct {
		tip *big.Int
		gas uint64
	}
	list := make([]paid, len(receipts))
	for i, r := range receipts {
		list[i] = paid{new(big.Int).Sub(r.EffectiveGasPrice, block.BaseFee()), r.GasUsed}
	}
	slices.SortFunc(list, func(x, y paid) int { return cmp.Or(x.tip.Cmp(y.tip), cmp.Compare(x.gas, y.gas)) })
	out := make([]*hexutil.Big, len(percentiles))
	var at int
	var sum uint64
	for i, p := range percentiles {
		if len(list) == 0 {
			out[i] = new(hexutil.Big)
			continue
		}
		threshold := uint64(float64(block.GasUsed()) * p / 100)
		for sum+list[at].gas < threshold && at < len(list)-1 {
			sum += list[at].gas
			at++
		}
		out[i] = (*hexutil.Big)(list[at].tip)
	}
	return out, nil
}
