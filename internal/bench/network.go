package bench

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"

	"github.com/lockstep-network/lockstep/internal/tunlan"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
)

// Network is what a benchmark runs against.
type Network struct {
	Genesis   *genesis.Genesis
	Operators []Member
	Rollup    *Member                // EVM rollup whose node is there; nil: none
	Lanes     []namespaces.Namespace // registered ones, that payloads are spread over
	Payers    []*ecdsa.PrivateKey    // funded, on the ledger and on the rollup
}

// Member is one process of the network.
type Member struct {
	Name    string
	RPC     string // http URL
	PID     int    // 0: not known here
	ChainID uint64 // of a rollup
}

// Validate refuses a network that a benchmark has no business with: one that is not on this machine.
func (n *Network) Validate() error {
	if n.Genesis == nil || len(n.Operators) == 0 || len(n.Lanes) == 0 || len(n.Payers) == 0 {
		return errors.New("benchmark: no genesis, operators, lanes or payers")
	}
	members := n.Operators
	if n.Rollup != nil {
		members = append(append([]Member{}, members...), *n.Rollup)
	}
	for _, m := range members {
		u, err := url.Parse(m.RPC)
		if err != nil {
			return fmt.Errorf("benchmark: RPC of %s: %w", m.Name, err)
		}
		addr, err := netip.ParseAddr(u.Hostname())
		if err != nil || !allowed(addr) {
			return fmt.Errorf("benchmark: %s of %s is not on this machine: only loopback addresses and own network namespaces are targets", u.Host, m.Name)
		}
	}
	return nil
}

// allowed says whether an address is this machine's: loopback, or of the LAN that package tunlan makes.
func allowed(a netip.Addr) bool { return a.IsLoopback() || lan().Contains(a) && onlyLAN() }

func lan() netip.Prefix { return netip.PrefixFrom(tunlan.Addr(1), 24).Masked() }

// onlyLAN says whether this process reaches nothing but that LAN: it is in one of its network namespaces.
func onlyLAN() bool {
	list, err := net.InterfaceAddrs()
	found := false
	for _, a := range list {
		p, parseErr := netip.ParsePrefix(a.String())
		switch {
		case parseErr != nil:
			return false
		case p.Addr().IsLoopback(), p.Addr().IsLinkLocalUnicast():
		case lan().Contains(p.Addr()):
			found = true
		default:
			return false
		}
	}
	return err == nil && found
}

func (n *Network) pids() []int {
	var out []int
	for _, m := range n.Operators {
		if m.PID != 0 {
			out = append(out, m.PID)
		}
	}
	return out
}
