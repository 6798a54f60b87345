package stake

import (
	"math"
	"sort"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// report punishes whoever signed two extensions for one height and round, and pays the reporter its part.
func (s *Stake) report(payer common.Address, a *action.Report) error {
	if a.HashA == a.HashB {
		return tx.NewReject(EvidenceSame, "both signatures are for %s", a.HashA)
	}
	if a.Round > math.MaxUint32 {
		return tx.NewReject(EvidenceForged, "round %d", a.Round)
	}
	round := uint32(a.Round)
	first, err := tx.Recover(cert.ExtensionDigest(s.b.ChainID, a.Height, round, a.HashA), a.SignatureA)
	if err != nil {
		return tx.NewReject(EvidenceForged, "first signature: %s", err)
	}
	second, err := tx.Recover(cert.ExtensionDigest(s.b.ChainID, a.Height, round, a.HashB), a.SignatureB)
	if err != nil || first != second {
		return tx.NewReject(EvidenceForged, "the signatures are not of one key")
	}
	slashed, own, err := s.punish(first, a.Height)
	if err != nil {
		return err
	}
	share := fraction(&slashed, s.p.Reporter, million)
	if most := fraction(&own, 1, 2); share.Gt(&most) {
		share = most // who reports itself loses
	}
	s.pots.Burned.Sub(&s.pots.Burned, &share)
	return s.credit(payer, &share)
}

// punish slashes and tombstones the owner of a consensus key for an equivocation at a height, and returns what was slashed, all of it burned, and how
// much of that was the owner's own. A [*tx.Reject] says why there is nothing to punish.
func (s *Stake) punish(key common.Address, height uint64) (slashed, own uint256.Int, err error) {
	k, found, err := state.Load[KeyOwner](s.st, consensusKey(key))
	switch {
	case err != nil:
		return slashed, own, err
	case height > s.b.Height:
		return slashed, own, tx.NewReject(EvidenceFuture, "height %d, this is %d", height, s.b.Height)
	case !found || k.Since == 0 || height < k.Since || k.Until > 0 && height > k.Until:
		return slashed, own, tx.NewReject(EvidenceStranger, "%s was no operator's key at height %d", key, height)
	}
	o, err := s.operator(k.Owner)
	if err != nil || o.Tombstoned {
		return slashed, own, rejectUnless(err, EvidenceKnown, "%s is tombstoned", k.Owner)
	}
	epoch, fresh, err := s.epochOf(height)
	if err != nil || !fresh {
		return slashed, own, rejectUnless(err, EvidenceOld, "height %d is of epoch %d, too long ago", height, epoch)
	}
	o.Tombstoned, s.fallen = true, true
	s.put(k.Owner, &o)
	all, before, err := s.liable(k.Owner, epoch)
	if err != nil {
		return slashed, own, err
	}
	if slashed, err = s.slashAll(offence{Owner: k.Owner, Power: s.p.power(&all), TimeMS: s.b.TimeMS, Epoch: epoch}); err != nil {
		return slashed, own, err
	}
	_, after, err := s.liable(k.Owner, epoch)
	return slashed, *own.Sub(&before, &after), err
}

// liable is the stake that answers for a fault in an epoch, what has left since included, and how much of it is the owner's own.
func (s *Stake) liable(owner common.Address, epoch uint64) (all, own uint256.Int, err error) {
	o, d, err := s.delegation(owner, owner)
	if err != nil {
		return all, own, err
	}
	all, own = o.Tokens, d.Worth(o)
	for _, e := range o.Pools {
		if e < epoch {
			continue
		}
		pool, found, err := state.Load[Pool](s.st, poolKey(owner, e))
		if err != nil {
			return all, own, err
		}
		if !found {
			continue
		}
		held, _, err := state.Load[uint256.Int](s.st, unbondingKey(owner, e, owner))
		if err != nil {
			return all, own, err
		}
		worth := partOf(&held, &pool.Tokens, &pool.Shares)
		all.Add(&all, &pool.Tokens)
		own.Add(&own, &worth)
	}
	return all, own, nil
}

// epochOf is the first epoch whose last height + 1 is at least the height, and whether its faults are still punished.
func (s *Stake) epochOf(height uint64) (epoch uint64, fresh bool, err error) {
	var ended Epoch
	n := sort.Search(int(s.open.Number), func(i int) bool {
		e, _, failed := state.Load[Epoch](s.st, EpochKey(uint64(i)))
		if failed != nil {
			err = failed
		}
		return e.Last+1 >= height
	})
	if err != nil || uint64(n) == s.open.Number {
		return s.open.Number, true, err
	}
	ended, _, err = state.Load[Epoch](s.st, EpochKey(uint64(n)))
	return uint64(n), s.b.TimeMS < ended.EndMS+s.p.EvidenceMS, err
}

// slashAll slashes the new offender, and those before it in the window up to the same part: the more fail together, the more it costs each.
func (s *Stake) slashAll(late offence) (slashed uint256.Int, err error) {
	all, _, err := state.Load[[]offence](s.st, offencesKey)
	if err != nil {
		return slashed, err
	}
	var recent []offence
	together := late.Power
	for _, o := range all {
		if o.TimeMS+s.p.CorrelationMS > s.b.TimeMS {
			recent, together = append(recent, o), together+o.Power
		}
	}
	recent = append(recent, late)
	set, err := loadSet(s.st, s.chain.Sets[Next])
	if err != nil {
		return slashed, err
	}
	ppm := fraction(uint256.NewInt(together), million, set.Total())
	ppm.Mul(&ppm, uint256.NewInt(s.p.Correlation))
	ppm.Add(&ppm, uint256.NewInt(s.p.SlashBase))
	part := uint64(million)
	if ppm.LtUint64(million) {
		part = ppm.Uint64()
	}
	for i := range recent {
		if recent[i].Slashed >= part {
			continue
		}
		cut, err := s.slash(recent[i].Owner, recent[i].Epoch, part-recent[i].Slashed, million-recent[i].Slashed)
		if err != nil {
			return slashed, err
		}
		recent[i].Slashed = part
		slashed.Add(&slashed, &cut)
	}
	if late.Power == 0 {
		recent = recent[:len(recent)-1] // it raises nobody's figure
	}
	if len(recent) > 0 {
		s.st.Set(offencesKey, recent)
	}
	s.pots.Burned.Add(&s.pots.Burned, &slashed)
	return slashed, nil
}

// slash takes num/den of an operator's tokens and of its pools from the epoch on, and returns what that is.
func (s *Stake) slash(owner common.Address, epoch, num, den uint64) (slashed uint256.Int, err error) {
	o, err := s.operator(owner)
	if err != nil {
		return slashed, err
	}
	cut := fraction(&o.Tokens, num, den)
	o.Tokens.Sub(&o.Tokens, &cut)
	s.pots.Staked.Sub(&s.pots.Staked, &cut)
	if err := s.seat(owner, &o); err != nil {
		return slashed, err
	}
	s.put(owner, &o)
	slashed = cut
	for _, e := range o.Pools {
		if e < epoch {
			continue
		}
		pool, found, err := state.Load[Pool](s.st, poolKey(owner, e))
		if err != nil {
			return slashed, err
		}
		if !found {
			continue
		}
		cut := fraction(&pool.Tokens, num, den)
		pool.Tokens.Sub(&pool.Tokens, &cut)
		s.pots.Unbonding.Sub(&s.pots.Unbonding, &cut)
		s.st.Set(poolKey(owner, e), &pool)
		slashed.Add(&slashed, &cut)
	}
	return slashed, nil
}
