package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/da/celestia"
	"github.com/lockstep-network/lockstep/da/dial"
)

// Settings of the DA layer beside its URL.
const (
	flagDAFrom      = "da-from"
	flagDATokenFile = "da-token-file"
	flagDAArchives  = "da-archives"

	flagCelestiaGasPrice = "celestia-max-gas-price"
	flagCelestiaSpend    = "celestia-spend-per-hour"
	flagCelestiaWei      = "celestia-wei-per-utia"
)

const (
	daTokenVariable = "LOCKSTEP_DA_TOKEN" //nolint:gosec // the name of a variable
	mostToken       = 8 << 10             // bytes of a token file
)

// daFlags are the settings of every process that reads the DA layer.
func daFlags() []cli.Flag {
	return []cli.Flag{
		number(flagDAFrom, 0, "DA height below which the network has written nothing: where to begin to read"),
		text(flagDATokenFile, "", "file with the token of a celestia-node (or set "+daTokenVariable+", which goes before it)"),
		list(flagDAArchives, "URLs of celestia-nodes that are asked, without a token, for what the first has pruned"),
	}
}

// publishFlags are the settings of a process that writes to the DA layer.
func publishFlags() []cli.Flag {
	return []cli.Flag{
		number(flagCelestiaGasPrice, 0, "millionths of a utia that are offered per gas at most; 0 for 200000"),
		number(flagCelestiaSpend, 0, "utia that are spent in any hour at most; 0 for 20000000 (20 TIA)"),
		number(flagCelestiaWei, 0, "wei that a utia is worth, to tell the network what a byte costs; 0 to tell nothing"),
	}
}

// daConfig names the DA layer of a process.
func daConfig(c *cli.Context, log *slog.Logger) (dial.Config, error) {
	url := c.String(flagDA)
	if url == "" {
		return dial.Config{}, nil
	}
	if err := dial.Check(url); err != nil {
		return dial.Config{}, fmt.Errorf("--%s: %w", flagDA, err)
	}
	token, err := daToken(c.String(flagDATokenFile))
	if err != nil {
		return dial.Config{}, err
	}
	return dial.Config{URL: url, Celestia: celestia.Config{
		Token: token, Archives: c.StringSlice(flagDAArchives), WeiPerUtia: c.Uint64(flagCelestiaWei), Log: log,
		Fees: celestia.Fees{MaxGasPrice: c.Uint64(flagCelestiaGasPrice), SpendPerHour: c.Uint64(flagCelestiaSpend)},
	}}, nil
}

// daToken is the token of the environment, or of a file, or none.
func daToken(path string) (celestia.Token, error) {
	if t := strings.TrimSpace(os.Getenv(daTokenVariable)); t != "" || path == "" {
		return celestia.Token(t), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the DA layer's token: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(f, mostToken+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("read the DA layer's token: %w", err)
	}
	t := strings.TrimSpace(string(raw))
	if t == "" || len(raw) > mostToken {
		return "", fmt.Errorf("read the DA layer's token: %s is empty or has more than %d bytes", path, mostToken)
	}
	return celestia.Token(t), nil
}
