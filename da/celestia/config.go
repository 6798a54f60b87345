package celestia

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// Token is what a celestia-node wants to see before it answers. It does not show when printed or logged.
type Token string

// String hides the token.
func (t Token) String() string {
	if t == "" {
		return "(no token)"
	}
	return "(a token)"
}

// GoString hides the token.
func (t Token) GoString() string { return t.String() }

// LogValue hides the token.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

func (t Token) validate() error {
	for _, c := range []byte(t) {
		if c <= ' ' || c > '~' {
			return errors.New("celestia DA: the token has a character that no token has: give it as `celestia bridge auth` prints it")
		}
	}
	return nil
}

// Config is what a layer needs. Zero values take the defaults named here.
type Config struct {
	URL   string // of a celestia-node's JSON-RPC, http or https, without a token. Trusted for what stands in which block, as one's own node is
	Token Token  // with the right to write, to submit; to read, else. Empty for a node without authentication

	Archives []string // URLs of nodes that are asked, without a token, for what the first has pruned or does not answer

	MaxTx      int    // bytes of one PayForBlobs transaction that the network takes; 2 MiB
	Submitting int    // submissions at once; 8
	WeiPerUtia uint64 // what a utia is worth in wei of the sequencer's ledger, for Head.Price; 0: no price is told
	Fees       Fees
	Timing     Timing
	Log        *slog.Logger // slog.Default if nil
}

// Fees bound what is paid. Gas prices are in millionths of a utia. Zero values take the defaults named here.
type Fees struct {
	GasPrice     uint64 // that is offered first, and again when the network is calm; 4,000 (0.004 utia)
	MaxGasPrice  uint64 // 200,000 (0.2 utia)
	SpendPerHour uint64 // utia, in any hour since Open; 20,000,000 (20 TIA)
}

// Timing is how often and how long. Zero values take the defaults named here.
type Timing struct {
	Poll     time.Duration // between two looks for what was submitted; 1 s
	Patience time.Duration // after which Submit ends with an unknown outcome; 2 min
	Request  time.Duration // how long any other request may take; 30 s
}

func (c Config) withDefaults() Config {
	number := func(v *uint64, d uint64) {
		if *v == 0 {
			*v = d
		}
	}
	wait := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	if c.MaxTx == 0 {
		c.MaxTx = 2 << 20
	}
	if c.Submitting == 0 {
		c.Submitting = 8
	}
	number(&c.Fees.GasPrice, 4_000)
	number(&c.Fees.MaxGasPrice, max(200_000, c.Fees.GasPrice))
	number(&c.Fees.SpendPerHour, 20_000_000)
	wait(&c.Timing.Poll, time.Second)
	wait(&c.Timing.Patience, 2*time.Minute)
	wait(&c.Timing.Request, 30*time.Second)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Validate says what is wrong with a configuration. It shows neither a token nor a URL that may hold one.
func (c Config) Validate() error {
	whole := c.withDefaults()
	for _, raw := range append([]string{c.URL}, c.Archives...) {
		if err := validateURL(raw); err != nil {
			return err
		}
	}
	if err := c.Token.validate(); err != nil {
		return err
	}
	switch {
	case whole.MaxTx < leastTx || whole.MaxTx > lane.MaxSize:
		return fmt.Errorf("celestia DA: transactions of at most %d bytes, want %d to %d", c.MaxTx, leastTx, lane.MaxSize)
	case whole.Submitting < 1:
		return fmt.Errorf("celestia DA: %d submissions at once, want 1 or more", c.Submitting)
	case min(whole.Timing.Poll, whole.Timing.Patience, whole.Timing.Request) < 0:
		return errors.New("celestia DA: a duration is negative")
	case whole.Fees.GasPrice > whole.Fees.MaxGasPrice:
		return fmt.Errorf("celestia DA: the gas price to begin with, %d, is above the highest, %d", whole.Fees.GasPrice, whole.Fees.MaxGasPrice)
	case whole.Fees.MaxGasPrice > mostGasPrice:
		return fmt.Errorf("celestia DA: a gas price of %d millionths of a utia, want at most %d", whole.Fees.MaxGasPrice, uint64(mostGasPrice))
	}
	return nil
}

func validateURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("celestia DA: the URL of a node is not http://host:port or https://host:port")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Contains(u.Path, "eyJ"): // how a JSON web token begins
		return errors.New("celestia DA: the URL of a node holds more than host, port and path: a token belongs into a file or into the environment, where no log shows it")
	}
	return nil
}
