package tunlan

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Usage is the grammar of the lines that [Serve] reads.
const Usage = `cut A B                       stop all packets between hosts A and B, both ways (0 = every host)
heal A B                      undo it
set A B DELAY [LOSS [JITTER]] change the weather, as in: set 1 2 25ms 0.01 2ms
quit`

// control is what a line of Serve acts on; a LAN is one.
type control interface {
	Cut(a, b int) error
	Heal(a, b int) error
	Set(a, b int, w Weather) error
}

var (
	errQuit  = errors.New("quit")
	errUsage = errors.New("not a command")
)

// Serve carries out one command a line until quit or the end of in. It answers each with "ok <line>" or "error <why>": a bad
// line changes nothing and stops nothing.
func Serve(l control, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		err := command(l, strings.Fields(line))
		if errors.Is(err, errQuit) {
			return nil
		}
		answer := "ok " + line
		if err != nil {
			answer = fmt.Sprintf("error %s: %v", line, err)
		}
		if _, err := fmt.Fprintln(out, answer); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	return lines.Err()
}

func command(l control, f []string) error {
	if f[0] == "quit" && len(f) == 1 {
		return errQuit
	}
	if len(f) < 3 {
		return errUsage
	}
	a, err := strconv.Atoi(f[1])
	if err != nil {
		return fmt.Errorf("host: %w", err)
	}
	b, err := strconv.Atoi(f[2])
	if err != nil {
		return fmt.Errorf("host: %w", err)
	}
	switch {
	case f[0] == "cut" && len(f) == 3:
		return l.Cut(a, b)
	case f[0] == "heal" && len(f) == 3:
		return l.Heal(a, b)
	case f[0] == "set" && len(f) >= 4 && len(f) <= 6:
		w, err := parseWeather(f[3:])
		if err != nil {
			return err
		}
		return l.Set(a, b, w)
	}
	return errUsage
}

// parseWeather reads DELAY [LOSS [JITTER]].
func parseWeather(f []string) (w Weather, err error) {
	if w.Delay, err = time.ParseDuration(f[0]); err != nil {
		return w, fmt.Errorf("delay: %w", err)
	}
	if len(f) > 1 {
		if w.Loss, err = strconv.ParseFloat(f[1], 64); err != nil {
			return w, fmt.Errorf("loss: %w", err)
		}
	}
	if len(f) > 2 {
		if w.Jitter, err = time.ParseDuration(f[2]); err != nil {
			return w, fmt.Errorf("jitter: %w", err)
		}
	}
	return w, nil
}
