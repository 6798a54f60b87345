package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api/client"
	"github.com/lockstep-network/lockstep/node/keys"
)

func operatorKeysCommand() *cli.Command {
	return &cli.Command{
		Name: "keys", Usage: "show the consensus keys of --home, and make one to rotate to",
		Flags: []cli.Flag{
			homeFlags()[0], passwordFlag(), jsonFlag(),
			&cli.BoolFlag{Name: "new", Usage: "make a further key; the running node opens it once the ledger names it, with the password that it was started with"},
			&cli.BoolFlag{Name: "light", Usage: "weak key derivation: for development only"},
			addressFlag("owner", "print the proof that this account may use a key: what lockstep operator rotate --statement takes on the owner's host"),
			&cli.BoolFlag{Name: "node", Usage: "with --owner: print instead the proof that this account's record may name the node of --home, what lockstep operator update --node takes"},
			addressFlag("key", "of which --owner prints the proof (default: the one that --new has made)"),
		},
		Action: operatorKeys,
	}
}

// keyLine is a consensus key as `operator keys` shows it.
type keyLine struct {
	Address   common.Address `json:"address"`
	Statement string         `json:"statement,omitempty"` // KEY:PROOF, for an owner
}

func operatorKeys(c *cli.Context) error {
	if c.Bool("node") {
		return nodeStatement(c)
	}
	folder, err := homeKeys(c)
	if err != nil {
		return err
	}
	var chosen common.Address
	if c.Bool("new") {
		strength := keys.Standard
		if c.Bool("light") {
			strength = keys.Light
		}
		made, err := folder.Create(strength)
		if err != nil {
			return err
		}
		chosen = made.Address()
	}
	if chosen, err = addressOr(c, "key", chosen); err != nil {
		return err
	}
	statement := ""
	if s := c.String("owner"); s != "" {
		if statement, err = keyStatement(c, folder, chosen, s); err != nil {
			return err
		}
	}
	there, err := addresses(c, folder)
	if err != nil {
		return err
	}
	lines := make([]keyLine, 0, len(there))
	for _, a := range there {
		l := keyLine{Address: a}
		if a == chosen {
			l.Statement = statement
		}
		lines = append(lines, l)
	}
	if c.Bool("json") {
		return printJSON(c, lines)
	}
	for _, l := range lines {
		fmt.Fprintln(c.App.Writer, strings.TrimSpace(l.Address.Hex()+" "+l.Statement))
	}
	return nil
}

// keyStatement is KEY:PROOF of a key for an owner, in the network of --home's genesis.
func keyStatement(c *cli.Context, folder keys.Folder, which common.Address, owner string) (string, error) {
	if which == (common.Address{}) {
		return "", errors.New("--owner needs --key or --new")
	}
	of, err := parseAddress("--owner", owner)
	if err != nil {
		return "", err
	}
	g, err := readGenesis(c.Path(flagHome))
	if err != nil {
		return "", err
	}
	key, err := folder.Open(which)
	if err != nil {
		return "", err
	}
	proof, err := signKey(key, g.ChainID, of)
	return hexutil.Encode(key.PublicKey()) + ":" + hexutil.Encode(proof[:]), err
}

// nodeStatement prints PEER_ID:PROOF of the node of --home for an owner, in the network of its genesis.
func nodeStatement(c *cli.Context) error {
	of, err := parseAddress("--owner", c.String("owner"))
	if err != nil {
		return err
	}
	home := c.Path(flagHome)
	g, err := readGenesis(home)
	if err != nil {
		return err
	}
	key, err := homeNode(home)
	if err != nil {
		return err
	}
	proof := key.Prove(g.ChainID, of)
	_, err = fmt.Fprintf(c.App.Writer, "%s:%s\n", key.PeerID(), hexutil.Encode(proof[:]))
	return err
}

// homeNode is the node key of a home.
func homeNode(home string) (*keys.Node, error) {
	return keys.LoadNode(filepath.Join(keysDir(home), keys.NodeFile))
}

func parseNodeStatement(s string) (peerID string, proof action.NodeProof, err error) {
	peerID, text, ok := strings.Cut(s, ":")
	if _, err := action.ParsePeerID(peerID); err != nil || !ok || decodeInto(proof[:], text) != nil {
		return "", proof, fmt.Errorf("--node: want PEER_ID:PROOF, of which the proof is 0x and %d bytes", len(proof))
	}
	return peerID, proof, nil
}

// signKey is the proof that an owner may use a key (specs/09-operators.md, "Operator").
func signKey(key *keys.Operator, chainID string, owner common.Address) (tx.Signature, error) {
	digest := action.KeyDigest(chainID, owner)
	raw, err := crypto.Sign(digest[:], key.PrivateKey())
	if err != nil {
		return tx.Signature{}, fmt.Errorf("sign proof of key %s: %w", key, err)
	}
	return tx.Signature(raw), nil
}

// homeKeys are the consensus keys of --home. Their password is --password-file's, unless that opens --keystore.
func homeKeys(c *cli.Context) (keys.Folder, error) {
	home := c.Path(flagHome)
	if home == "" {
		return keys.Folder{}, errors.New("--home is missing")
	}
	dir := keysDir(home)
	if c.Path("keystore") != "" {
		pw, err := keys.ReadPassword(filepath.Join(dir, passwordFile))
		return keys.NewFolder(dir, pw), missing(err, "with --keystore, the password of --home's keys is read from that file")
	}
	pw, err := password(c)
	return keys.NewFolder(dir, pw), err
}

// addresses lists a folder's keys, and warns of what cannot be read.
func addresses(c *cli.Context, folder keys.Folder) ([]common.Address, error) {
	there, skipped, err := folder.Addresses()
	for _, s := range skipped {
		fmt.Fprintf(c.App.ErrWriter, "left out: %v\n", s)
	}
	return there, err
}

// proveKey opens a key of the folder and signs its proof for an owner, in the network that the operator serves.
func proveKey(c *cli.Context, node *client.Client, folder keys.Folder, which, owner common.Address) (action.Key, tx.Signature, error) {
	g, err := node.Genesis(c.Context)
	if err != nil {
		return action.Key{}, tx.Signature{}, fmt.Errorf("ask for the genesis: %w", err)
	}
	key, err := folder.Open(which)
	if err != nil {
		return action.Key{}, tx.Signature{}, err
	}
	proof, err := signKey(key, g.Document.ChainID, owner)
	return action.Key(key.PublicKey()), proof, err
}

func rotateOperator(c *cli.Context, node *client.Client, me common.Address) (action.Action, error) {
	if s := c.String("statement"); s != "" {
		return parseStatement(s)
	}
	folder, err := homeKeys(c)
	if err != nil {
		return nil, err
	}
	which, err := addressOr(c, "key", common.Address{})
	if err == nil && which == (common.Address{}) {
		which, err = unusedKey(c, node, folder, me)
	}
	if err != nil {
		return nil, err
	}
	a := new(action.OperatorRotate)
	a.Key, a.Proof, err = proveKey(c, node, folder, which, me)
	return a, err
}

// unusedKey is the one further key of the folder that the owner's operator does not have.
func unusedKey(c *cli.Context, node *client.Client, folder keys.Folder, me common.Address) (common.Address, error) {
	there, err := addresses(c, folder)
	if err != nil {
		return common.Address{}, err
	}
	o, err := operatorOf(c, node, me)
	if err != nil {
		return common.Address{}, err
	}
	var unused []common.Address
	for _, a := range there[min(1, len(there)):] {
		if a != o.Address && !isKey(a, o.Key) && !isKey(a, o.NextKey) {
			unused = append(unused, a)
		}
	}
	if len(unused) != 1 {
		return common.Address{}, fmt.Errorf("%s holds %d keys that could be next: name one by --key, or make it with `lockstep operator keys --new`", folder, len(unused))
	}
	return unused[0], nil
}

// isKey says whether a compressed key, which may be empty, has the address.
func isKey(a common.Address, compressed []byte) bool {
	key, err := crypto.DecompressPubkey(compressed)
	return err == nil && crypto.PubkeyToAddress(*key) == a
}

func parseStatement(s string) (*action.OperatorRotate, error) {
	a := new(action.OperatorRotate)
	key, proof, ok := strings.Cut(s, ":")
	if !ok || decodeInto(a.Key[:], key) != nil || decodeInto(a.Proof[:], proof) != nil {
		return nil, fmt.Errorf("--statement: want KEY:PROOF, 0x and %d bytes, 0x and %d bytes", len(a.Key), len(a.Proof))
	}
	return a, nil
}

// decodeInto reads hexadecimal digits of just so many bytes.
func decodeInto(out []byte, s string) error {
	raw, err := hexutil.Decode(s)
	if err == nil && len(raw) != len(out) {
		err = fmt.Errorf("%d bytes, want %d", len(raw), len(out))
	}
	copy(out, raw)
	return err
}

func reportOperator(c *cli.Context, _ *client.Client, _ common.Address) (action.Action, error) {
	votes := c.StringSlice("vote")
	if len(votes) != 2 {
		return nil, fmt.Errorf("want --vote twice, have %d", len(votes))
	}
	a := &action.Report{Height: c.Uint64("height"), Round: c.Uint64("round")}
	for i, into := range []struct{ hash, signature []byte }{{a.HashA[:], a.SignatureA[:]}, {a.HashB[:], a.SignatureB[:]}} {
		hash, signature, ok := strings.Cut(votes[i], ":")
		if !ok || decodeInto(into.hash, hash) != nil || decodeInto(into.signature, signature) != nil {
			return nil, fmt.Errorf("--vote %q: want HASH:SIGNATURE, 0x and 32 bytes, 0x and 65 bytes", votes[i])
		}
	}
	return a, nil
}
