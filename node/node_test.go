package node

import (
	"strings"
	"testing"
)

// An operator that has blocks and has lost what it signed must not start: it could sign twice.
func TestLostSigningStateIsRefused(t *testing.T) {
	c := Config{Home: t.TempDir()}
	if _, err := c.engine(7); err == nil || !strings.Contains(err.Error(), "what this operator has signed") {
		t.Errorf("error %v", err)
	}
}
