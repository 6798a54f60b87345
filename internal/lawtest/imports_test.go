package lawtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// mayImport is the import law between our folders: what stands left may depend, directly or through others, on itself and on
// what stands right. Data goes one way: bytes -> Tx -> pool -> block -> store -> readers.
func mayImport() map[string][]string {
	return map[string][]string{
		"namespaces": {},
		"p2p":        {}, // knows no domain type
		"contracts":  {"namespaces"},
		"da":         {"contracts", "namespaces"},
		"rollups":    {"da", "p2p", "contracts", "namespaces"}, // through da
		"node":       {"da", "p2p", "contracts", "namespaces"}, // knows no rollup's rules
		"internal":   {"node", "rollups", "da", "p2p", "contracts", "namespaces"},
		"cmd":        {"node", "rollups", "da", "p2p", "contracts", "namespaces", "internal"},
	}
}

// pureFolders are the pure middle: what two nodes must agree on.
func pureFolders() []string { return []string{"namespaces", "node/ledger"} }

// impure are the standard packages that the pure middle does not import, with all below them.
func impure() []string {
	return []string{
		"context", "crypto/rand", "io/fs", "io/ioutil", "log", "maps", "math/rand", "net", "os", "plugin", "runtime", "sync", "syscall",
		"testing", "time", "unsafe",
	}
}

// homes are the libraries that one folder alone may touch, so that they can be changed in one place.
func homes() map[string][]string {
	return map[string][]string{
		"github.com/cometbft/cometbft": {"node/ordering"},
	}
}

func TestFoldersImportOnlyWhatTheLawAllows(t *testing.T) {
	report(t, foldersViolations(listPackages(t)))
}

func TestPureMiddleImportsNoNetworkFilesLocksClockOrLog(t *testing.T) {
	report(t, pureViolations(listPackages(t)))
}

func TestLibrariesStayInTheirHomes(t *testing.T) {
	report(t, homeViolations(listPackages(t)))
}

func foldersViolations(pkgs []pkg) []string {
	law := mayImport()
	var bad []string
	for _, p := range pkgs {
		top, _, _ := strings.Cut(p.folder(), "/")
		allowed, known := law[top]
		if !known {
			bad = append(bad, fmt.Sprintf("%s: the folder %q is not in the import law: give it a row in mayImport", p.ImportPath, top))
			continue
		}
		for _, d := range p.Deps {
			rest, ours := strings.CutPrefix(d, module+"/")
			if !ours {
				continue
			}
			if other, _, _ := strings.Cut(rest, "/"); other != top && !slices.Contains(allowed, other) {
				bad = append(bad, fmt.Sprintf("%s depends on %s: %s may import %v and libraries only", p.folder(), rest, top, allowed))
			}
		}
	}
	return bad
}

func pureViolations(pkgs []pkg) []string {
	var bad []string
	for _, p := range pkgs {
		if !within(p.folder(), pureFolders()) {
			continue
		}
		for _, i := range p.Imports {
			if within(i, impure()) {
				bad = append(bad, fmt.Sprintf("%s imports %s: the pure middle has no clock, network, file, lock, log or chance", p.folder(), i))
			}
		}
	}
	return bad
}

func homeViolations(pkgs []pkg) []string {
	var bad []string
	for _, p := range pkgs {
		for _, i := range p.Imports {
			for lib, folders := range homes() {
				if within(i, []string{lib}) && !within(p.folder(), folders) {
					bad = append(bad, fmt.Sprintf("%s imports %s: only %v may", p.folder(), i, folders))
				}
			}
		}
	}
	return bad
}

func TestImportLawSeesViolations(t *testing.T) {
	of := func(folder string, imports, deps []string) []pkg {
		return []pkg{{ImportPath: module + "/" + folder, Imports: imports, Deps: deps}}
	}
	cases := []struct {
		name string
		law  func([]pkg) []string
		pkgs []pkg
		want int
	}{
		{"namespaces on node, through another", foldersViolations, of("namespaces/tx", nil, []string{"fmt", module + "/node/pool"}), 1},
		{"node on rollups", foldersViolations, of("node", nil, []string{module + "/rollups/evm"}), 1},
		{"p2p on namespaces", foldersViolations, of("p2p", nil, []string{module + "/namespaces"}), 1},
		{"library on internal", foldersViolations, of("da", nil, []string{module + "/internal/tunlan"}), 1},
		{"a new folder", foldersViolations, of("bridge", nil, nil), 1},
		{"lawful", foldersViolations, of("rollups/evm", nil, []string{module + "/rollups", module + "/namespaces"}), 0},
		{"clock", pureViolations, of("namespaces", []string{"time"}, nil), 1},
		{"below an impure one", pureViolations, of("node/ledger", []string{"sync/atomic", "log/slog", "net/http"}, nil), 3},
		{"same beginning, other package", pureViolations, of("namespaces", []string{"encoding/json", "os2"}, nil), 0},
		{"not pure", pureViolations, of("node/pool", []string{"sync"}, nil), 0},
		{"engine elsewhere", homeViolations, of("cmd/lockstep", []string{"github.com/cometbft/cometbft/node"}, nil), 1},
		{"engine at home", homeViolations, of("node/ordering/engine", []string{"github.com/cometbft/cometbft/node"}, nil), 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.law(c.pkgs); len(got) != c.want {
				t.Errorf("violations = %q, want %d", got, c.want)
			}
		})
	}
}
