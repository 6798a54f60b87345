package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// Peer is what one run of the peer measured: CometBFT's own kvstore under its own load tool.
type Peer struct {
	Offered   float64 `json:"offered"`
	Committed float64 `json:"committed"` // per second
	P50       float64 `json:"p50Ms"`
	P99       float64 `json:"p99Ms"`
	Line      string  `json:"line"`
}

// RunPeer runs internal/peer/cometbft.sh.
func RunPeer(ctx context.Context, script string, operators, rate, size, seconds int) (*Peer, error) {
	cmd := exec.CommandContext(ctx, "bash", script, "-n", strconv.Itoa(operators), "-r", strconv.Itoa(rate), "-s", strconv.Itoa(size),
		"-t", strconv.Itoa(seconds))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends its validators
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run the peer: %w", err)
	}
	return parsePeer(string(out))
}

// parsePeer reads the script's line of figures.
func parsePeer(line string) (*Peer, error) {
	p := &Peer{Line: strings.TrimSpace(line)}
	found := 0
	for _, f := range strings.Fields(line) {
		key, text, _ := strings.Cut(f, "=")
		to, ok := map[string]*float64{"offered": &p.Offered, "rate": &p.Committed, "p50_ms": &p.P50, "p99_ms": &p.P99}[key]
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("read the peer's figures: %q: %w", f, err)
		}
		*to = v
		found++
	}
	if found < 2 {
		return nil, fmt.Errorf("read the peer's figures: %q", line)
	}
	return p, nil
}

// Median is the middle of an odd number of figures, the mean of the middle two of an even one; 0 of none.
func Median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(list))
	if mid := len(s) / 2; len(s)%2 == 1 {
		return s[mid]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}
