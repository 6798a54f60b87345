package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-network/lockstep/da/celestia/celestiatest"
)

// TestDevnetOnCelestia: a devnet publishes to a celestia-node that had blocks before and has pruned the first of them; its rollup becomes firm, and
// a node that reads Celestia alone comes to the same block. The token is in no file and no log.
func TestDevnetOnCelestia(t *testing.T) {
	realProcesses(t)
	const token = "eyJhbGciOiJIUzI1NiJ9.secret.c2VjcmV0"
	layer := celestiatest.New(t, celestiatest.Config{Token: token})
	layer.Advance(50)
	layer.Prune(40)
	url := "celestia+" + layer.URL()
	dir := t.TempDir()
	d := &devnetStory{t: t, dir: filepath.Join(dir, "devnet"), loopback: loopbackHalf(t)}
	small := []string{"--operators", "1", "--rollups", "1", "--da"}

	if said := refused(t, nil, append([]string{"devnet", "--dir", d.dir, "--loopback", d.loopback}, append(small, url)...)...); !strings.Contains(said, "refuses the token") {
		t.Errorf("without a token: %q", said)
	}
	withToken := "celestia+http://:" + token + "@" + strings.TrimPrefix(layer.URL(), "http://")
	if said := refused(t, nil, append([]string{"devnet", "--dir", d.dir, "--loopback", d.loopback}, append(small, withToken)...)...); !strings.Contains(said, "belongs into a file") || strings.Contains(said, token) {
		t.Errorf("with a token in the URL: %q", said)
	}
	d.env = []string{"LOCKSTEP_DA_TOKEN=" + token}
	said, _ := d.up(append(small, url)...)
	if !strings.Contains(said, url) {
		t.Errorf("it does not say where its DA layer is:\n%s", said)
	}

	var description struct{ Rollups []struct{ RPC string } }
	readJSON(t, filepath.Join(d.dir, "network.json"), &description)
	r := &rollup{process: &process{name: "rollup-1"}, home: filepath.Join(d.dir, "rollups", "rollup-1"), url: description.Rollups[0].RPC, env: d.env}
	alone := (&network{t: t, dir: d.dir}).fromDA(r)
	alone.start()
	for _, one := range []*rollup{r, alone} {
		eventually(t, one.name+" has firm blocks", []*process{d.p, alone.process}, func(ctx context.Context) error {
			h, err := one.heads(ctx)
			if err == nil && h.Firm.Height < 20 {
				err = fmt.Errorf("shared block %d is firm", h.Firm.Height)
			}
			return err
		})
	}
	alone.stop()
	d.down(said)
	if layer.Spent() == 0 {
		t.Error("nothing was paid for")
	}
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(token)) {
			t.Errorf("%s holds the token", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
