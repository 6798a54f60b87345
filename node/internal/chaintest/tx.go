package chaintest

import (
	"testing"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Tx is a transaction of the first payer with a salt of its own.
func (n *Network) Tx(tb testing.TB, expiry uint64, legs ...tx.Leg) tx.Verified {
	tb.Helper()
	n.salt++
	return n.Signed(tb, 0, tx.Fields{Salt: n.salt, Expiry: expiry, Legs: legs})
}

// Signed is a transaction of a payer with the fields given; chain id and fee are filled in where they are zero.
func (n *Network) Signed(tb testing.TB, payer int, f tx.Fields) tx.Verified {
	tb.Helper()
	t, err := tx.Sign(n.fill(f), n.Payers[payer])
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// Unsigned is a transaction of a payer without a signature: for what comes after signatures have been checked.
func (n *Network) Unsigned(tb testing.TB, payer int, f tx.Fields) tx.Verified {
	tb.Helper()
	f = n.fill(f)
	f.Payer = n.Payer(payer)
	t, err := tx.New(f)
	if err != nil {
		tb.Fatal(err)
	}
	return tx.Verified{Tx: t}
}

func (n *Network) fill(f tx.Fields) tx.Fields {
	if f.ChainID == "" {
		f.ChainID = n.Genesis.ChainID
	}
	if f.MaxFeePerByte == 0 {
		f.MaxFeePerByte = n.Genesis.Params.LeastPrice()
	}
	return f
}

// Leg is a leg with text for data.
func Leg(ns namespaces.Namespace, text string) tx.Leg {
	return tx.Leg{Namespace: ns, Data: []byte(text)}
}

// Legs is one leg with text for data.
func Legs(ns namespaces.Namespace, text string) []tx.Leg { return []tx.Leg{Leg(ns, text)} }
