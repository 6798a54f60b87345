package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// String is one line about a run.
func (r *Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s offered %6.0f/s committed %6.0f/s lost %d ordered %s", r.Mode, r.Offered, r.Committed, r.Lost, r.Ordered)
	if r.Accepted != nil {
		fmt.Fprintf(&b, " accepted %s", *r.Accepted)
	}
	if r.Executed != nil {
		fmt.Fprintf(&b, " executed %s", *r.Executed)
	}
	fmt.Fprintf(&b, " interval %.0f ms cpu %.2f (load %.2f) rss %.0f MiB wire %.1f MB/s loadavg %.1f",
		r.Interval, r.Usage.Operators, r.Usage.Load, r.Usage.rss(), r.Usage.Wire, r.Usage.LoadAvg)
	if r.Twice > 0 {
		fmt.Fprintf(&b, " TWICE %d", r.Twice)
	}
	for _, k := range sortedKeys(r.Refusals) {
		fmt.Fprintf(&b, " [%s: %d]", k, r.Refusals[k])
	}
	if r.Flooded != nil {
		fmt.Fprintf(&b, "\n%s", r.Flooded)
	}
	return b.String()
}

// String is p50/p99 in milliseconds.
func (l Latency) String() string { return fmt.Sprintf("%.0f/%.0f ms", l.P50, l.P99) }

// rss is the largest operator's.
func (u Usage) rss() float64 {
	if len(u.RSS) == 0 {
		return 0
	}
	return slices.Max(u.RSS)
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Table prints all runs below each other, in Markdown.
func (r *Report) Table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 1, ' ', 0)
	fmt.Fprintln(w, "| mode\t| offered/s\t| committed/s\t| lost\t| accepted p50/p99 ms\t| ordered p50/p99 ms\t| executed p50/p99 ms\t| CPU operators\t| CPU load\t| RSS max MiB\t| wire MB/s\t| interval ms\t| load avg\t|")
	fmt.Fprintln(w, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	class := func(l *Latency) string {
		if l == nil {
			return "-"
		}
		return fmt.Sprintf("%.0f / %.0f", l.P50, l.P99)
	}
	for _, x := range r.Runs {
		fmt.Fprintf(w, "| %s\t| %.0f\t| %.0f\t| %d\t| %s\t| %s\t| %s\t| %.2f\t| %.2f\t| %.0f\t| %.1f\t| %.0f\t| %.1f\t|\n",
			x.Mode, x.Offered, x.Committed, x.Lost, class(x.Accepted), class(&x.Ordered), class(x.Executed),
			x.Usage.Operators, x.Usage.Load, x.Usage.rss(), x.Usage.Wire, x.Interval, x.Usage.LoadAvg)
	}
	return w.Flush()
}
