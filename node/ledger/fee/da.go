package fee

import (
	"cmp"
	"slices"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
)

// View is one operator's word on something that consensus cannot see.
type View struct {
	Power uint64 // the operator's, in the set of the height
	Value uint64
}

// Median is the largest value that views of more than half of the total power reach; 0 if there is none. As long as less than a third of the power
// is faulty, some honest operator reaches it, and it lies between two honest views if all honest ones are there.
func Median(views []View, total uint64) uint64 {
	sorted := slices.Clone(views)
	slices.SortFunc(sorted, func(a, b View) int { return cmp.Compare(b.Value, a.Value) })
	var power uint64
	for _, v := range sorted {
		if power += v.Power; power > total/2 { // powers add up to at most 2^60
			return v.Value
		}
	}
	return 0
}

// Height is the median of attested heights, which never goes back. An operator without a view has seen nothing: total is the whole set's power.
func Height(now uint64, views []View, total uint64) uint64 { return max(now, Median(views, total)) }

// maxStep is the part of itself by which the DA price may change in one block.
const maxStep = 8

// DAPrice moves the price towards the median of the views, if views of more than half of the total power are there: by an eighth at most (and by 1
// wei at least), and within an epoch not below half of what it was when the epoch began, nor above twice that. A price of 0 stays: such a network passes nothing
// through. Any other stays between 1 and [genesis.MaxPrice].
func DAPrice(now, epochStart uint64, views []View, total uint64) uint64 {
	var seen uint64
	for _, v := range views {
		seen += v.Power
	}
	if now == 0 || seen <= total/2 {
		return now
	}
	want := Median(views, seen)
	step := max(now/maxStep, 1)
	low, high := max(sub(now, step), epochStart/2, 1), min(now+step, 2*epochStart, genesis.MaxPrice)
	return max(low, min(want, high))
}
