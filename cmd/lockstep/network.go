package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/rollups/evm"
)

// Files of a rollup node's home and of a generated network.
const (
	rollupGenesisFile = "rollup.json"
	gatewayKeyFile    = "gateway.json"
	networkFile       = "network.json"
	accountsFile      = "accounts.json"
)

// ether is 10^18 wei.
func ether(n uint64) *uint256.Int {
	return new(uint256.Int).Mul(uint256.NewInt(n), uint256.NewInt(1e18))
}

// host is where one process of a generated network listens.
type host struct {
	IP   string
	Base int // first of ten ports
}

func (h host) at(offset int) string { return fmt.Sprintf("%s:%d", h.IP, h.Base+offset) }

func (h host) multiaddrs() []string {
	return []string{fmt.Sprintf("/ip4/%s/tcp/%d", h.IP, h.Base), fmt.Sprintf("/ip4/%s/udp/%d/quic-v1", h.IP, h.Base)}
}

// The ports of a process, from its base: all below the range that systems hand out by themselves.
const (
	portP2P = iota
	portConsensus
	portRPC
	portMetrics
)

// plan says what network to generate.
type plan struct {
	Capacity  uint64 // bytes per block, of which a lane's share is an eighth; 0: as usual
	Dir       string
	ChainID   string
	Operators []host
	Rollups   []host
	DA        string // URL
	DAFrom    uint64 // height of the DA layer below which the network writes nothing
	DAMetrics string // URL; empty if it is not this network's to know
	Accounts  int    // funded accounts, on the ledger and on each rollup
	Light     bool   // weak key derivation
	Settings  map[string]any

	EpochMS   uint64 // length of an epoch, 0: as usual; stake that leaves is then paid out after six of them
	Unclaimed bool   // the rollups' namespaces do not stand in the genesis: somebody registers them by transaction
}

// member is one process of a generated network, as networkFile lists it.
type member struct {
	Name    string   `json:"name"`
	Home    string   `json:"home"` // below the network's folder
	RPC     string   `json:"rpc"`
	Metrics string   `json:"metrics"`
	PeerID  string   `json:"peerId"`
	Links   []string `json:"links"` // host:port of p2p and, for an operator, of consensus

	Namespace string `json:"namespace,omitempty"` // of a rollup
	ChainID   uint64 `json:"chainId,omitempty"`   // of a rollup
}

// network is what networkFile holds.
type network struct {
	ChainID   string   `json:"chainId"`
	DA        string   `json:"da"`
	DAMetrics string   `json:"daMetrics,omitempty"` // of the DA layer, where a devnet runs it
	Operators []member `json:"operators"`
	Rollups   []member `json:"rollups"`
}

// account is a funded key of a generated network.
type account struct {
	Address common.Address `json:"address"`
	Key     string         `json:"privateKey"` // hexadecimal, 0x
}

// generate writes the folders of a whole network, each of which can be moved to a host of its own.
func (p plan) generate() (*network, error) {
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make network folder: %w", err)
	}
	accounts, err := newAccounts(p.Accounts)
	if err != nil {
		return nil, err
	}
	n := &network{ChainID: p.ChainID, DA: p.DA, DAMetrics: p.DAMetrics}
	g := &genesis.Genesis{
		Version: genesis.Version, ChainID: p.ChainID, TimeMS: uint64(time.Now().UnixMilli()), Params: genesis.DefaultParams(),
	}
	g.Params.DAStart = max(g.Params.DAStart, p.DAFrom)
	if p.Capacity > 0 {
		g.Params.Capacity, g.Params.MaxSignatures, g.Params.LaneShare = p.Capacity, p.Capacity/1024, p.Capacity/8
	}
	if p.EpochMS > 0 {
		g.Params.EpochMS, g.Params.EvidenceMS, g.Params.UnbondingMS = p.EpochMS, 6*p.EpochMS, 6*p.EpochMS
		g.Params.LeastLeaf = 1 // a devnet's rewards are small, and all are proven
	}
	for _, a := range accounts {
		g.Balances = append(g.Balances, genesis.Balance{Address: a.Address, Amount: ether(1_000_000)})
	}
	for i, h := range p.Operators {
		m, record, err := p.operator(i, h)
		if err != nil {
			return nil, err
		}
		n.Operators, g.Operators = append(n.Operators, m), append(g.Operators, record)
		g.Balances = append(g.Balances, genesis.Balance{Address: record.Address, Amount: ether(1_000)}) // for its own transactions
	}
	for i, h := range p.Rollups {
		m, payer, err := p.rollup(i, h, accounts, g.TimeMS/1000)
		if err != nil {
			return nil, err
		}
		n.Rollups = append(n.Rollups, m)
		g.Balances = append(g.Balances, genesis.Balance{Address: payer, Amount: ether(1_000_000)})
		if p.Unclaimed {
			continue
		}
		ns, err := namespaces.Parse(m.Namespace)
		if err != nil {
			return nil, err
		}
		g.Namespaces = append(g.Namespaces, genesis.Namespace{Namespace: ns, Name: m.Name, Order: block.ByProposer})
	}
	slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	slices.SortFunc(g.Namespaces, func(a, b genesis.Namespace) int { return a.Namespace.Compare(b.Namespace) })
	if err := p.writeGenesis(g, n); err != nil {
		return nil, err
	}
	if err := writeJSON(filepath.Join(p.Dir, accountsFile), accounts, 0o600); err != nil {
		return nil, err
	}
	return n, writeJSON(filepath.Join(p.Dir, networkFile), n, 0o644) // last: its presence says that the folder is whole
}

func (p plan) writeGenesis(g *genesis.Genesis, n *network) error {
	if err := g.Validate(); err != nil {
		return fmt.Errorf("generated genesis: %w", err)
	}
	raw, err := g.Encode()
	if err != nil {
		return err
	}
	dirs := []string{p.Dir}
	for _, m := range append(slices.Clone(n.Operators), n.Rollups...) {
		dirs = append(dirs, filepath.Join(p.Dir, m.Home))
	}
	for _, dir := range dirs {
		if err := os.WriteFile(filepath.Join(dir, genesisFile), raw, 0o644); err != nil { //nolint:gosec // public by nature
			return fmt.Errorf("write genesis: %w", err)
		}
	}
	return nil
}

// operator makes one operator's home: keys, password, settings.
func (p plan) operator(i int, h host) (member, genesis.Operator, error) {
	name := fmt.Sprintf("operator-%d", i+1)
	home := filepath.Join("operators", name)
	dir := filepath.Join(p.Dir, home)
	pw, err := newPassword(dir)
	if err != nil {
		return member{}, genesis.Operator{}, err
	}
	op, err := keys.CreateOperator(filepath.Join(keysDir(dir), keys.OperatorFile), pw, p.strength())
	if err != nil {
		return member{}, genesis.Operator{}, err
	}
	node, err := keys.CreateNode(filepath.Join(keysDir(dir), keys.NodeFile))
	if err != nil {
		return member{}, genesis.Operator{}, err
	}
	settings := map[string]any{
		flagP2PListen: h.multiaddrs(), flagConsensusListen: h.at(portConsensus), flagRPCListen: h.at(portRPC),
		flagMetricsListen: h.at(portMetrics), flagDA: p.DA, flagPublish: publishes(i == 0),
	}
	for k, v := range p.Settings {
		settings[k] = v
	}
	p.startDA(settings)
	if err := writeSettings(dir, settings); err != nil {
		return member{}, genesis.Operator{}, err
	}
	m := member{Name: name, Home: home, RPC: "http://" + h.at(portRPC), Metrics: metricsURL(h.at(portMetrics)), PeerID: node.PeerID().String(), Links: []string{h.at(portP2P), h.at(portConsensus)}}
	return m, identity{op, node}.record(name, 10, h.multiaddrs(), h.at(portConsensus)), nil
}

func publishes(yes bool) string {
	if yes {
		return publishYes
	}
	return publishNo
}

// rollup makes one rollup node's home: a node key, a gateway key, the rollup's genesis, settings.
func (p plan) rollup(i int, h host, accounts []account, timestamp uint64) (member, common.Address, error) {
	name := fmt.Sprintf("rollup-%d", i+1)
	home := filepath.Join("rollups", name)
	dir := filepath.Join(p.Dir, home)
	pw, err := newPassword(dir)
	if err != nil {
		return member{}, common.Address{}, err
	}
	payer, err := keys.CreateOperator(filepath.Join(keysDir(dir), gatewayKeyFile), pw, p.strength())
	if err != nil {
		return member{}, common.Address{}, err
	}
	node, err := keys.CreateNode(filepath.Join(keysDir(dir), keys.NodeFile))
	if err != nil {
		return member{}, common.Address{}, err
	}
	chain := uint64(710_001 + i)
	g := evm.Genesis{
		ChainID: chain, GasLimit: 300_000_000, BaseFee: 10_000_000, Coinbase: payer.Address(), Timestamp: timestamp,
		Alloc: make(map[common.Address]evm.Account),
	}
	for _, a := range accounts {
		g.Alloc[a.Address] = evm.Account{Balance: (*math.HexOrDecimal256)(new(big.Int).Set(ether(10_000).ToBig()))}
	}
	if err := writeJSON(filepath.Join(dir, rollupGenesisFile), g, 0o644); err != nil {
		return member{}, common.Address{}, err
	}
	var ns namespaces.Namespace
	copy(ns[:], fmt.Sprintf("rollup%04d", i+1))
	settings := map[string]any{
		flagNamespace: ns.String(), flagP2PListen: h.multiaddrs(), flagRPCListen: h.at(portRPC), flagMetricsListen: h.at(portMetrics), flagDA: p.DA,
	}
	p.startDA(settings)
	err = writeSettings(dir, settings)
	return member{
		Name: name, Home: home, RPC: "http://" + h.at(portRPC), Metrics: metricsURL(h.at(portMetrics)),
		PeerID: node.PeerID().String(), Links: []string{h.at(portP2P)}, Namespace: ns.String(), ChainID: chain,
	}, payer.Address(), err
}

// startDA says in a process's settings where it begins to read the DA layer, if that is known.
func (p plan) startDA(settings map[string]any) {
	if p.DAFrom > 0 {
		settings[flagDAFrom] = p.DAFrom
	}
}

func (p plan) strength() keys.Strength {
	if p.Light {
		return keys.Light
	}
	return keys.Standard
}

// newPassword makes the keys folder of a home, with a random password in it.
func newPassword(dir string) (string, error) {
	if err := os.MkdirAll(keysDir(dir), 0o700); err != nil {
		return "", fmt.Errorf("make keys folder: %w", err)
	}
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	pw := hex.EncodeToString(raw[:])
	if err := os.WriteFile(filepath.Join(keysDir(dir), passwordFile), []byte(pw+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write password: %w", err)
	}
	return pw, nil
}

func newAccounts(n int) ([]account, error) {
	out := make([]account, n)
	for i := range out {
		key, err := crypto.GenerateKey()
		if err != nil {
			return nil, fmt.Errorf("generate account: %w", err)
		}
		out[i] = account{crypto.PubkeyToAddress(key.PublicKey), "0x" + hex.EncodeToString(crypto.FromECDSA(key))}
	}
	return out, nil
}

func readNetwork(dir string) (*network, error) {
	raw, err := os.ReadFile(filepath.Join(dir, networkFile))
	if err != nil {
		return nil, err
	}
	var n network
	if err := json.Unmarshal(raw, &n); err != nil {
		return nil, fmt.Errorf("read %s: %w", networkFile, err)
	}
	return &n, nil
}

func readAccounts(dir string) ([]account, error) {
	raw, err := os.ReadFile(filepath.Join(dir, accountsFile))
	if err != nil {
		return nil, err
	}
	var list []account
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("read %s: %w", accountsFile, err)
	}
	return list, nil
}

func readGenesis(home string) (*genesis.Genesis, error) {
	path := filepath.Join(home, genesisFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, missing(fmt.Errorf("read genesis: %w", err), "put the network's genesis document there")
	}
	return genesis.Decode(raw)
}

func writeJSON(path string, v any, mode os.FileMode) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path, append(raw, '\n'), mode); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// writeSettings writes a settings file: plain TOML, a line a setting, ascending.
func writeSettings(dir string, settings map[string]any) error {
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString("# Settings of this process. Flags and LOCKSTEP_* environment variables go before them; `lockstep VERB --help` explains each.\n")
	for _, name := range names {
		value, err := json.Marshal(settings[name]) // strings, numbers, booleans and lists of strings look alike in TOML
		if err != nil {
			return errors.Join(errors.New("encode settings"), err)
		}
		fmt.Fprintf(&b, "%s = %s\n", name, value)
	}
	if err := os.WriteFile(filepath.Join(dir, configFile), []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}
