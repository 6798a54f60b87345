package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/da/dial"
)

// layerOf is the DA layer that a process with these settings opens.
func layerOf(t *testing.T, file string, args ...string) (got dial.Config, from uint64, err error) {
	t.Helper()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, configFile), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := append(nodeFlags("", "", ""), publishFlags()...)
	app := &cli.App{Commands: []*cli.Command{{Name: "verb", Flags: flags, Before: fromFile(flags), Action: func(c *cli.Context) (err error) {
		from = c.Uint64(flagDAFrom)
		got, err = daConfig(c, nil)
		return err
	}}}}
	err = app.RunContext(t.Context(), append([]string{"lockstep", "verb", "--home", home}, args...))
	return got, from, err
}

// TestDASettings: the layer's URL and bounds from file and flags, its token from a file or, before that, from the environment, and never in what is shown.
func TestDASettings(t *testing.T) {
	t.Setenv(daTokenVariable, "")
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("of-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := fmt.Sprintf("da = \"celestia+http://a:1\"\nda-from = 7\nda-token-file = %q\nda-archives = [\"https://b:2\"]\ncelestia-spend-per-hour = 5\n", path)
	got, from, err := layerOf(t, file, "--celestia-max-gas-price", "9000")
	if c := got.Celestia; err != nil || from != 7 || got.URL != "celestia+http://a:1" || string(c.Token) != "of-the-file" || len(c.Archives) != 1 ||
		c.Fees.SpendPerHour != 5 || c.Fees.MaxGasPrice != 9000 {
		t.Fatalf("%+v, %d, %v", got, from, err)
	}
	if _, err := dial.Open(got); err != nil {
		t.Error(err)
	}
	if shown := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(shown, "of-the-file") {
		t.Errorf("the token shows: %s", shown)
	}
	t.Setenv(daTokenVariable, "of-the-environment")
	if got, _, err = layerOf(t, file); err != nil || string(got.Celestia.Token) != "of-the-environment" {
		t.Errorf("%q, %v", string(got.Celestia.Token), err)
	}
	if got, _, err = layerOf(t, ""); err != nil || got.URL != "" || got.Celestia.Token != "" {
		t.Errorf("without a layer: %+v, %v", got, err)
	}
}

func TestBadDASettings(t *testing.T) {
	t.Setenv(daTokenVariable, "")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"belongs into a file":     {"--da", "celestia+http://:s3cret@a:1"},
		"holds a user":            {"--da", "http://:s3cret@a:1"},
		"no such file":            {"--da", "celestia+http://a:1", "--da-token-file", empty + "s3cret"},
		"is empty":                {"--da", "celestia+http://a:1", "--da-token-file", empty},
		"is not http://host:port": {"--da", "celestia+http://"},
	} {
		if _, _, err := layerOf(t, "", args...); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), ":s3cret") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, _, err := layerOf(t, "da-token = \"x\"\n"); err == nil || !strings.Contains(err.Error(), "no setting") {
		t.Errorf("a token in the settings: %v", err)
	}
}
