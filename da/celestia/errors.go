package celestia

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/lockstep-network/lockstep/da"
)

// ErrToken says that the node refuses the token: it is not the node's, or it does not give the right that a request needs.
var ErrToken = fmt.Errorf("the celestia-node refuses the token (`celestia bridge auth write` makes one): %w", da.ErrUnavailable)

// What a node says, beside the errors of [da.Layer].
var (
	errNotFound = errors.New("there is no such blob") // in that block
	errTooLarge = errors.New("the transaction is too large")
	errSlow     = fmt.Errorf("the transaction was not included in time: %w", da.ErrUnavailable)
)

// refusal is a node's own answer. Its kind is what it means.
type refusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// mostMessage is how much of a node's message is kept.
const mostMessage = 400

// meanings are told by phrases: a node's errors have no codes of their own, they are the texts of celestia-node, celestia-app and CometBFT,
// which have changed little. The first that fits counts. What none fits may be anything: the layer is unavailable, and the outcome is unknown.
func meanings() []struct {
	err     error
	phrases []string
} {
	return []struct {
		err     error
		phrases []string
	}{
		{ErrToken, []string{"missing permission", "not enough permissions"}},
		{da.ErrFeeTooLow, []string{"insufficient fee", "insufficient minimum gas price", "insufficient gas price", "exceeds max gas price"}},
		{ErrFunds, []string{"insufficient funds"}},
		{errTooLarge, []string{"tx too large", "size too large", "blob(s) too large", "blobs too large", "larger than max", "exceeds max", "body too large", "request too large"}},
		{da.ErrNotYet, []string{"from the future", "syncing in progress", "exceeds network head", "exceeds local head"}},
		{da.ErrGone, []string{"is below tail", "outside sampling window", "outside of sampling window", "was pruned", "is pruned"}},
		{errNotFound, []string{"blob: not found"}},
		{errSlow, []string{"timed out", "timeout", "evicted", "deadline exceeded"}},
		{da.ErrInvalid, []string{"invalid namespace", "not allowed namespace", "namespace id is reserved", "invalid params", "unmarshaling params"}},
	}
}

// meaning of a refusal: an error of package da, of this one, or none that is known.
func (r refusal) meaning() error {
	text := strings.ToLower(r.Message)
	for _, m := range meanings() {
		for _, p := range m.phrases {
			if strings.Contains(text, p) {
				return m.err
			}
		}
	}
	return da.ErrUnavailable
}

// refused gives a refusal, which may quote what was sent, as an error of bounded length.
func (r refusal) refused() *refusedError {
	text := r.Message
	if len(text) > mostMessage {
		text = text[:mostMessage] + " ..."
	}
	return &refusedError{text: text, kind: r.meaning(), required: r.required(), most: r.most()}
}

// refusedError is a node's refusal with its meaning.
type refusedError struct {
	text     string
	kind     error
	required float64 // of a fee that is too low: how many times as much does; 0: it does not say
	most     int     // of a transaction that is too large: how large one may be; 0: it does not say
}

func (e *refusedError) Error() string { return fmt.Sprintf("the node says %q: %v", e.text, e.kind) }
func (e *refusedError) Unwrap() error { return e.kind }

// "got: 50utia, required: 320utia (...)", "got: 50 required at least: 199.0": in every version the fee that was offered, and what it should be.
var (
	feeWords  = regexp.MustCompile(`got:? *([0-9]+(?:\.[0-9]+)?)[^0-9]*required[^0-9]*([0-9]+(?:\.[0-9]+)?)`)
	sizeWords = regexp.MustCompile(`(?i)max size is ([0-9]{1,10})`)
)

func (r refusal) required() float64 {
	m := feeWords.FindStringSubmatch(r.Message)
	if m == nil {
		return 0
	}
	got, err1 := strconv.ParseFloat(m[1], 64)
	want, err2 := strconv.ParseFloat(m[2], 64)
	if err1 != nil || err2 != nil || got <= 0 || want <= got {
		return 0
	}
	return want / got
}

func (r refusal) most() int {
	m := sizeWords.FindStringSubmatch(r.Message)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// least is the price that a refusal of a lower one asks for, in the same unit; 0: it does not say.
func (e *refusedError) least(offered uint64) uint64 {
	least := math.Ceil(float64(offered) * e.required * 1.01) // the fees that it names are rounded
	if least > mostGasPrice {
		return mostGasPrice
	}
	return uint64(least)
}
