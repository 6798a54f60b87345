package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/urfave/cli/v2"
	"github.com/urfave/cli/v2/altsrc"

	"github.com/lockstep-network/lockstep/node/keys"
)

// Names of the files in a home folder.
const (
	configFile   = "config.toml"
	genesisFile  = "genesis.json"
	keysFolder   = "keys"
	dataFolder   = "data"
	passwordFile = "password"
)

const (
	flagHome     = "home"
	flagConfig   = "config"
	flagPassword = "password-file"
	flagLogLevel = "log-level"
	flagLogJSON  = "log-json"
)

// Settings that operators and rollup nodes share.
const (
	flagP2PListen     = "p2p-listen"
	flagP2PAnnounce   = "p2p-announce"
	flagBootstrap     = "bootstrap"
	flagRPCListen     = "rpc-listen"
	flagRPCOrigins    = "rpc-origins"
	flagMetricsListen = "metrics-listen"
	flagPprofListen   = "pprof-listen"
	flagDA            = "da"
)

// env names the environment variable of a flag.
func env(flag string) []string {
	return []string{"LOCKSTEP_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))}
}

// homeFlags are the settings of every verb that has a home folder. They cannot stand in the config file, which lies in it.
func homeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.PathFlag{Name: flagHome, Usage: "folder of keys, genesis, settings and data", EnvVars: env(flagHome), Required: true},
		&cli.PathFlag{Name: flagConfig, Usage: "settings file (TOML)", EnvVars: env(flagConfig), DefaultText: "HOME/" + configFile},
	}
}

// checkHome says first what else would show as one missing file after the other.
func checkHome(home string) error {
	if info, err := os.Stat(home); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no home folder %s: `lockstep init network` or `lockstep keys new` makes one", home)
	}
	return nil
}

// nodeFlags are the settings of every process that stays: where it lies, listens, logs and reads the DA layer. A verb adds its own.
func nodeFlags(rpc, rpcUsage, daUsage string) []cli.Flag {
	flags := append(homeFlags(), passwordFlag(),
		list(flagP2PListen, "libp2p multiaddresses to listen on"),
		list(flagP2PAnnounce, "libp2p multiaddresses that others are told, if they differ"),
		list(flagBootstrap, "libp2p multiaddresses with /p2p/ ids to enter the network by, beside the operators'"),
		text(flagRPCListen, rpc, rpcUsage),
		list(flagRPCOrigins, "browsers' origins that may use the RPC, * for any"),
		text(flagMetricsListen, "", "host:port of /metrics for Prometheus; empty for none"),
		text(flagPprofListen, "", "host:port of Go's profiles, which tell much about this process: keep it to yourself; empty for none"),
		text(flagDA, "", daUsage),
	)
	return append(append(flags, daFlags()...), logFlags()...)
}

func listenersOf(c *cli.Context) listeners {
	return listeners{metrics: c.String(flagMetricsListen), profiles: c.String(flagPprofListen)}
}

func logFlags() []cli.Flag {
	return []cli.Flag{
		text(flagLogLevel, "info", "debug, info, warn or error"),
		boolean(flagLogJSON, "write the log as JSON lines"),
	}
}

func text(name, value, usage string) cli.Flag {
	return altsrc.NewStringFlag(&cli.StringFlag{Name: name, Value: value, Usage: usage, EnvVars: env(name)})
}

func list(name, usage string) cli.Flag {
	return altsrc.NewStringSliceFlag(&cli.StringSliceFlag{Name: name, Usage: usage, EnvVars: env(name)})
}

func boolean(name, usage string) cli.Flag {
	return altsrc.NewBoolFlag(&cli.BoolFlag{Name: name, Usage: usage, EnvVars: env(name)})
}

// duration is a setting whose default, which is only shown here, belongs to the part that it is for.
func duration(name, shown, usage string) cli.Flag {
	return altsrc.NewDurationFlag(&cli.DurationFlag{Name: name, Usage: usage, DefaultText: shown, EnvVars: env(name)})
}

func number(name string, value uint64, usage string) cli.Flag {
	return altsrc.NewUint64Flag(&cli.Uint64Flag{Name: name, Value: value, Usage: usage, EnvVars: env(name)})
}

// fromFile gives flags that neither the command line nor the environment set the values of the settings file. A key that is no flag's name is
// an error: a misspelt setting must not become a default.
func fromFile(flags []cli.Flag) cli.BeforeFunc {
	return func(c *cli.Context) error {
		path := c.Path(flagConfig)
		if path == "" {
			path = filepath.Join(c.Path(flagHome), configFile)
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				return nil
			}
		}
		var known []string
		for _, f := range flags {
			known = append(known, f.Names()...)
		}
		var keys map[string]any
		if _, err := toml.DecodeFile(path, &keys); err != nil {
			return fmt.Errorf("read settings %s: %w", path, err)
		}
		for k := range keys {
			if !slices.Contains(known, k) || k == flagHome || k == flagConfig {
				return fmt.Errorf("read settings %s: %q is no setting of this verb", path, k)
			}
		}
		source, err := altsrc.NewTomlSourceFromFile(path)
		if err != nil {
			return fmt.Errorf("read settings %s: %w", path, err)
		}
		return altsrc.ApplyInputSourceValues(c, source, flags)
	}
}

func logger(c *cli.Context) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.String(flagLogLevel))); err != nil {
		return nil, fmt.Errorf("--%s: %w", flagLogLevel, err)
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.Bool(flagLogJSON) {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts)), nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts)), nil
}

// password reads the keystore's password: from --password-file, from LOCKSTEP_PASSWORD, or from the file "password" beside the keys.
func password(c *cli.Context) (string, error) {
	if path := c.Path(flagPassword); path != "" {
		return keys.ReadPassword(path)
	}
	if p, ok := os.LookupEnv("LOCKSTEP_PASSWORD"); ok {
		return p, nil
	}
	path := filepath.Join(c.Path(flagHome), keysFolder, passwordFile)
	p, err := keys.ReadPassword(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no password for the keystore: give --%s, set LOCKSTEP_PASSWORD, or write %s", flagPassword, path)
	}
	return p, err
}

func passwordFlag() cli.Flag {
	return &cli.PathFlag{Name: flagPassword, Usage: "file whose first line opens the keystore (or set LOCKSTEP_PASSWORD)", EnvVars: env(flagPassword)}
}

// version is the module's version and the commit that it was built from, as far as the build recorded them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 && !strings.Contains(v, s.Value[:12]) {
			v += " " + s.Value[:12]
		}
	}
	return v
}
