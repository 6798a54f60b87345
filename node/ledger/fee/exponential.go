package fee

import (
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
)

// maxExponent is where the exponential is at its cap whatever the factor: e^64 is above 2^92.
const maxExponent = 64

// exponential is factor x e^(numerator/denominator), rounded as EIP-4844's fake_exponential rounds it (the sum of the Taylor series, each term
// rounded down), and at most [genesis.MaxPrice]. It needs factor <= genesis.MaxPrice and 1 <= denominator <= 2^40, then no term reaches 2^256: below the cap of the
// exponent a term has less than 62 + 93 + 40 bits, and the next product 46 more.
func exponential(factor, numerator, denominator uint64) uint64 {
	if factor == 0 {
		return 0
	}
	if numerator/denominator >= maxExponent {
		return genesis.MaxPrice
	}
	var num, den, term, sum, i uint256.Int
	num.SetUint64(numerator)
	den.SetUint64(denominator)
	term.Mul(term.SetUint64(factor), &den)
	for n := uint64(1); !term.IsZero(); n++ {
		sum.Add(&sum, &term)
		term.Mul(&term, &num)
		term.Div(&term, i.Mul(&den, i.SetUint64(n)))
	}
	sum.Div(&sum, &den)
	if !sum.IsUint64() {
		return genesis.MaxPrice
	}
	return min(sum.Uint64(), genesis.MaxPrice)
}

// add is a + b, at most most.
func add(a, b, most uint64) uint64 {
	if sum := a + b; sum >= a && sum <= most {
		return sum
	}
	return most
}

// sub is a - b, at least 0.
func sub(a, b uint64) uint64 {
	if a < b {
		return 0
	}
	return a - b
}
