package engine

import (
	"time"

	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/types"
)

// Status is what `lockstep status` shows of consensus.
type Status struct {
	Height     uint64    // last decided block
	BlockTime  time.Time // of that block; zero before the first
	Round      int32     // of the height being decided; -1 while a call into the application lasts
	Step       string    // of that round
	CatchingUp bool      // fetching blocks that others decided
	Peers      []Peer
}

// Peer is a linked operator.
type Peer struct {
	ConsensusID string
	Name        string // as it says itself
	Address     string // host:port of the link's other end
	Outbound    bool   // this node dialled
	Height      uint64 // height that it is deciding, as it says
}

// statusWait is how long Status waits for the consensus routine, which may be inside PrepareProposal.
const statusWait = 50 * time.Millisecond

// Status describes the engine now.
func (e *Engine) Status() Status {
	out := Status{Height: e.height(), Round: -1, CatchingUp: e.node.ConsensusReactor().WaitSync()}
	if meta := e.node.BlockStore().LoadBlockMeta(int64(out.Height)); meta != nil {
		out.BlockTime = meta.Header.Time
	}
	select {
	case p := <-e.probe():
		out.Round, out.Step = p.round, p.step.String()
	case <-time.After(statusWait):
	}
	e.node.Switch().Peers().ForEach(func(p p2p.Peer) {
		peer := Peer{ConsensusID: string(p.ID()), Address: p.RemoteAddr().String(), Outbound: p.IsOutbound()}
		if info, ok := p.NodeInfo().(p2p.DefaultNodeInfo); ok {
			peer.Name = info.Moniker
		}
		if state, ok := p.Get(types.PeerStateKey).(*consensus.PeerState); ok {
			peer.Height = uint64(max(0, state.GetHeight()))
		}
		out.Peers = append(out.Peers, peer)
	})
	return out
}
