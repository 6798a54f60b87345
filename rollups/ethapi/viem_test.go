package ethapi_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
)

// An unmodified viem does what a wallet does.
func TestViem(t *testing.T) {
	if _, err := os.Stat(filepath.Join(viem, "node_modules", "viem")); err != nil {
		t.Skip("viem is not installed: run `make viem`")
	}
	program, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node on PATH: install Node 18 or newer")
	}
	n := start(t, nil)
	var said bytes.Buffer
	story := exec.CommandContext(t.Context(), program, "wallet.mjs", n.url, n.ws(), "0x"+hex.EncodeToString(crypto.FromECDSA(testKey(0))))
	story.Dir, story.Stdout, story.Stderr = viem, &said, &said
	err = story.Run()
	t.Log(said.String())
	if err != nil {
		t.Fatal(err)
	}
}
