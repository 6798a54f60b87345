package ledger

import (
	"fmt"
	"slices"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// market is the record of what all lanes share: rlp([excess, credit, da_price, da_start]) (specs/05-ledger.md, "Records").
type market struct {
	Excess, Credit uint64 // fee.Global
	DAPrice        uint64 // wei per byte
	DAStart        uint64 // what it was when the epoch began
}

func (m market) global() fee.Global { return fee.Global{Excess: m.Excess, Credit: m.Credit} }

func marketKey() state.Key { return state.NewKey(state.Market) }

func laneKey(ns namespaces.Namespace) state.Key { return state.NewKey(state.Lane, ns[:]) }

// openMarket writes the first prices.
func openMarket(st *state.State, p genesis.Params) {
	st.Set(marketKey(), &market{DAPrice: p.DAPrice, DAStart: p.DAPrice})
}

func loadMarket(r state.Reader) (market, error) {
	m, found, err := state.Load[market](r, marketKey())
	if err == nil && !found {
		return m, fmt.Errorf("the ledger has no market record")
	}
	return m, err
}

// loadLane reads what is kept of a lane; one without a record has no excess.
func loadLane(r state.Reader, ns namespaces.Namespace) (fee.Lane, error) {
	l, _, err := state.Load[fee.Lane](r, laneKey(ns))
	return l, err
}

// Prices tells what a byte costs at one state. It is used by one goroutine.
type Prices struct {
	params fee.Params
	reader state.Reader
	market market
	global uint64
	known  map[namespaces.Namespace]fee.Prices
}

// Prices reads the prices of a state: those that the block after it is charged by.
func (r Rules) Prices(reader state.Reader) (*Prices, error) {
	m, err := loadMarket(reader)
	if err != nil {
		return nil, fmt.Errorf("read prices: %w", err)
	}
	params, err := ParamsOf(reader)
	if err != nil {
		return nil, err
	}
	p := fee.ParamsOf(params)
	return &Prices{
		params: p, reader: reader, market: m, global: p.GlobalPriceAt(m.global()), known: make(map[namespaces.Namespace]fee.Prices),
	}, nil
}

// In returns the prices in a namespace, registered or not.
func (p *Prices) In(ns namespaces.Namespace) (fee.Prices, error) {
	if known, there := p.known[ns]; there {
		return known, nil
	}
	l, err := loadLane(p.reader, ns)
	if err != nil {
		return fee.Prices{}, fmt.Errorf("read lane price of %s: %w", ns, err)
	}
	prices := fee.Prices{Lane: p.params.LanePriceAt(l, p.market.global()), Global: p.global, DA: p.market.DAPrice}
	p.known[ns] = prices
	return prices, nil
}

// Before goes back from the present: given what blocks have moved, it tells the lane's prices after earlier ones, one call a height, descending.
func (p *Prices) Before(ns namespaces.Namespace) (func(Fees) fee.Prices, error) {
	lane, err := loadLane(p.reader, ns)
	if err != nil {
		return nil, fmt.Errorf("read lane price of %s: %w", ns, err)
	}
	return func(f Fees) fee.Prices {
		prices := fee.Prices{Global: p.params.GlobalPriceAt(f.Global), DA: f.DAPrice}
		i, touched := slices.BinarySearchFunc(f.Lanes, ns, func(l LaneFees, ns namespaces.Namespace) int { return l.Namespace.Compare(ns) })
		if touched {
			lane = f.Lanes[i].After
		}
		prices.Lane = p.params.LanePriceAt(lane, f.Global)
		if touched {
			lane = f.Lanes[i].Before
		}
		return prices
	}, nil
}

// Least is the least max_fee_per_byte that the transaction may have: the highest sum of prices among its namespaces.
func (p *Prices) Least(t *tx.Tx) (uint64, error) {
	var least uint64
	for i, l := range t.Legs() {
		if i > 0 && l.Namespace == t.Legs()[i-1].Namespace {
			continue
		}
		prices, err := p.In(l.Namespace)
		if err != nil {
			return 0, err
		}
		least = max(least, prices.Sum())
	}
	return least, nil
}

// Check says whether the transaction accepts what its bytes cost: nil, a [*tx.Reject], or another error if the state could not be read.
func (p *Prices) Check(t *tx.Tx) error {
	least, err := p.Least(t)
	if err != nil {
		return err
	}
	if t.MaxFeePerByte() < least {
		return tx.NewReject(FeeTooLow, "accepts %d wei per byte, the price is %d", t.MaxFeePerByte(), least)
	}
	return nil
}

// charge prices a transaction's shares.
func (p *Prices) charge(t *tx.Tx, shares []fee.Share) (Charge, error) {
	c := Charge{ID: t.ID(), Payer: t.Payer(), Parts: make([]fee.Part, len(shares))}
	for i, s := range shares {
		prices, err := p.In(s.Namespace)
		if err != nil {
			return c, err
		}
		c.Parts[i] = fee.PartOf(s, prices, t.Tip())
		total := c.Parts[i].Total()
		c.Fee.Add(&c.Fee, &total)
	}
	return c, nil
}

// Fees is how a block has moved prices.
type Fees struct {
	Global  fee.Global // after the block
	DAPrice uint64     // after the block, wei per byte
	Size    uint64     // bytes of the capacity that the block takes
	Lanes   []LaneFees // that the block touches, ascending by namespace
}

// LaneFees is how a block has moved a lane.
type LaneFees struct {
	Namespace     namespaces.Namespace
	Size          uint64
	Before, After fee.Lane
}

// reprice counts the block: it writes the lanes that the pass has touched, and the market.
func (p *Pass) reprice(st *state.State) (fees Fees, err error) {
	m, err := loadMarket(st)
	if err != nil {
		return fees, fmt.Errorf("count the block: %w", err)
	}
	uses := make([]fee.Use, 0, len(p.sizes))
	for ns, size := range p.sizes {
		uses = append(uses, fee.Use{Namespace: ns, Size: size})
	}
	slices.SortFunc(uses, func(a, b fee.Use) int { return a.Namespace.Compare(b.Namespace) })
	lanes := make([]fee.Lane, len(uses))
	for i, u := range uses {
		if lanes[i], err = loadLane(st, u.Namespace); err != nil {
			return fees, fmt.Errorf("count the block: %w", err)
		}
		if uses[i].Reserved, err = reserved(st, u.Namespace, p.epoch); err != nil {
			return fees, fmt.Errorf("count the block: %w", err)
		}
	}
	global, after := p.fees.Next(m.global(), uses, lanes)
	m.Excess, m.Credit = global.Excess, global.Credit
	st.Set(marketKey(), &m)
	fees = Fees{Global: global, DAPrice: m.DAPrice, Size: p.size}
	for i, u := range uses {
		if after[i].Excess == 0 {
			st.Delete(laneKey(u.Namespace))
		} else {
			st.Set(laneKey(u.Namespace), &after[i])
		}
		fees.Lanes = append(fees.Lanes, LaneFees{u.Namespace, u.Size, lanes[i], after[i]})
	}
	return fees, nil
}
