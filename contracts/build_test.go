package contracts

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi/abigen"
)

// What is committed is what the sources give: the compiler and abigen say the same as when `make contracts` ran.
func TestBindingsAreOfTheSources(t *testing.T) {
	if _, err := os.Stat(filepath.Join("node_modules", "solc")); err != nil {
		t.Skip("the compiler is not installed: `make solc` does it")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "node", "compile.mjs", dir).CombinedOutput(); err != nil {
		t.Fatalf("compile: %v\n%s", err, out)
	}
	read := func(name string) string {
		t.Helper()
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	const contract = "SequencerInbox"
	want, err := abigen.BindV2([]string{contract}, []string{read(filepath.Join(dir, contract+".abi"))},
		[]string{read(filepath.Join(dir, contract+".bin"))}, "contracts", map[string]string{}, map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	if have := read("sequencerinbox.go"); !bytes.Equal([]byte(have), []byte(want)) {
		t.Error("sequencerinbox.go is not what the Solidity files give: run `make contracts`")
	}
}
