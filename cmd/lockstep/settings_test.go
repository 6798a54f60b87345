package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// settle runs a verb with every kind of setting in a home folder with the given settings file, and returns what it was given.
func settle(t *testing.T, file string, env map[string]string, args ...string) (string, error) {
	t.Helper()
	home := t.TempDir()
	if file != "" {
		if err := os.WriteFile(filepath.Join(home, configFile), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for k, v := range env {
		t.Setenv(k, v)
	}
	flags := append(homeFlags(),
		text(flagRPCListen, "default:1", ""), list(flagBootstrap, ""), boolean(flagPublish, ""), duration(flagPublishAge, "1s", ""), number(flagKeepBlocks, 7, ""))
	var got string
	app := &cli.App{Commands: []*cli.Command{{Name: "verb", Flags: flags, Before: fromFile(flags), Action: func(c *cli.Context) error {
		got = fmt.Sprint(c.String(flagRPCListen), c.StringSlice(flagBootstrap), c.Bool(flagPublish), c.Duration(flagPublishAge), c.Uint64(flagKeepBlocks))
		return nil
	}}}}
	return got, app.RunContext(t.Context(), append([]string{"lockstep", "verb", "--home", home}, args...))
}

const everySetting = `
rpc-listen = "file:1"
bootstrap = ["/file/1", "/file/2"]
publish = true
publish-age = "3s"
keep-blocks = 3000
`

// The first that is set counts: flag, environment, file, default; for every kind of setting.
func TestSettingsPrecedence(t *testing.T) {
	env := map[string]string{
		"LOCKSTEP_RPC_LISTEN": "env:1", "LOCKSTEP_BOOTSTRAP": "/env/1", "LOCKSTEP_PUBLISH": "false", "LOCKSTEP_PUBLISH_AGE": "2s", "LOCKSTEP_KEEP_BLOCKS": "2000",
	}
	flags := []string{"--rpc-listen", "flag:1", "--bootstrap", "/flag/1", "--publish=true", "--publish-age", "1s", "--keep-blocks", "1000"}
	for _, c := range []struct {
		name, file string
		env        map[string]string
		flags      []string
		want       string
	}{
		{"defaults", "", nil, nil, "default:1[]false" + time.Duration(0).String() + "7"},
		{"file", everySetting, nil, nil, "file:1[/file/1 /file/2]true3s3000"},
		{"environment before file", everySetting, env, nil, "env:1[/env/1]false2s2000"},
		{"flag before environment", everySetting, env, flags, "flag:1[/flag/1]true1s1000"},
		{"flag before file", everySetting, nil, flags, "flag:1[/flag/1]true1s1000"},
		{"each by itself", `rpc-listen = "file:1"`, map[string]string{"LOCKSTEP_KEEP_BLOCKS": "2000"}, []string{"--publish"}, "file:1[]true0s2000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := settle(t, c.file, c.env, c.flags...)
			if got = strings.ReplaceAll(got, " ", ""); err != nil || got != strings.ReplaceAll(c.want, " ", "") {
				t.Errorf("%s, %v, want %s", got, err, c.want)
			}
		})
	}
}

// A setting that is misspelt, of another kind, or out of place is an error, never a default.
func TestBadSettingsAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"misspelt":        {`rpc-listn = "x"`, `"rpc-listn" is no setting`},
		"in a table":      {"[rpc]\nlisten = \"x\"", `"rpc" is no setting`},
		"home in itself":  {`home = "/elsewhere"`, `"home" is no setting`},
		"twice":           {"publish = true\npublish = false", "already been defined"},
		"not TOML":        {"publish: true", "read settings"},
		"text for number": {`keep-blocks = "many"`, "keep-blocks"},
		"below zero":      {`keep-blocks = -1`, "keep-blocks"},
		"number for text": {`rpc-listen = 7`, "rpc-listen"},
		"bad duration":    {`publish-age = "soon"`, "publish-age"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := settle(t, c.file, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("settings %s, error %v, want one with %q", got, err, c.want)
			}
		})
	}
	if _, err := settle(t, "", nil, "--config", "/does/not/exist"); err == nil {
		t.Error("a settings file that is named and missing is passed over")
	}
}

// Each verb and each of its settings says what it is for; no two settings of a verb read one environment variable.
func TestEveryVerbIsExplained(t *testing.T) {
	var walk func(path string, commands []*cli.Command)
	walk = func(path string, commands []*cli.Command) {
		for _, c := range commands {
			name := path + " " + c.Name
			if c.Usage == "" {
				t.Errorf("%s does not say what it does", name)
			}
			variables := make(map[string]string)
			for _, f := range c.Flags {
				if d, ok := f.(cli.DocGenerationFlag); !ok || d.GetUsage() == "" {
					t.Errorf("%s --%s does not say what it is for", name, f.Names()[0])
				} else {
					if strings.Contains(d.GetUsage(), "`") { // the library takes what stands in them for the value's name
						t.Errorf("%s --%s has backquotes in its text", name, f.Names()[0])
					}
					for _, v := range d.GetEnvVars() {
						if other := variables[v]; other != "" {
							t.Errorf("%s: --%s and --%s both read %s", name, other, f.Names()[0], v)
						}
						variables[v] = f.Names()[0]
					}
				}
			}
			walk(name, c.Subcommands)
		}
	}
	walk("lockstep", slices.DeleteFunc(app().Commands, func(c *cli.Command) bool { return c.Name == "bench" })) // a developer's tool
}

func TestUnknownVerbsAndArgumentsAreRefused(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"nonsense", `no verb "nonsense": lockstep --help`},
		{"rollup nonsense", `no verb "nonsense": lockstep rollup --help`},
		{"devnet here --reset", `devnet takes no argument "here"`},
		{"status http://127.0.0.1:1", `status takes no argument "http://127.0.0.1:1"`},
		{"start --home /does/not/exist", "no home folder /does/not/exist"},
		{"rollup start --home /does/not/exist", "no home folder /does/not/exist"},
		{"bundle show 0x12", "want one transaction id"},
		{"bundle send --leg 0x01", "who pays"},
		{"account", "want one address"},
		{"account 0x12", `account "0x12" is no address`},
		{"ns register --key-file /does/not/exist 0x01", "read key"},
		{"ns register 0x01", "who pays"},
		{"ns register --key-file KEY --policy closed 0x01", `--policy "closed"`},
		{"ns register --key-file KEY --policy gated 0x01", "0 gateways"},
		{"ns register --key-file KEY --policy gated --gateway 0x12 0x01", `--gateway "0x12" is no address`},
		{"ns register --key-file KEY --policy owned 0x01", "an owned lane has a key"},
		{"ns register --key-file KEY --order size 0x01", `order "size"`},
		{"ns register --key-file KEY --quota 1 0x01", "a quota is for a gated lane"},
		{"ns register --key-file KEY --owner me 0x01", `--owner "me" is no address`},
		{"ns register 0x01 --key-file KEY", "flags stand before it"},
		{"ns exit --key-file KEY 0xzz", "parse namespace"},
		{"ns show", "want one namespace"},
		{"ns list 0x01", `list takes no argument "0x01"`},
		{"devnet --dir /does/not/exist --operators 17", "want 1 to 16 operators"},
		{"init network --out /does/not/exist --operator nowhere", "want IP:PORT"},
	} {
		t.Run(c.args, func(t *testing.T) {
			a := app()
			a.Writer, a.ErrWriter = &strings.Builder{}, &strings.Builder{}
			err := a.RunContext(context.WithoutCancel(t.Context()), append([]string{"lockstep"}, strings.Fields(strings.ReplaceAll(c.args, "KEY", keyFile(t)))...))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// What another process reaches for the executor is said to be ignored where it is listed.
func TestExecutorHelpNamesWhatItIgnores(t *testing.T) {
	var help strings.Builder
	app := &cli.App{Writer: &help, Commands: []*cli.Command{rollupExecutorCommand()}}
	if err := app.RunContext(t.Context(), []string{"lockstep", "executor", "--help"}); err != nil {
		t.Fatal(err)
	}
	_, said, _ := strings.Cut(help.String(), "it ignores ")
	said, _, _ = strings.Cut(said, ":")
	for _, name := range []string{flagP2PListen, flagP2PAnnounce, flagBootstrap, flagDA} {
		if !strings.Contains(said, "--"+name) || !strings.Contains(help.String(), "--"+name+" value") {
			t.Errorf("--%s is not said to be ignored, or not listed any more:\n%s", name, help.String())
		}
	}
}
