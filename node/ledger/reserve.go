package ledger

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

func reservationKey(ns namespaces.Namespace) state.Key { return state.NewKey(state.Reservation, ns[:]) }

func bookKey() state.Key { return state.NewKey(state.Book) }

// book is the record of all reservations together: rlp([epoch, bytes, next, excess]).
type book struct{ Epoch, Bytes, Next, Excess uint64 }

// ReservationOf is what a namespace has reserved.
func ReservationOf(r state.Reader, ns namespaces.Namespace) (fee.Reservation, error) {
	v, _, err := state.Load[fee.Reservation](r, reservationKey(ns))
	return v, err
}

// reserve sells bytes per block of the next epoch to a namespace's owner (specs/10-fees.md, "Reservations").
func (x *run) reserve(payer common.Address, a *action.Reserve) error {
	if _, err := x.staying(payer, a.Namespace); err != nil {
		return err
	}
	if a.Bytes == 0 {
		return tx.NewReject(ZeroAmount, "nothing to reserve")
	}
	epoch := x.stake.Epoch()
	kept, _, err := state.Load[book](x.st, bookKey())
	if err != nil {
		return err
	}
	params := fee.ParamsOf(x.params)
	all := params.Roll(fee.Book{Reservation: fee.Reservation{Epoch: kept.Epoch, Bytes: kept.Bytes, Next: kept.Next}, Excess: kept.Excess}, epoch)
	if room := params.Room(all); a.Bytes > room {
		return tx.NewReject(ReservationsFull, "%d bytes, %d are left of the next epoch", a.Bytes, room)
	}
	cost := params.ReserveCost(all, a.Bytes, x.params.EpochMS)
	if err := x.debit(payer, &cost); err != nil {
		return err
	}
	if err := x.credit(Treasury(), &cost); err != nil {
		return err
	}
	own, err := ReservationOf(x.st, a.Namespace)
	if err != nil {
		return err
	}
	all.Reservation, own = all.Add(epoch, a.Bytes), own.Add(epoch, a.Bytes)
	x.st.Set(bookKey(), &book{all.Epoch, all.Bytes, all.Next, all.Excess})
	x.st.Set(reservationKey(a.Namespace), &own)
	return nil
}

// reserved is what a namespace may take of a block of the epoch beside its share. A reservation that has passed leaves no record.
func reserved(st *state.State, ns namespaces.Namespace, epoch uint64) (uint64, error) {
	r, err := ReservationOf(st, ns)
	if err != nil {
		return 0, fmt.Errorf("read reservation of %s: %w", ns, err)
	}
	if r.Epoch+1 < epoch {
		st.Delete(reservationKey(ns))
	}
	return r.At(epoch), nil
}

// Reserved is what a namespace may take of a block beside its share, in the open epoch and in the one after it.
func Reserved(r state.Reader, ns namespaces.Namespace) (epoch, now, next uint64, err error) {
	if epoch, err = epochOf(r); err != nil {
		return 0, 0, 0, err
	}
	own, err := ReservationOf(r, ns)
	return epoch, own.At(epoch), own.At(epoch + 1), err
}
