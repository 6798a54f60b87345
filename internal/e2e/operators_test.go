package e2e

import (
	"crypto/ecdsa"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

const (
	handNamespace = "0x00000000000068616e64"
	handPassword  = "correct horse" // of the operators that are set up by hand
)

// handmade is one operator's host: what its owner has made there, by the commands of the manual.
type handmade struct{ home, ip string }

func (h handmade) at(port int) string { return fmt.Sprintf("%s:%d", h.ip, port) }

// TestOperatorsByHand: four operators make keys on their own hosts, join their records into a genesis document, and start, each with its settings
// from elsewhere: flags before environment before file before defaults. Whatever is missing or wrong is said before anything runs.
func TestOperatorsByHand(t *testing.T) {
	realProcesses(t)
	dir, block := t.TempDir(), loopback(t)
	var hosts []handmade
	for i := range 4 {
		hosts = append(hosts, makeKeys(t, handmade{filepath.Join(dir, fmt.Sprintf("host-%d", i+1)), fmt.Sprintf("%s.%d", block, 11+i)}))
	}
	t.Run("without a genesis", func(t *testing.T) {
		refusedStart(t, hosts[0], nil, nil, "genesis.json", "put the network's genesis document there")
	})
	key, _ := crypto.GenerateKey()
	joinRecords(t, dir, hosts, "--namespace", handNamespace+":hand:tip", "--balance", addressOf(key).Hex()+":1000000000000000000")

	refusals(t, dir, hosts)

	n := &network{t: t, dir: dir, genesis: readGenesis(t, filepath.Join(hosts[0].home, "genesis.json"))}
	n.da = newProcess(t, dir, "da", nil, "da", "serve", "--dir", filepath.Join(dir, "da"), "--listen", block+".1:"+portDA)
	for i, h := range hosts {
		n.operators = append(n.operators, n.startByHand(dir, h, i))
	}
	for _, o := range n.operators {
		n.certifies(o, 3)
	}
	t.Run("status", func(t *testing.T) {
		said := must(t, []string{"LOCKSTEP_RPC=" + n.operators[3].url}, "status")
		for _, want := range []string{"by-hand", n.genesis.Hash().Hex(), "certified"} {
			if !strings.Contains(said, want) {
				t.Errorf("status does not say %q:\n%s", want, said)
			}
		}
		refused(t, nil, "status", "--rpc", "http://"+hosts[0].at(1))
	})
	t.Run("a taken port", func(t *testing.T) {
		l, err := net.Listen("tcp", hosts[1].at(26999))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		n.operators[1].stop()
		refusedStart(t, hosts[1], nil, []string{"--rpc-listen", hosts[1].at(26999)}, hosts[1].at(26999), "address already in use")
		refusedStart(t, hosts[1], nil, []string{"--consensus-listen", hosts[1].at(26999)}, hosts[1].at(26999), "address already in use")
		n.operators[1].start()
		n.votes(n.operators[1])
	})
	t.Run("the same operator twice", func(t *testing.T) {
		refusedStart(t, hosts[2], nil, []string{"--rpc-listen", hosts[2].at(26999), "--consensus-listen", hosts[2].at(26998)})
		n.certifies(n.operators[2], n.highest()+2)
	})
	n.check(n.sendSome(key, 20))
	for _, o := range n.operators {
		o.stop()
	}
}

// makeKeys runs `keys new` and `keys show` on a host.
func makeKeys(t *testing.T, h handmade) handmade {
	t.Helper()
	env := []string{"LOCKSTEP_PASSWORD=" + handPassword}
	refused(t, nil, "keys", "new", "--home", h.home) // no password
	made := must(t, env, "keys", "new", "--home", h.home, "--light")
	if shown := must(t, nil, "keys", "show", "--home", h.home); shown != made || !strings.Contains(shown, "0x") {
		t.Fatalf("keys new says\n%s, keys show says\n%s", made, shown)
	}
	refused(t, env, "keys", "new", "--home", h.home, "--light") // never over others
	if shown := must(t, nil, "keys", "show", "--home", h.home); shown != made {
		t.Fatalf("keys new has changed keys that were there:\n%s", shown)
	}
	err := filepath.WalkDir(filepath.Join(h.home, "keys"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = fmt.Errorf("%s can be read by others: %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// joinRecords brings all records to one place and the genesis document back to all hosts.
func joinRecords(t *testing.T, dir string, hosts []handmade, more ...string) {
	t.Helper()
	args := append([]string{"init", "genesis", "--chain-id", "by-hand"}, more...)
	for i, h := range hosts {
		record := must(t, []string{"LOCKSTEP_PASSWORD=" + handPassword}, "keys", "record", "--home", h.home, "--name", fmt.Sprintf("host-%d", i+1), "--power", "5",
			"--p2p", fmt.Sprintf("/ip4/%s/tcp/26650", h.ip), "--consensus", h.at(26651))
		path := filepath.Join(dir, fmt.Sprintf("record-%d.json", i))
		if err := os.WriteFile(path, []byte(record), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	genesis := must(t, nil, args...)
	for _, h := range hosts {
		if err := os.WriteFile(filepath.Join(h.home, "genesis.json"), []byte(genesis), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// startByHand starts an operator with its settings from flags, the environment and its file, and where they differ the right one must count.
func (n *network) startByHand(dir string, h handmade, i int) *operator {
	n.t.Helper()
	taken := h.at(1) // who takes the wrong source is not found where the others look
	settings := map[string]string{
		"p2p-listen": fmt.Sprintf(`["/ip4/%s/tcp/26650"]`, h.ip), "consensus-listen": `"` + h.at(26651) + `"`, "rpc-listen": `"` + h.at(26652) + `"`,
		"block-interval": `"100ms"`, "local": "true",
	}
	args, env := []string{"start", "--home", h.home}, []string{"LOCKSTEP_PASSWORD=" + handPassword}
	switch i {
	case 0: // the file alone
	case 1: // the environment before the file
		settings["rpc-listen"] = `"` + taken + `"`
		env = append(env, "LOCKSTEP_RPC_LISTEN="+h.at(26652))
	case 2: // flags before both; the password in a file
		settings["rpc-listen"], settings["consensus-listen"] = `"`+taken+`"`, `"`+taken+`"`
		password := filepath.Join(h.home, "secret")
		if err := os.WriteFile(password, []byte(handPassword+"\n"), 0o600); err != nil {
			n.t.Fatal(err)
		}
		args = append(args, "--rpc-listen", h.at(26652), "--consensus-listen", h.at(26651), "--password-file", password)
		env = []string{"LOCKSTEP_RPC_LISTEN=" + taken, "LOCKSTEP_CONSENSUS_LISTEN=" + taken, "LOCKSTEP_PASSWORD=wrong"}
	case 3: // a file elsewhere, named by the environment
	}
	file := filepath.Join(h.home, "config.toml")
	if i == 3 {
		writeSettings(n.t, file, map[string]string{"rpc-listen": `"` + taken + `"`})
		file = filepath.Join(dir, "elsewhere.toml")
		env = append(env, "LOCKSTEP_CONFIG="+file)
	}
	writeSettings(n.t, file, settings)
	p := newProcess(n.t, dir, fmt.Sprintf("host-%d", i+1), env, args...)
	p.start()
	return n.operator(p.name, h.home, "http://"+h.at(26652), p)
}

func writeSettings(t testing.TB, path string, settings map[string]string) {
	t.Helper()
	var b strings.Builder
	for name, value := range settings {
		fmt.Fprintf(&b, "%s = %s\n", name, value)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// refusals: each mistake of a first start is named.
func refusals(t *testing.T, dir string, hosts []handmade) {
	h := hosts[0]
	password := []string{"LOCKSTEP_PASSWORD=" + handPassword}
	settings := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	stranger := makeKeys(t, handmade{filepath.Join(dir, "stranger"), h.ip})
	genesis, err := os.ReadFile(filepath.Join(h.home, "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stranger.home, "genesis.json"), genesis, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		host handmade
		env  []string
		args []string
		says []string
	}{
		{"no password", h, []string{}, nil, []string{"password", "LOCKSTEP_PASSWORD"}},
		{"a wrong password", h, []string{"LOCKSTEP_PASSWORD=wrong"}, nil, []string{"password"}},
		{"no keys", handmade{filepath.Join(dir, "nobody"), h.ip}, password, nil, []string{"lockstep keys new"}},
		{"a misspelt setting", h, password, []string{"--config", settings("a.toml", "rpc-lisen = \"x\"\n")}, []string{"rpc-lisen", "a.toml"}},
		{"settings that are no TOML", h, password, []string{"--config", settings("b.toml", "rpc-listen =")}, []string{"b.toml"}},
		{"a setting of another type", h, password, []string{"--config", settings("c.toml", "local = \"maybe\"\n")}, []string{"local"}},
		{"a file that is not there", h, password, []string{"--config", filepath.Join(dir, "none.toml")}, []string{"none.toml"}},
		{"a bad flag", h, password, []string{"--block-interval", "soon"}, []string{"block-interval"}},
		{"an impossible pace", h, password, []string{"--block-interval", "1h", "--rpc-listen", h.at(26652)}, []string{"block interval"}},
		{"a publisher without a DA layer", h, password, []string{"--publish"}, []string{"DA layer"}},
		{"a log level that is none", h, password, []string{"--log-level", "loud"}, []string{"log-level"}},
	} {
		t.Run(c.name, func(t *testing.T) { refusedStart(t, c.host, c.env, c.args, c.says...) })
	}
	cut := hosts[1]
	if err := os.WriteFile(filepath.Join(stranger.home, "genesis.json"), genesis[:len(genesis)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("half of a genesis", func(t *testing.T) { refusedStart(t, stranger, password, nil, "genesis") })
	t.Run("a record twice", func(t *testing.T) {
		record := filepath.Join(dir, "record-1.json")
		refused(t, nil, "init", "genesis", "--chain-id", "by-hand", record, record)
		refused(t, nil, "init", "genesis", "--chain-id", "by-hand", filepath.Join(cut.home, "config.toml"))
		refused(t, nil, "init", "genesis", "--chain-id", "by-hand")
	})
}

// refusedStart starts an operator that must not come up, and checks what it says.
func refusedStart(t *testing.T, h handmade, env, args []string, says ...string) {
	t.Helper()
	if env == nil {
		env = []string{"LOCKSTEP_PASSWORD=" + handPassword}
	}
	p := newProcess(t, t.TempDir(), "refused", env, append([]string{"start", "--home", h.home}, args...)...)
	p.start()
	said := p.fails()
	if strings.Contains(said, "goroutine ") || strings.Contains(said, handPassword) {
		t.Errorf("it ends in panic, or tells the password:\n%s", said)
	}
	for _, want := range says {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

// sendSome sends a few transactions of a key through all operators and returns them.
func (n *network) sendSome(key *ecdsa.PrivateKey, count int) map[common.Hash]*tx.Tx {
	n.t.Helper()
	acked := make(map[common.Hash]*tx.Tx)
	ns := n.genesis.Namespaces[0].Namespace
	for i := range count {
		o := n.operators[i%len(n.operators)]
		v := n.sign(key, uint64(i), n.highest()+200, tx.Leg{Namespace: ns, Data: []byte{byte(i)}})
		if _, err := o.client.SendTransaction(n.t.Context(), v); err != nil {
			n.t.Fatalf("%s: %v", o.name, err)
		}
		acked[v.ID()] = v.Tx
	}
	return acked
}
