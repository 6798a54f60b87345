package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/node/ledger"
)

func devnetFlag() cli.Flag {
	return &cli.PathFlag{Name: "devnet", Usage: "folder of a devnet: its first operator and its first account are used", EnvVars: env("devnet-dir")}
}

func expiryFlag() cli.Flag {
	return &cli.Uint64Flag{Name: "expires-in", Usage: "heights until the transaction expires", Value: 100}
}

// payerFlags name the key that pays and signs.
func payerFlags() []cli.Flag {
	return []cli.Flag{
		&cli.PathFlag{Name: "key-file", Usage: "file with the payer's private key, hexadecimal", EnvVars: env("key-file")},
		&cli.PathFlag{Name: "keystore", Usage: "encrypted keystore with the payer's key, instead of --key-file", EnvVars: env("keystore")},
		passwordFlag(),
	}
}

// actFlags are the settings of every verb that sends an action to the ledger.
func actFlags(more ...cli.Flag) []cli.Flag {
	flags := append([]cli.Flag{rpcFlag(), devnetFlag(), jsonFlag()}, payerFlags()...)
	return append(append(flags, expiryFlag(), &cli.Uint64Flag{Name: "tip", Usage: "wei per byte on top of the fee"}), more...)
}

// askFlags are the settings of every verb that reads the ledger.
func askFlags(more ...cli.Flag) []cli.Flag {
	return append([]cli.Flag{rpcFlag(), devnetFlag(), jsonFlag()}, more...)
}

func proofFlag() cli.Flag {
	return &cli.PathFlag{Name: "proof", Usage: "write the proof to this file; lockstep verify checks it"}
}

// payer reads the key that pays and signs. Of the verbs that have --home, its first key is one.
func payer(c *cli.Context) (*ecdsa.PrivateKey, error) {
	if path := c.Path("keystore"); path != "" {
		if c.Path("key-file") != "" {
			return nil, errors.New("give either --keystore or --key-file")
		}
		return unlock(c, path)
	}
	if path := c.Path("key-file"); path != "" {
		return readKey(path)
	}
	if home := c.Path(flagHome); home != "" {
		return unlock(c, filepath.Join(keysDir(home), keys.OperatorFile))
	}
	dir := c.Path("devnet")
	if dir == "" {
		return nil, errors.New("who pays? give --key-file, --keystore or --devnet")
	}
	accounts, err := readAccounts(dir)
	if err != nil {
		return nil, fmt.Errorf("read devnet's accounts: %w", err)
	}
	return parseKey(accounts[0].Key)
}

// unlock opens a keystore with --password-file, LOCKSTEP_PASSWORD, or the file "password" beside it.
func unlock(c *cli.Context, path string) (*ecdsa.PrivateKey, error) {
	file := c.Path(flagPassword)
	if file == "" {
		file = filepath.Join(filepath.Dir(path), passwordFile)
	}
	pw, ok := os.LookupEnv("LOCKSTEP_PASSWORD")
	if !ok || c.Path(flagPassword) != "" {
		var err error
		if pw, err = keys.ReadPassword(file); err != nil {
			return nil, missing(err, "give --"+flagPassword+" or set LOCKSTEP_PASSWORD")
		}
	}
	key, err := keys.LoadOperator(path, pw)
	if err != nil {
		return nil, err
	}
	return key.PrivateKey(), nil
}

// sign makes a transaction of the legs, with what it takes to be in one of the next blocks.
func sign(c *cli.Context, node *client.Client, legs []tx.Leg, key *ecdsa.PrivateKey) (tx.Verified, error) {
	return signFor(c.Context, node, legs, key, c.Uint64("expires-in"), c.Uint64("tip"))
}

// signFor is sign for so many heights, at most as many as the network allows, with a tip in wei per byte.
func signFor(ctx context.Context, node *client.Client, legs []tx.Leg, key *ecdsa.PrivateKey, heights, tip uint64) (tx.Verified, error) {
	g, err := node.Genesis(ctx)
	if err != nil {
		return tx.Verified{}, fmt.Errorf("ask for the genesis: %w", err)
	}
	s, err := node.Status(ctx)
	if err != nil {
		return tx.Verified{}, fmt.Errorf("ask for the status: %w", err)
	}
	var args api.FeeArgs
	for _, l := range legs {
		args.Namespaces, args.Legs = append(args.Namespaces, l.Namespace), append(args.Legs, len(l.Data))
		args.Bundle = args.Bundle || l.Namespace != legs[0].Namespace
	}
	if !args.Bundle {
		args.Namespaces = args.Namespaces[:1]
	}
	fee, err := node.EstimateFee(ctx, args)
	if err != nil {
		return tx.Verified{}, fmt.Errorf("ask for the fee: %w", err)
	}
	var salt [8]byte
	_, _ = rand.Read(salt[:]) // never fails
	return tx.Sign(tx.Fields{
		ChainID: g.Document.ChainID, Salt: binary.BigEndian.Uint64(salt[:]), Expiry: s.Head + min(heights, g.Document.Params.ExpiryWindow),
		Legs: legs, MaxFeePerByte: fee.MaxFeePerByte, Tip: tip,
	}, key)
}

// builder makes an action of the command line, and asks the operator for what it needs to know. me is the payer.
type builder func(c *cli.Context, node *client.Client, me common.Address) (action.Action, error)

// doing is a verb that sends one action to the ledger, signed and paid by the key that the flags name.
func doing(build builder) cli.ActionFunc {
	return func(c *cli.Context) error {
		key, err := payer(c)
		if err != nil {
			return err
		}
		return asking(func(c *cli.Context, node *client.Client) error {
			a, err := build(c, node, owner(key))
			if err != nil {
				return err
			}
			return act(c, node, key, a)
		})(c)
	}
}

// asking is a verb that talks to an operator.
func asking(verb func(c *cli.Context, node *client.Client) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		node, err := sequencer(c)
		if err != nil {
			return err
		}
		defer node.Close()
		return verb(c, node)
	}
}

// act signs and delivers actions in one transaction. An action that the ledger let fail is an error, with its code; its fee is paid.
func act(c *cli.Context, node *client.Client, key *ecdsa.PrivateKey, actions ...action.Action) error {
	legs, err := actionLegs(actions)
	if err != nil {
		return err
	}
	signed, err := sign(c, node, legs, key)
	if err != nil {
		return err
	}
	return deliver(c, node, signed)
}

// deliver sends a transaction, waits until it is certified, and prints what became of it.
func deliver(c *cli.Context, node *client.Client, signed tx.Verified) error {
	sent, err := node.SendTransaction(c.Context, signed)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if !c.Bool("json") {
		fmt.Fprintf(c.App.Writer, "sent %s (%s)\n", sent.ID, sent.Acknowledged)
	}
	t, err := awaitCertified(c.Context, node, sent.ID)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = printJSON(c, t)
	} else {
		printTransaction(c, t)
	}
	if len(t.Failures) > 0 {
		return fmt.Errorf("the action did nothing: %s; its fee is paid", t.Failures[0].Code)
	}
	return err
}

// actionLegs are the legs that say actions to the ledger.
func actionLegs(actions []action.Action) ([]tx.Leg, error) {
	legs := make([]tx.Leg, len(actions))
	for i, a := range actions {
		data, err := action.Encode(a)
		if err != nil {
			return nil, err
		}
		legs[i] = tx.Leg{Namespace: namespaces.Ledger(), Data: data}
	}
	return legs, nil
}

// owner is the address of a payer.
func owner(key *ecdsa.PrivateKey) common.Address { return crypto.PubkeyToAddress(key.PublicKey) }

// refused is an action that the ledger would refuse with a code: it is not sent, and costs nothing.
func refused(code tx.Code, format string, args ...any) error {
	return fmt.Errorf("not sent: %w", tx.NewReject(code, format, args...))
}

// oneArgument reads the one argument of a verb. Flags stand before it.
func oneArgument(c *cli.Context, what string) (string, error) {
	if c.NArg() != 1 {
		return "", fmt.Errorf("want one %s, have %d arguments; flags stand before it", what, c.NArg())
	}
	return c.Args().First(), nil
}

func parseAddress(flag, s string) (common.Address, error) {
	if !common.IsHexAddress(s) {
		return common.Address{}, fmt.Errorf("%s %q is no address: want 0x and 40 hexadecimal digits", flag, s)
	}
	return common.HexToAddress(s), nil
}

func amountFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "amount", Usage: usage + ", in ether", Required: true}
}

// amount is the value of the flag --amount in wei.
func amount(c *cli.Context) (*uint256.Int, error) {
	wei, err := parseEther(c.String("amount"))
	if err != nil {
		return nil, fmt.Errorf("--amount: %w", err)
	}
	out, overflow := uint256.FromBig(wei)
	if overflow {
		return nil, fmt.Errorf("--amount: %q is more than there can be", c.String("amount"))
	}
	if out.IsZero() {
		return nil, refused(ledger.ZeroAmount, "--amount: nothing to move")
	}
	return out, nil
}

// inEther writes wei as ether, exactly.
func inEther(wei *uint256.Int) string {
	var whole, rest uint256.Int
	whole.DivMod(wei, uint256.NewInt(1e18), &rest)
	if rest.IsZero() {
		return whole.Dec() + " ether"
	}
	digits := fmt.Sprintf("%018s", rest.Dec())
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return whole.Dec() + "." + digits + " ether"
}

// saveProof writes a proof for others to read.
func saveProof(path string, d *proof.Document) error {
	raw, err := d.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Clean(path), raw, 0o644); err != nil { //nolint:gosec // meant for others
		return fmt.Errorf("write proof: %w", err)
	}
	return nil
}
