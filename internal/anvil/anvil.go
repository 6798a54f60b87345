// Package anvil runs Anvil, an Ethereum node for development, as the L1 of tests and of the devnet. It takes blob transactions and gives the
// blobs back by the beacon API, by block number (/eth/v1/beacon/blobs/N). `make anvil` installs it, at the version of package.json here.
package anvil

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"
)

// startTimeout is how long Anvil may take until it listens.
const startTimeout = 30 * time.Second

// ErrNotInstalled says that Anvil is not there.
var ErrNotInstalled = errors.New("anvil is not installed: run `make anvil` (Node 20 or newer with npm)")

// Node is a running Anvil.
type Node struct {
	URL string      // of its JSON-RPC and of its beacon API
	RPC *rpc.Client // for what only tests ask: anvil_mine, anvil_reorg, evm_setAutomine, ...

	cancel context.CancelFunc
	cmd    *exec.Cmd
	rest   chan struct{} // closed when its output has ended
}

// binary finds the executable that npm has put beside this file.
func binary() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", ErrNotInstalled
	}
	found, err := filepath.Glob(filepath.Join(filepath.Dir(file), "node_modules", "@foundry-rs", "anvil-*", "bin", "anvil*"))
	if err != nil || len(found) == 0 {
		return "", ErrNotInstalled
	}
	return found[0], nil
}

// Start runs Anvil on a free port of the loopback address, with further flags. Without any it mines each transaction at once.
func Start(flags ...string) (*Node, error) {
	path, err := binary()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, append([]string{"--port", "0"}, flags...)...) // what `make anvil` has installed
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start anvil: %w", err)
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start anvil: %w", err)
	}
	n := &Node{cancel: cancel, cmd: cmd, rest: make(chan struct{})}
	listening := make(chan string, 1)
	go func() {
		defer close(n.rest)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if at, ok := strings.CutPrefix(lines.Text(), "Listening on "); ok {
				listening <- at
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // or it blocks when the pipe is full
	}()
	select {
	case at := <-listening:
		n.URL = "http://" + at
	case <-n.rest:
		return nil, errors.Join(errors.New("start anvil: it ended before it listened"), n.Close())
	case <-time.After(startTimeout):
		return nil, errors.Join(fmt.Errorf("start anvil: it does not listen after %s", startTimeout), n.Close())
	}
	if n.RPC, err = rpc.Dial(n.URL); err != nil {
		return nil, errors.Join(fmt.Errorf("start anvil: %w", err), n.Close())
	}
	return n, nil
}

// Close ends it.
func (n *Node) Close() error {
	if n.RPC != nil {
		n.RPC.Close()
	}
	n.cancel()
	<-n.rest
	_ = n.cmd.Wait() // it was killed
	return nil
}

// Key makes the key of a name; NewAccount funds it.
func Key(name string) (*ecdsa.PrivateKey, error) {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte(name)))
	if err != nil {
		return nil, fmt.Errorf("make the key of %s: %w", name, err)
	}
	return key, nil
}

// NewAccount gives the key of a name 1,000 ether.
func (n *Node) NewAccount(ctx context.Context, name string) (*ecdsa.PrivateKey, error) {
	key, err := Key(name)
	if err != nil {
		return nil, err
	}
	if err := n.RPC.CallContext(ctx, nil, "anvil_setBalance", crypto.PubkeyToAddress(key.PublicKey), "0x3635c9adc5dea00000"); err != nil {
		return nil, fmt.Errorf("fund %s: %w", name, err)
	}
	return key, nil
}
