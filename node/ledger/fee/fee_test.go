package fee

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// example is the network of the chapter's worked example.
func example() Params {
	return Params{
		Capacity: 8 << 20, MaxSignatures: 8_192, LaneShare: 512 << 10, Damping: 32,
		LanePrice: 500_000_000, GlobalPrice: 500_000_000, ReservePrice: 50_000_000,
	}
}

func name(b byte) namespaces.Namespace { return namespaces.Namespace{1, 9: b} }

// TestExponentialIsEthereums compares with the values that EIP-4844's tests publish, and with the same sum in big integers.
func TestExponentialIsEthereums(t *testing.T) {
	for _, c := range []struct{ factor, numerator, denominator, want uint64 }{
		{1, 0, 1, 1},
		{38493, 0, 1000, 38493},
		{0, 1234, 2345, 0},
		{1, 2, 1, 6},
		{1, 4, 2, 6},
		{1, 3, 1, 16},
		{1, 6, 2, 18},
		{1, 4, 1, 49},
		{1, 8, 2, 50},
		{10, 8, 2, 542},
		{11, 8, 2, 596},
		{1, 5, 1, 136},
		{1, 5, 2, 11},
		{2, 5, 2, 23},
		{1, 50_000_000, 2_225_652, 5_709_098_764},
	} {
		if got := exponential(c.factor, c.numerator, c.denominator); got != c.want {
			t.Errorf("exponential(%d, %d, %d) = %d, want %d", c.factor, c.numerator, c.denominator, got, c.want)
		}
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 2_000 {
		factor, den := r.Uint64N(genesis.MaxPrice)>>r.Uint64N(62), 1+r.Uint64N(1<<40)>>r.Uint64N(40)
		num := r.Uint64N(maxExponent * den)
		want := reference(factor, num, den)
		if want.Cmp(big.NewInt(genesis.MaxPrice)) > 0 {
			want.SetUint64(genesis.MaxPrice)
		}
		if got := exponential(factor, num, den); got != want.Uint64() {
			t.Fatalf("exponential(%d, %d, %d) = %d, want %s", factor, num, den, got, want)
		}
	}
	for _, num := range []uint64{maxExponent * 3, maxExponent*3 + 1, math.MaxUint64} {
		if got := exponential(1, num, 3); got != genesis.MaxPrice {
			t.Errorf("e^(%d/3) = %d, want the cap", num, got)
		}
	}
}

// reference is the formula as EIP-4844 writes it.
func reference(factor, numerator, denominator uint64) *big.Int {
	num, den := new(big.Int).SetUint64(numerator), new(big.Int).SetUint64(denominator)
	sum, term := new(big.Int), new(big.Int).Mul(new(big.Int).SetUint64(factor), den)
	for i := int64(1); term.Sign() > 0; i++ {
		sum.Add(sum, term)
		term.Mul(term, num)
		term.Div(term, den)
		term.Div(term, big.NewInt(i))
	}
	return sum.Div(sum, den)
}

// network counts blocks as the ledger does: only what a block touches is read and written.
type network struct {
	params Params
	global Global
	lanes  map[namespaces.Namespace]Lane
}

func newNetwork(p Params) *network {
	return &network{params: p, lanes: map[namespaces.Namespace]Lane{}}
}

func (n *network) block(uses ...Use) {
	lanes := make([]Lane, len(uses))
	for i, u := range uses {
		lanes[i] = n.lanes[u.Namespace]
	}
	n.global, lanes = n.params.Next(n.global, uses, lanes)
	for i, u := range uses {
		n.lanes[u.Namespace] = lanes[i]
	}
}

func (n *network) lane(ns namespaces.Namespace) uint64 {
	return n.params.LanePriceAt(n.lanes[ns], n.global)
}
func (n *network) all() uint64 { return n.params.GlobalPriceAt(n.global) }

// TestIdleLanesAreExact: what a lane's record says after any time without transactions is what counting it in every block would have given.
func TestIdleLanesAreExact(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	p := example()
	lazy, eager := newNetwork(p), newNetwork(p)
	const lanes = 12
	for height := range 4_000 {
		var touched, every []Use
		left := p.Capacity
		for b := range byte(lanes) {
			u := Use{Namespace: name(b), Reserved: uint64(b) << 10}
			if height%200 < 150 && r.IntN(3) == 0 {
				u.Size = r.Uint64N(left/2 + 1)
				left -= u.Size
				touched = append(touched, u)
			}
			every = append(every, u)
		}
		lazy.block(touched...)
		eager.block(every...)
		if lazy.global != eager.global {
			t.Fatalf("block %d: global %+v, counting every lane gives %+v", height, lazy.global, eager.global)
		}
		for b := range byte(lanes) {
			if have, want := lazy.lanes[name(b)].At(lazy.global), eager.lanes[name(b)].At(eager.global); have != want {
				t.Fatalf("block %d: lane %d has an excess of %d, counting every block gives %d", height, b, have, want)
			}
		}
	}
}

// TestFloodLeavesOthersAlone: whoever keeps to its share pays the least lane price whatever others send, and as long as lanes within their shares
// do not fill the target, the least global price.
func TestFloodLeavesOthersAlone(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	p := example()
	n := newNetwork(p)
	flood, modest := name('a'), name('b')
	var highest uint64
	for height := range 2_000 {
		small := r.Uint64N(p.LaneShare + 1)
		n.block(Use{Namespace: flood, Size: p.Capacity - small}, Use{Namespace: modest, Size: small}) // all that is left, of ten times as much
		if have := n.lane(modest); have != p.LanePrice {
			t.Fatalf("block %d: a lane within its share pays %d", height, have)
		}
		if have := n.all(); have != p.GlobalPrice {
			t.Fatalf("block %d: everybody pays %d for a flood of one", height, have)
		}
		highest = max(highest, n.lane(flood))
	}
	if highest != genesis.MaxPrice {
		t.Errorf("2,000 full blocks brought the flood's price to %d only", highest)
	}
	for range 64 * p.Damping {
		n.block()
	}
	if have := n.lane(flood); have != p.LanePrice {
		t.Errorf("long after the flood its price is %d", have)
	}
}

// TestPricesFollowUse: what raises which price, and what lowers it.
func TestPricesFollowUse(t *testing.T) {
	p := example()
	target := p.Capacity / 2
	many := func(size uint64, count byte) (uses []Use) {
		for b := range count {
			uses = append(uses, Use{Namespace: name(b), Size: size})
		}
		return uses
	}
	for _, c := range []struct {
		name         string
		uses         []Use
		lane, global int // 1: the excess of lane 0, the price of all rise; 0: they stay
	}{
		{"empty", nil, 0, 0},
		{"one takes what nobody else wants", []Use{{Namespace: name(0), Size: target}}, 0, 0},
		{"one takes more than that", []Use{{Namespace: name(0), Size: target + 1}}, 1, 0},
		{"two share the target", many(target/2, 2), 0, 0},
		{"two are over it", many(target/2+1, 2), 1, 0},
		{"sixteen within their shares", many(p.LaneShare, 16), 0, 1},
		{"eight within their shares", many(p.LaneShare, 8), 0, 0},
		{"reserved bytes do not count", []Use{{Namespace: name(0), Size: target + 4096, Reserved: 4096}}, 0, 0},
	} {
		n := newNetwork(p)
		for range 100 {
			n.block(c.uses...)
		}
		if have := n.lanes[name(0)].At(n.global) > 0; have != (c.lane == 1) {
			t.Errorf("%s: the lane's excess is %d", c.name, n.lanes[name(0)].At(n.global))
		}
		if have := n.all() > p.GlobalPrice; have != (c.global == 1) {
			t.Errorf("%s: the global price is %d", c.name, n.all())
		}
	}
}

// TestExtremesDoNotOverflow: the largest parameters, the fullest blocks.
func TestExtremesDoNotOverflow(t *testing.T) {
	p := Params{
		Capacity: genesis.MaxCapacity, MaxSignatures: 1, LaneShare: genesis.MaxCapacity / 2, Damping: genesis.MaxDamping,
		LanePrice: genesis.MaxPrice, GlobalPrice: genesis.MaxPrice, ReservePrice: genesis.MaxPrice,
	}
	n := newNetwork(p)
	n.global = Global{Excess: p.maxExcess(), Credit: 1 << 62}
	n.lanes[name(0)] = Lane{Excess: p.maxExcess(), Mark: 1 << 62}
	n.block(Use{Namespace: name(0), Size: genesis.MaxCapacity}, Use{Namespace: name(1), Size: genesis.MaxCapacity})
	if n.lane(name(0)) != genesis.MaxPrice || n.all() != genesis.MaxPrice {
		t.Errorf("prices %d and %d, want the cap", n.lane(name(0)), n.all())
	}
	if got := (Prices{genesis.MaxPrice, genesis.MaxPrice, genesis.MaxPrice}).Sum(); got != 3*uint64(genesis.MaxPrice) {
		t.Errorf("the sum is %d", got)
	}
	book := p.Roll(Book{Reservation: Reservation{Next: p.reservable()}, Excess: p.maxReserved()}, math.MaxUint64)
	if book.Excess != 0 || book.At(math.MaxUint64) != 0 {
		t.Errorf("after all epochs the book is %+v", book)
	}
	cost := p.ReserveCost(Book{Excess: p.maxReserved()}, p.reservable(), math.MaxUint64)
	if cost.BitLen() > 160 {
		t.Errorf("a reservation costs %s", cost.Dec())
	}
}

// TestSharesAddUp: nothing of a transaction is charged twice, nothing is left out.
func TestSharesAddUp(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		legs, actions := make([]tx.Leg, 1+r.IntN(tx.MaxBundleLegs)), 0
		for i := range legs {
			legs[i] = tx.Leg{Namespace: name(byte(r.IntN(6))), Data: make([]byte, 1+r.IntN(300))}
			if r.IntN(6) == 0 {
				legs[i].Namespace, actions = namespaces.Ledger(), actions+1
			}
		}
		trans, err := tx.New(tx.Fields{ChainID: "fee-test", Legs: legs, Auths: make([]tx.Auth, r.IntN(4))})
		if err != nil {
			t.Fatal(err)
		}
		var weight, size uint64
		p := Params{Capacity: r.Uint64N(2_000) * 64, MaxSignatures: 64}
		shares := p.Shares(trans)
		for i, s := range shares {
			weight, size = weight+s.Weight, size+s.Size
			if i > 0 && shares[i-1].Namespace.Compare(s.Namespace) >= 0 {
				t.Fatal("shares do not ascend")
			}
		}
		if weight != trans.Weight() || size != max(trans.Weight(), p.MinSize()*uint64(1+len(trans.Auths())+actions)) {
			t.Fatalf("%d legs, %d actions, %d auths: shares of %d bytes, size %d; the weight is %d, a check takes %d",
				len(legs), actions, len(trans.Auths()), weight, size, trans.Weight(), p.MinSize())
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		name  string
		views []View
		total uint64
		want  uint64
	}{
		{"nobody", nil, 4, 0},
		{"half is not enough", []View{{1, 10}, {1, 20}}, 4, 0},
		{"three of four", []View{{1, 30}, {1, 10}, {1, 20}}, 4, 10},
		{"all of four", []View{{1, 30}, {1, 10}, {1, 20}, {1, 40}}, 4, 20},
		{"one liar above", []View{{1, 10}, {1, 11}, {1, 12}, {1, math.MaxUint64}}, 4, 11},
		{"one liar below", []View{{1, 10}, {1, 11}, {1, 12}, {1, 0}}, 4, 10},
		{"by power", []View{{5, 10}, {2, 20}, {2, 30}}, 9, 10},
		{"of an odd total", []View{{1, 10}, {1, 20}, {1, 30}}, 3, 20},
	} {
		if got := Median(c.views, c.total); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if got := Height(15, []View{{3, 10}}, 4); got != 15 {
		t.Errorf("the height went back to %d", got)
	}
}

func TestDAPriceIsBoundedInItsChange(t *testing.T) {
	for _, c := range []struct {
		name       string
		now, start uint64
		views      []View
		want       uint64
	}{
		{"nobody says anything", 800, 800, nil, 800},
		{"half say something", 800, 800, []View{{2, 1000}}, 800},
		{"near enough", 800, 800, []View{{3, 850}}, 850},
		{"up by an eighth", 800, 800, []View{{3, 5000}}, 900},
		{"down by an eighth", 800, 800, []View{{3, 0}}, 700},
		{"not above twice the epoch's", 1599, 800, []View{{3, 5000}}, 1600},
		{"not below half of the epoch's", 420, 800, []View{{3, 0}}, 400},
		{"never zero", 1, 1, []View{{3, 0}}, 1},
		{"a small price moves too", 1, 1, []View{{3, 9}}, 2},
		{"absent ones have no say", 800, 800, []View{{1, 790}, {1, 810}, {1, 820}}, 810},
		{"zero stays", 0, 0, []View{{4, 9}}, 0},
		{"the cap", genesis.MaxPrice, genesis.MaxPrice, []View{{3, math.MaxUint64}}, genesis.MaxPrice},
	} {
		if got := DAPrice(c.now, c.start, c.views, 4); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestReservations: they hold for one epoch, end by themselves, and cost more while more is reserved.
func TestReservations(t *testing.T) {
	p := example()
	var r Reservation
	r = r.Add(3, 1000).Add(3, 24)
	for epoch, want := range map[uint64]uint64{3: 0, 4: 1024, 5: 0, 99: 0} {
		if got := r.At(epoch); got != want {
			t.Errorf("in epoch %d %d bytes stand reserved, want %d", epoch, got, want)
		}
	}
	if r = r.Add(4, 5); r.At(4) != 1024 || r.At(5) != 5 {
		t.Errorf("reserving again gives %+v", r)
	}
	var book Book
	cost := func() uint64 { c := p.ReserveCost(book, 1, 1_000); return c.Uint64() }
	least := cost()
	for epoch := range uint64(9) {
		book = p.Roll(book, epoch)
		book.Reservation = book.Add(epoch, p.Room(book))
		if p.Room(book) != 0 {
			t.Fatalf("room for %d after all was taken", p.Room(book))
		}
	}
	high := cost()
	if high <= 2*least || high > 3*least {
		t.Errorf("eight epochs sold out bring the price from %d to %d, want times e", least, high)
	}
	eager := book
	for epoch := uint64(9); epoch < 14; epoch++ {
		eager = p.Roll(eager, epoch)
	}
	if lazy := p.Roll(book, 13); lazy != eager {
		t.Errorf("five epochs at once give %+v, one by one %+v", lazy, eager)
	}
	if book = p.Roll(book, 40); cost() != least {
		t.Errorf("long after the price is %d, want %d", cost(), least)
	}
}
