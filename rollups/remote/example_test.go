package remote_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/remote"
)

// digest is a whole rollup in a page: its state is one hash, which each entry is hashed into. Nothing else is asked of a virtual machine than
// these three methods; one that is meant to last writes its blocks to a disk before Execute returns.
type digest struct {
	mu     sync.Mutex
	blocks []rollups.Output // guarded by mu; the first is the genesis
	inputs []common.Hash    // guarded by mu; shared header hashes of the blocks
}

func newDigest() *digest {
	root := crypto.Keccak256Hash([]byte("genesis"))
	return &digest{blocks: []rollups.Output{{BlockHash: root, StateRoot: root}}, inputs: make([]common.Hash, 1)}
}

func (d *digest) Head() rollups.Output {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.blocks[len(d.blocks)-1]
}

func (d *digest) Execute(_ context.Context, in rollups.Input) (rollups.Output, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	head := d.blocks[len(d.blocks)-1]
	switch {
	case in.Names(head) && in.Hash == d.inputs[len(d.inputs)-1]:
		return head, nil // the answer was lost
	case !in.After(head):
		return rollups.Output{}, errors.New("the input does not follow the head")
	}
	state := head.StateRoot
	for _, e := range in.Entries {
		state = crypto.Keccak256Hash(state[:], e)
	}
	block := crypto.Keccak256Hash(head.BlockHash[:], in.Hash[:], state[:])
	d.blocks = append(d.blocks, rollups.Output{Height: in.Height, Fallback: in.Fallback, Number: head.Number + 1, BlockHash: block, StateRoot: state})
	d.inputs = append(d.inputs, in.Hash)
	return d.blocks[len(d.blocks)-1], nil
}

func (d *digest) Rollback(_ context.Context, number uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.blocks[len(d.blocks)-1].Number > number {
		d.blocks, d.inputs = d.blocks[:len(d.blocks)-1], d.inputs[:len(d.inputs)-1]
	}
	return nil
}

// Any virtual machine can be a rollup: here one that hashes, served by one side and driven by the other.
func Example() {
	dir, err := os.MkdirTemp("", "digest")
	if err != nil {
		panic(err)
	}
	defer os.Remove(dir)
	socket := filepath.Join(dir, "executor.sock")
	id := remote.Identity{ChainID: "example-1", Namespace: namespaces.Namespace{0: 1}}
	log := slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(context.Background())

	server, err := remote.NewServer(newDigest(), id, log)
	if err != nil {
		panic(err)
	}
	ended := make(chan error)
	go func() { ended <- server.Serve(ctx, socket) }()

	client, err := remote.Dial(ctx, socket, id, log) // waits for the server
	if err != nil {
		panic(err)
	}
	for height := uint64(1); height <= 2; height++ {
		out, err := client.Execute(ctx, rollups.Input{Height: height, Hash: common.Hash{byte(height)}, Entries: [][]byte{[]byte("hello")}})
		if err != nil {
			panic(err)
		}
		fmt.Println("block", out.Number, "state", out.StateRoot.TerminalString())
	}
	client.Close()
	cancel()
	<-ended
	// Output:
	// block 1 state 7353c5..1af2f6
	// block 2 state baf24a..2c17de
}
