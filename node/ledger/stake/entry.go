package stake

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Entry is what came to an operator in one epoch. It stays until all who came have settled.
type Entry struct {
	Shares      uint256.Int // that came in the epoch, and have not left in it
	Holders     uint64      // who came and have not settled since
	Accumulator uint256.Int // the operator's at the epoch's end, once the operator has earned since
}

// EntryKey is the key of what came to an operator in an epoch.
func EntryKey(owner common.Address, epoch uint64) state.Key {
	return state.NewKey(state.Entry, owner[:], number(epoch))
}

// enter notes that shares of a settled delegation came in this epoch: they earn from the next one on. The caller writes both records.
func (s *Stake) enter(owner common.Address, o *Operator, d *Delegation, shares *uint256.Int) error {
	if o.Entered != s.open.Number+1 {
		if err := s.closeEntry(owner, o); err != nil {
			return err
		}
		o.Entered = s.open.Number + 1
	}
	e, _, err := state.Load[Entry](s.st, EntryKey(owner, s.open.Number))
	if d.Fresh.IsZero() {
		d.Epoch = s.open.Number
		e.Holders++
	}
	d.Fresh.Add(&d.Fresh, shares)
	e.Shares.Add(&e.Shares, shares)
	s.st.Set(EntryKey(owner, s.open.Number), &e)
	return err
}

// depart takes shares that leave from those of a settled delegation that came in this epoch, as long as there are any.
func (s *Stake) depart(owner common.Address, o *Operator, d *Delegation, shares *uint256.Int) error {
	if d.Fresh.IsZero() {
		return nil
	}
	gone := *shares
	if gone.Gt(&d.Fresh) {
		gone = d.Fresh
	}
	e, _, err := state.Load[Entry](s.st, EntryKey(owner, d.Epoch))
	if err != nil {
		return err
	}
	e.Shares.Sub(&e.Shares, &gone)
	if d.Fresh.Sub(&d.Fresh, &gone).IsZero() {
		s.leaveEntry(owner, o, d, &e)
		return nil
	}
	s.st.Set(EntryKey(owner, d.Epoch), &e)
	return nil
}

// leaveEntry notes that a delegation has no fresh shares any more.
func (s *Stake) leaveEntry(owner common.Address, o *Operator, d *Delegation, e *Entry) {
	key := EntryKey(owner, d.Epoch)
	if e.Holders--; e.Holders > 0 {
		s.st.Set(key, e)
	} else {
		s.st.Delete(key)
		if o.Entered == d.Epoch+1 {
			o.Entered = 0
		}
	}
	d.Fresh.Clear()
	d.Epoch = 0
}

// closeEntry writes down where the accumulator stood when the newest epoch ended in which shares came, before it grows.
func (s *Stake) closeEntry(owner common.Address, o *Operator) error {
	if o.Entered == 0 {
		return nil
	}
	key := EntryKey(owner, o.Entered-1)
	e, _, err := state.Load[Entry](s.st, key)
	e.Accumulator = o.Accumulator
	s.st.Set(key, &e)
	o.Entered = 0
	return err
}

// earning is how many of an operator's shares stood through this epoch.
func (s *Stake) earning(owner common.Address, o *Operator) (uint256.Int, error) {
	shares := o.Shares
	if o.Entered != s.open.Number+1 {
		return shares, nil
	}
	e, _, err := state.Load[Entry](s.st, EntryKey(owner, s.open.Number))
	return *shares.Sub(&shares, &e.Shares), err
}

// Owed is what a delegation has earned since it was settled, in wei: what a claim moves to its holder's rewards.
func Owed(r state.Reader, owner common.Address, o *Operator, d *Delegation) (uint256.Int, error) {
	var stood, grown uint256.Int
	stood.Sub(&d.Shares, &d.Fresh)
	owed := partOf(&stood, grown.Sub(&o.Accumulator, &d.Accumulator), scale())
	if d.Fresh.IsZero() || o.Entered == d.Epoch+1 { // nothing was earned since the epoch in which they came
		return owed, nil
	}
	e, _, err := state.Load[Entry](r, EntryKey(owner, d.Epoch))
	fresh := partOf(&d.Fresh, grown.Sub(&o.Accumulator, &e.Accumulator), scale())
	return *owed.Add(&owed, &fresh), err
}

// settle moves what a delegation is owed to its holder's unclaimed rewards. The caller writes both records.
func (s *Stake) settle(owner common.Address, o *Operator, holder common.Address, d *Delegation) error {
	owed, err := Owed(s.st, owner, o, d)
	if err != nil {
		return err
	}
	if !d.Fresh.IsZero() && d.Epoch < s.open.Number {
		e, _, err := state.Load[Entry](s.st, EntryKey(owner, d.Epoch))
		if err != nil {
			return err
		}
		s.leaveEntry(owner, o, d, &e)
	}
	d.Accumulator = o.Accumulator
	o.Bucket.Sub(&o.Bucket, &owed)
	s.pots.Buckets.Sub(&s.pots.Buckets, &owed)
	return s.reward(holder, &owed)
}
