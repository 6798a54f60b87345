package bench

import "math"

const (
	knee     = 0.95 // share of the offered rate that has to be committed while the load lasts
	growth   = 1.5  // from one offered rate to the next
	maxSteps = 10   // of a sweep
)

// sustained says whether a run committed what was offered.
func (r *Result) sustained() bool { return r.Committed >= knee*r.Offered }

// sweep looks for the knee: the highest offered rate that is sustained. It goes up, or down if the first rate is too high, until one rate holds
// and one fails, and then tries their geometric mean, as long as there is time. at returns the knee's run, nil if no rate held.
func sweep(first float64, more func() bool, try func(rate float64) (*Result, error)) (at *Result, err error) {
	var fails float64
	rate := first
	for step := range maxSteps {
		if step > 0 && !more() {
			return at, nil
		}
		r, err := try(rate)
		if err != nil {
			return at, err
		}
		if r.sustained() {
			at = r
			if fails > 0 {
				break
			}
			rate *= growth
			continue
		}
		fails = rate
		if at != nil {
			break
		}
		rate /= growth
	}
	if at == nil || fails == 0 || !more() {
		return at, nil
	}
	r, err := try(math.Round(math.Sqrt(at.Offered * fails)))
	if err != nil {
		return at, err
	}
	if r.sustained() {
		at = r
	}
	return at, nil
}
