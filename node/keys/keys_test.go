package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

func TestOperatorIsTheSameAfterReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", OperatorFile)
	made, err := CreateOperator(path, "correct horse", Light)
	if err != nil {
		t.Fatal(err)
	}
	if mode := modeOf(t, path); mode != 0o600 {
		t.Errorf("mode %#o, want 0600", mode)
	}
	loaded, err := LoadOperator(path, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Address() != made.Address() || !loaded.PrivateKey().Equal(made.PrivateKey()) {
		t.Fatal("another key came back")
	}
	public, err := crypto.DecompressPubkey(loaded.PublicKey())
	if err != nil || crypto.PubkeyToAddress(*public) != made.Address() {
		t.Fatalf("public key does not give the address: %v", err)
	}
	named, err := OperatorAddress(path)
	if err != nil || named != made.Address() {
		t.Fatalf("address without password: %s, %v", named, err)
	}
}

func TestNodeIsTheSameAfterReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), NodeFile)
	made, err := CreateNode(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := modeOf(t, path); mode != 0o600 {
		t.Errorf("mode %#o, want 0600", mode)
	}
	loaded, err := LoadNode(path)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.PeerID() != made.PeerID() || loaded.ConsensusID() != made.ConsensusID() || !loaded.PrivateKey().Equal(made.PrivateKey()) {
		t.Fatal("another key came back")
	}
	id, err := ConsensusIDOf(made.PeerID())
	if err != nil || id != made.ConsensusID() {
		t.Fatalf("consensus id from the peer id: %s, %v", id, err)
	}
}

func TestExistingKeyIsNeverOverwritten(t *testing.T) {
	dir := t.TempDir()
	operator, node := filepath.Join(dir, OperatorFile), filepath.Join(dir, NodeFile)
	if _, err := CreateOperator(operator, "p", Light); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateNode(node); err != nil {
		t.Fatal(err)
	}
	before := [2]string{read(t, operator), read(t, node)}
	if _, err := CreateOperator(operator, "q", Light); !errors.Is(err, fs.ErrExist) {
		t.Errorf("operator: %v, want fs.ErrExist", err)
	}
	if _, err := CreateNode(node); !errors.Is(err, fs.ErrExist) {
		t.Errorf("node: %v, want fs.ErrExist", err)
	}
	if before != [2]string{read(t, operator), read(t, node)} {
		t.Error("a file changed")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%d files left, want 2 (%v)", len(entries), err)
	}
}

func TestBadOperatorFiles(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, OperatorFile)
	if _, err := CreateOperator(good, "right", Light); err != nil {
		t.Fatal(err)
	}
	text := read(t, good)
	for _, c := range []struct {
		name, file, password string
		mode                 os.FileMode
		is                   error
		says                 string
	}{
		{"wrong password", text, "wrong", 0o600, ErrWrongPassword, "wrong password"},
		{"empty password", text, "", 0o600, ErrWrongPassword, "wrong password"},
		{"group may read", text, "right", 0o640, ErrExposed, "chmod 600"},
		{"world may read", text, "right", 0o604, ErrExposed, "chmod 600"},
		{"group may write", text, "right", 0o620, ErrExposed, "chmod 600"},
		{"empty file", "", "right", 0o600, nil, "not a readable keystore"},
		{"not JSON", "hello", "right", 0o600, nil, "not a readable keystore"},
		{"truncated", text[:len(text)/2], "right", 0o600, nil, "not a readable keystore"},
		{"too large", strings.Repeat(" ", maxFileBytes+1), "right", 0o600, nil, "larger than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "k")
			write(t, path, c.file, c.mode)
			_, err := LoadOperator(path, c.password)
			if err == nil || !strings.Contains(err.Error(), c.says) || (c.is != nil && !errors.Is(err, c.is)) {
				t.Fatalf("error %v, want %q", err, c.says)
			}
		})
	}
	if _, err := LoadOperator(filepath.Join(dir, "absent"), "right"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := LoadOperator(dir, "right"); err == nil {
		t.Error("a folder was accepted")
	}
	if _, err := CreateOperator(filepath.Join(dir, "x"), "", Light); err == nil {
		t.Error("an empty password was accepted")
	}
}

func TestBadNodeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), NodeFile)
	if _, err := CreateNode(path); err != nil {
		t.Fatal(err)
	}
	text := read(t, path)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file string
		mode os.FileMode
	}{
		"exposed":    {text, 0o644},
		"empty":      {"", 0o600},
		"no PEM":     {"seed", 0o600},
		"other type": {strings.ReplaceAll(text, pemType, "PUBLIC KEY"), 0o600},
		"truncated":  {text[:len(text)/2], 0o600},
		"rubbish":    {string(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: []byte("rubbish")})), 0o600},
		"other key":  {string(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})), 0o600},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "k")
			write(t, path, c.file, c.mode)
			if node, err := LoadNode(path); err == nil {
				t.Fatalf("accepted as %s", node)
			}
		})
	}
}

func TestPasswordFile(t *testing.T) {
	for _, c := range []struct {
		text string
		mode os.FileMode
		want string // empty: refused
	}{
		{"secret", 0o600, "secret"},
		{"secret\n", 0o600, "secret"},
		{"secret\r\nmore\n", 0o600, "secret"},
		{" spaces count \n", 0o600, " spaces count "},
		{"", 0o600, ""},
		{"\nsecond", 0o600, ""},
		{"secret", 0o644, ""},
	} {
		path := filepath.Join(t.TempDir(), "password")
		write(t, path, c.text, c.mode)
		got, err := ReadPassword(path)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q mode %#o: %q, %v", c.text, c.mode, got, err)
		}
	}
}

func TestListing(t *testing.T) {
	dir := t.TempDir()
	if got, err := List(dir); err != nil || got != (Listing{}) {
		t.Fatalf("empty folder: %+v, %v", got, err)
	}
	operator, err := CreateOperator(filepath.Join(dir, OperatorFile), "p", Light)
	if err != nil {
		t.Fatal(err)
	}
	node, err := CreateNode(filepath.Join(dir, NodeFile))
	if err != nil {
		t.Fatal(err)
	}
	want := Listing{Operator: operator.Address(), PeerID: node.PeerID().String(), ConsensusID: node.ConsensusID()}
	if got, err := List(dir); err != nil || got != want {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
	write(t, filepath.Join(dir, NodeFile), "broken", 0o600)
	if _, err := List(dir); err == nil {
		t.Fatal("a broken file was listed")
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	dir := t.TempDir()
	operator, err := CreateOperator(filepath.Join(dir, OperatorFile), "p", Light)
	if err != nil {
		t.Fatal(err)
	}
	node, err := CreateNode(filepath.Join(dir, NodeFile))
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{
		hex.EncodeToString(crypto.FromECDSA(operator.PrivateKey())), operator.PrivateKey().D.String(),
		hex.EncodeToString(node.PrivateKey().Seed()), fmt.Sprintf("%d", node.PrivateKey().Seed()),
	}
	var shown strings.Builder
	for _, v := range []any{operator, node} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&shown, "%v %+v %#v %s %q %s\n", v, v, v, v, v, text)
	}
	for _, s := range secrets {
		if strings.Contains(strings.ToLower(shown.String()), s) {
			t.Fatalf("a secret shows in %s", shown.String())
		}
	}
}

func modeOf(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// A folder lists and opens the first key and those that were made to rotate to, and nothing else that lies there.
func TestFolderHoldsFurtherKeys(t *testing.T) {
	dir := t.TempDir()
	f := NewFolder(dir, "secret")
	if list, _, err := NewFolder(filepath.Join(dir, "none"), "secret").Addresses(); err != nil || len(list) != 0 {
		t.Errorf("a folder that is not there: %v, %v", list, err)
	}
	first, err := CreateOperator(filepath.Join(dir, OperatorFile), "secret", Light)
	if err != nil {
		t.Fatal(err)
	}
	next, err := f.Create(Light)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"operator-notes.txt", "payer.json", "operator.json.bak"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, skipped, err := f.Addresses()
	if err != nil || len(skipped) != 0 || !slices.Equal(list, []common.Address{first.Address(), next.Address()}) {
		t.Errorf("keys %s (%v), want %s and %s", list, err, first, next)
	}
	for _, want := range []*Operator{first, next} {
		if got, err := f.Open(want.Address()); err != nil || got.Address() != want.Address() {
			t.Errorf("opened %v (%v), want %s", got, err, want)
		}
	}
	if _, err := f.Open(common.Address{1}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key that is not there: %v", err)
	}
	if _, err := NewFolder(dir, "other").Open(next.Address()); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("another password: %v", err)
	}
	if shown := fmt.Sprintf("%v %#v %s", f, f, f); strings.Contains(shown, "secret") {
		t.Errorf("the password is shown: %s", shown)
	}
}

// One further key that cannot be read hides no other one; the first key has to be readable.
func TestFolderSkipsWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	f := NewFolder(dir, "secret")
	first, err := CreateOperator(filepath.Join(dir, OperatorFile), "secret", Light)
	if err != nil {
		t.Fatal(err)
	}
	next, err := f.Create(Light)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "operator-0.json"), "{", 0o600)
	write(t, filepath.Join(dir, "operator-1.json"), "{}", 0o644)
	list, skipped, err := f.Addresses()
	if err != nil || !slices.Equal(list, []common.Address{first.Address(), next.Address()}) || len(skipped) != 2 || !errors.Is(skipped[1], ErrExposed) {
		t.Errorf("keys %s, skipped %v (%v)", list, skipped, err)
	}
	if got, err := f.Open(next.Address()); err != nil || got.Address() != next.Address() {
		t.Errorf("opened %v (%v)", got, err)
	}
	if _, err := f.Open(common.Address{1}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "operator-0.json") {
		t.Errorf("a key that is not there, unless in a file that is skipped: %v", err)
	}
	write(t, filepath.Join(dir, OperatorFile), "{", 0o600)
	if _, _, err := f.Addresses(); err == nil {
		t.Error("a folder without a readable first key is listed")
	}
}
