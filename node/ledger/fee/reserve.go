package fee

import (
	"math/bits"

	"github.com/holiman/uint256"
)

// Reservation is bytes per block that stand reserved in an epoch and in the one after it. It ends by itself.
type Reservation struct {
	Epoch uint64
	Bytes uint64 // in Epoch
	Next  uint64 // in Epoch + 1
}

// At is what is reserved in the epoch, which is not before r.Epoch.
func (r Reservation) At(epoch uint64) uint64 {
	switch epoch - r.Epoch {
	case 0:
		return r.Bytes
	case 1:
		return r.Next
	default:
		return 0
	}
}

// roll brings the reservation to the epoch.
func (r Reservation) roll(epoch uint64) Reservation {
	return Reservation{Epoch: epoch, Bytes: r.At(epoch), Next: r.At(epoch + 1)}
}

// Add reserves so many bytes more for the epoch after the given one, which is not before r.Epoch.
func (r Reservation) Add(epoch, bytes uint64) Reservation {
	r = r.roll(epoch)
	r.Next += bytes
	return r
}

// Book is all reservations together, and the excess that their price follows.
type Book struct {
	Reservation
	Excess uint64 // bytes reserved beyond the target, epoch by epoch, not worked off
}

// Roll brings the book to the epoch: every epoch that begins counts what is reserved in it. It takes no longer for many epochs than for one.
func (p Params) Roll(b Book, epoch uint64) Book {
	passed := epoch - b.Epoch
	if passed == 0 {
		return b
	}
	target := p.reservable() / 2
	excess := sub(add(b.Excess, b.Next, p.maxReserved()+target), target)
	high, idle := bits.Mul64(passed-1, target)
	if high > 0 {
		idle = excess
	}
	return Book{Reservation: b.roll(epoch), Excess: sub(excess, idle)}
}

// Room is what may still be reserved for the epoch after the book's, in bytes per block.
func (p Params) Room(b Book) uint64 { return sub(p.reservable(), b.Next) }

// ReserveCost is what bytes per block for one epoch cost, in wei, on a book that was rolled to the present epoch. It is paid at once.
func (p Params) ReserveCost(b Book, bytes, epochMS uint64) (cost uint256.Int) {
	price := exponential(p.ReservePrice, b.Excess, p.reserveSlope())
	cost.Mul(uint256.NewInt(bytes), uint256.NewInt(price))
	seconds := epochMS / 1_000
	if epochMS%1_000 > 0 {
		seconds++
	}
	cost.Mul(&cost, uint256.NewInt(seconds))
	return cost
}

// reserveSlope is the excess that raises the price of reservations by the factor e: eight epochs in which everything is reserved.
func (p Params) reserveSlope() uint64 { return 8 * (p.reservable() - p.reservable()/2) }

func (p Params) maxReserved() uint64 { return maxExponent * p.reserveSlope() }
