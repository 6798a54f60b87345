package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/node/keys"
)

// generated is a network of two operators and two rollups in a folder of the test.
func generated(t *testing.T) (dir string, n *network) {
	t.Helper()
	dir = t.TempDir()
	p := plan{
		Dir: dir, ChainID: "made", DA: "http://127.0.3.1:1", DAMetrics: metricsURL("127.0.3.1:2"), Accounts: 2, Light: true,
		Operators: []host{{"10.0.0.1", 1000}, {"10.0.0.2", 1000}}, Rollups: []host{{"10.0.1.1", 2000}, {"10.0.1.2", 2000}},
		Settings: map[string]any{flagLocal: true, flagBlockInterval: "100ms"},
	}
	n, err := p.generate()
	if err != nil {
		t.Fatal(err)
	}
	return dir, n
}

// Whoever starts the processes of a generated network finds all that they need: keys that open, one genesis, settings that are all known.
func TestGeneratedNetworkIsWhole(t *testing.T) {
	dir, made := generated(t)
	n, err := readNetwork(dir)
	if err != nil || len(n.Operators) != 2 || len(n.Rollups) != 2 || n.Operators[1].RPC != made.Operators[1].RPC {
		t.Fatalf("network.json: %+v, %v", n, err)
	}
	g, err := readGenesis(dir)
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := readAccounts(dir)
	if err != nil || len(accounts) != 2 || len(g.Balances) != 6 {
		t.Fatalf("%d accounts, %d balances, %v", len(accounts), len(g.Balances), err)
	}
	for i, m := range n.Operators {
		home := filepath.Join(dir, m.Home)
		id, err := loadIdentity(home, storedPassword(t, home))
		if err != nil {
			t.Fatal(err)
		}
		own, err := readGenesis(home)
		if err != nil || own.Hash() != g.Hash() {
			t.Errorf("%s has another genesis: %v", m.Name, err)
		}
		if o := g.Operators[i]; o.Address != id.operator.Address() || o.PeerID != id.node.PeerID().String() || o.Consensus != m.Links[1] {
			t.Errorf("%s is not the genesis document's operator %+v", m.Name, o)
		}
		readSettings(t, startCommand(), home, map[string]string{flagRPCListen: strings.TrimPrefix(m.RPC, "http://"), flagBlockInterval: "100ms"})
	}
	for i, m := range n.Rollups {
		home := filepath.Join(dir, m.Home)
		key, err := keys.LoadOperator(filepath.Join(keysDir(home), gatewayKeyFile), storedPassword(t, home))
		if err != nil {
			t.Fatal(err)
		}
		rollup, err := readRollupGenesis(home)
		if err != nil || rollup.ChainID != m.ChainID || rollup.Coinbase != key.Address() {
			t.Errorf("%s: genesis %+v, %v", m.Name, rollup, err)
		}
		ns, err := namespaces.Parse(m.Namespace)
		if err != nil || !g.Registered(ns) {
			t.Errorf("%s: namespace %s is not registered, %v", m.Name, m.Namespace, err)
		}
		if i > 0 && (m.ChainID == n.Rollups[0].ChainID || m.Namespace == n.Rollups[0].Namespace) {
			t.Errorf("%s has the chain id or the namespace of another", m.Name)
		}
		start := rollupCommand().Subcommands[0]
		readSettings(t, start, home, map[string]string{flagNamespace: m.Namespace, flagDA: n.DA})
	}
}

// A devnet's genesis leaves the rollups' namespaces to whoever registers them, and has short epochs that its other times fit.
func TestUnclaimedNamespaces(t *testing.T) {
	p := plan{
		Dir: t.TempDir(), ChainID: "made", DA: "http://127.0.3.1:1", Accounts: 1, Light: true, EpochMS: devnetEpochMS, Unclaimed: true,
		Operators: []host{{"10.0.0.1", 1000}}, Rollups: []host{{"10.0.1.1", 2000}},
	}
	n, err := p.generate()
	if err != nil {
		t.Fatal(err)
	}
	g, err := readGenesis(p.Dir)
	if err != nil || len(g.Namespaces) != 0 || len(n.Rollups) != 1 || n.Rollups[0].Namespace == "" {
		t.Fatalf("%+v, %v", g, err)
	}
	if g.Params.EpochMS != devnetEpochMS || g.Params.UnbondingMS != 6*devnetEpochMS {
		t.Errorf("%+v", g.Params)
	}
}

func storedPassword(t *testing.T, home string) string {
	t.Helper()
	pw, err := keys.ReadPassword(filepath.Join(keysDir(home), passwordFile))
	if err != nil {
		t.Fatal(err)
	}
	return pw
}

// readSettings runs a verb as far as its settings and compares some of them.
func readSettings(t *testing.T, verb *cli.Command, home string, want map[string]string) {
	t.Helper()
	verb.Action = func(c *cli.Context) error {
		for name, value := range want {
			if got := c.Generic(name); got == nil && c.String(name) != value && c.Duration(name).String() != value {
				t.Errorf("%s: %s is %q, want %q", home, name, c.String(name), value)
			}
		}
		return nil
	}
	if err := (&cli.App{Commands: []*cli.Command{verb}}).RunContext(t.Context(), []string{"lockstep", verb.Name, "--home", home}); err != nil {
		t.Errorf("settings of %s: %v", home, err)
	}
}

// --reset deletes a devnet and nothing else.
func TestResetRefusesForeignFolders(t *testing.T) {
	dir, _ := generated(t)
	foreign := filepath.Join(dir, "thesis.tex")
	if err := os.WriteFile(foreign, []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := removeDevnet(dir); err == nil || !strings.Contains(err.Error(), "thesis.tex") {
		t.Fatalf("a folder with something else in it is deleted: %v", err)
	}
	if _, err := readNetwork(dir); err != nil {
		t.Fatalf("a refusal has deleted something: %v", err)
	}
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}
	if err := removeDevnet(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the devnet is still there: %v", err)
	}
	if err := removeDevnet(dir); err != nil {
		t.Errorf("a devnet that is not there: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := removeDevnet(file); err == nil {
		t.Error("a file is deleted")
	}
}

// A port that is taken is named before anything starts, with who wants it.
func TestTakenPortsAreNamed(t *testing.T) {
	taken := listen(t)
	free := func() member {
		return member{Name: "operator-1", RPC: "http://127.0.0.1:0", Metrics: metricsURL("127.0.0.1:0")}
	}
	for want, n := range map[string]network{
		"the DA layer should":                {DA: "http://" + taken},
		"the metrics of the DA layer should": {DA: "http://127.0.0.1:0", DAMetrics: metricsURL(taken)},
		"the RPC of operator-1 should":       {DA: "http://127.0.0.1:0", Operators: []member{{Name: "operator-1", RPC: "http://" + taken, Metrics: metricsURL("127.0.0.1:0")}}},
		"operator-1 should": {DA: "http://127.0.0.1:0", Operators: []member{
			{Name: "operator-1", RPC: "http://127.0.0.1:0", Metrics: metricsURL("127.0.0.1:0"), Links: []string{"127.0.0.1:0", taken}},
		}},
		"": {DA: "http://127.0.0.1:0", Operators: []member{free()}, Rollups: []member{free()}},
	} {
		err := (&devnet{network: &n}).checkPorts()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), taken)) {
			t.Errorf("error %v, want one that begins with %q", err, want)
		}
	}
}

// An operator's password or port in the environment does not reach the processes of a devnet.
func TestDevnetsHaveSettingsOfTheirOwn(t *testing.T) {
	got := childEnvironment([]string{"PATH=/bin", "LOCKSTEP_PASSWORD=secret", "LOCKSTEP_RPC_LISTEN=:1", "LOCKSTEP_LOG_LEVEL=debug", "LOCKSTEP_LOG_JSON=1", "LOCKSTEPS=1"})
	if want := []string{"PATH=/bin", "LOCKSTEP_LOG_LEVEL=debug", "LOCKSTEP_LOG_JSON=1", "LOCKSTEPS=1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func listen(t *testing.T) (addr string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestTransfersAsTyped(t *testing.T) {
	n := &network{Rollups: []member{{Name: "rollup-1"}, {Name: "rollup-2"}}}
	const to = "0xF3c003c0e898CDcbA5d1F6cA60eD8D7C05eA630b"
	for text, wei := range map[string]string{
		"rollup-1:" + to + ":1":                    "1000000000000000000",
		"rollup-2:" + to + ":0.000000000000000001": "1",
		"rollup-2:" + to + ":0":                    "0",
		"rollup-2:" + to + ":1/2":                  "500000000000000000",
	} {
		m, amount, addr, err := parseTransfer(n, text)
		if err != nil || amount.String() != wei || addr.Hex() != to || m.Name != text[:8] {
			t.Errorf("%s: %s of %s, %v", text, amount, m.Name, err)
		}
	}
	bad := []string{
		"", "rollup-1", "rollup-1:" + to, "rollup-3:" + to + ":1", "rollup-1:0x12:1", "rollup-1:" + to + ":", "rollup-1:" + to + ":-1",
		"rollup-1:" + to + ":0.0000000000000000001", "rollup-1:" + to + ":much", "rollup-1:" + to + ":1:1",
	}
	for _, text := range bad {
		if _, amount, _, err := parseTransfer(n, text); err == nil {
			t.Errorf("%q is taken for a transfer of %s", text, amount)
		}
	}
}

func TestHostsAsTyped(t *testing.T) {
	got, err := parseHosts([]string{"10.0.0.1:1000", "10.0.0.2:65526"})
	if err != nil || !slices.Equal(got, []host{{"10.0.0.1", 1000}, {"10.0.0.2", 65526}}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "10.0.0.1", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:0", "10.0.0.1:-1", "10.0.0.1:65527", ":1000", "10.0.0.1:1000x", "example.org:1000", "[::1]:1000"} {
		if got, err := parseHosts([]string{text}); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
