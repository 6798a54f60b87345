package ethapi

import (
	"runtime"
	"strconv"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
)

// netAPI tells of the network.
type netAPI struct{ b *backend }

// Version is net_version: the chain id in decimal digits.
func (a *netAPI) Version() string { return strconv.FormatUint(a.b.Chain.Genesis().ChainID, 10) }

// Listening is net_listening.
func (a *netAPI) Listening() bool { return true }

// PeerCount is net_peerCount.
func (a *netAPI) PeerCount() hexutil.Uint { return hexutil.Uint(a.b.Peers()) }

// web3API tells of the software.
type web3API struct{ b *backend }

// ClientVersion is web3_clientVersion.
func (a *web3API) ClientVersion() string {
	return "lockstep/" + a.b.Version + "/" + runtime.GOOS + "-" + runtime.GOARCH + "/" + runtime.Version()
}

// Sha3 is web3_sha3: Keccak-256.
func (a *web3API) Sha3(data hexutil.Bytes) hexutil.Bytes { return crypto.Keccak256(data) }
