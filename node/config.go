package node

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/lockstep-network/lockstep/da/dial"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/keys"
)

// Config is what an operator's process needs.
type Config struct {
	Home     string // folder of all that the process keeps, below it a folder for each part
	Genesis  *genesis.Genesis
	Operator *keys.Operator // the first key, which pays for the operator's own transactions
	Keys     keys.Folder    // all consensus keys: Operator's and those to rotate to
	Node     *keys.Node

	P2PListen   []string // libp2p multiaddresses
	P2PAnnounce []string // what others are told instead; empty: P2PListen
	Bootstrap   []string // multiaddresses with /p2p/ ids, beside the operators'

	ConsensusListen   string   // host:port of the links between operators
	ConsensusExternal string   // host:port at which others reach it; empty: ConsensusListen
	ConsensusPeers    []string // consensus-id@host:port of operators to link with, beside those of the ledger
	Local             bool     // operators share a machine

	RPCListen  string   // host:port of seq_* over HTTP and WebSocket
	RPCOrigins []string // browsers' origins that are let in; none by default

	DA         dial.Config   // the DA layer; without a URL this operator neither publishes nor attests what it sees there
	DAFrom     uint64        // DA height below which the network has written nothing; 0 if that is not known
	Publish    bool          // whether this operator publishes: one at a time is enough, more are harmless
	InTurn     bool          // publish when it is this operator's turn, or when those before it do not
	PublishAge time.Duration // how old a certified block may grow before it is published; 0: one second

	BlockInterval time.Duration // 0: 250 ms
	KeepBlocks    uint64        // how many of the newest blocks to keep, at least a thousand; 0: all
	Metrics       bool          // register CometBFT's metrics too
	Version       string        // of the software, for people
	Logger        *slog.Logger
}

// Validate says what is missing.
func (c Config) Validate() error {
	switch {
	case c.Home == "":
		return errors.New("no home folder")
	case c.Genesis == nil || c.Operator == nil || c.Node == nil:
		return errors.New("no genesis or no keys")
	case c.RPCListen == "" || c.ConsensusListen == "":
		return errors.New("no address for RPC or for consensus")
	case c.Publish && c.DA.URL == "":
		return errors.New("a publisher needs the URL of a DA layer")
	case c.KeepBlocks > 0 && c.KeepBlocks < leastKept:
		return fmt.Errorf("%d blocks to keep are too few for those who follow: at least %d, or 0 for all", c.KeepBlocks, leastKept)
	case c.Logger == nil:
		return errors.New("no logger")
	}
	return nil
}
