package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
)

// File names in an operator's keys folder.
const (
	// OperatorFile holds the encrypted operator key.
	OperatorFile = "operator.json"
	// NodeFile holds the node key.
	NodeFile = "node.pem"
)

// Listing is what may be shown of a keys folder without a password. A part that has no file is empty.
type Listing struct {
	Operator    common.Address // zero when there is no operator key
	PeerID      string         // libp2p
	ConsensusID string         // CometBFT's links
}

// List reads the keys folder dir. A missing file leaves its part empty; a broken or exposed one is an error.
func List(dir string) (Listing, error) {
	var out Listing
	address, err := OperatorAddress(filepath.Join(dir, OperatorFile))
	switch {
	case err == nil:
		out.Operator = address
	case !errors.Is(err, fs.ErrNotExist):
		return Listing{}, fmt.Errorf("list keys: %w", err)
	}
	node, err := LoadNode(filepath.Join(dir, NodeFile))
	switch {
	case err == nil:
		out.PeerID, out.ConsensusID = node.PeerID().String(), node.ConsensusID()
	case !errors.Is(err, fs.ErrNotExist):
		return Listing{}, fmt.Errorf("list keys: %w", err)
	}
	return out, nil
}
