// Package dial opens a DA layer by its URL, so that a process names its layer in one setting: URL -> driver -> [da.Layer].
package dial

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/ethereum"
	"github.com/lockstep-network/lockstep/da/local"
)

// Config names a layer and what its driver needs besides.
type Config struct {
	// URL is http://host:port or https://host:port for a local layer that another process serves, ethereum+http://host:port or
	// ethereum+https://host:port for an L1 by its execution node's JSON-RPC.
	URL      string
	Ethereum ethereum.Config // for ethereum+ URLs: all but RPC, which the URL gives. Without accounts the layer is read only
}

// known says which URLs there are.
const known = "http and https (a local layer served by another process), ethereum+http and ethereum+https (an execution node's JSON-RPC)"

// Open returns the layer at a URL. It does not wait for the layer to answer.
func Open(c Config) (da.Layer, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("open DA layer: %w", err)
	}
	switch u.Scheme {
	case "http", "https":
		l, err := local.Dial(c.URL)
		if err != nil {
			return nil, err
		}
		return l, nil
	case "ethereum+http", "ethereum+https":
		c.Ethereum.RPC = strings.TrimPrefix(c.URL, "ethereum+")
		l, err := ethereum.Open(c.Ethereum)
		if err != nil {
			return nil, err
		}
		return l, nil
	case "":
		return nil, fmt.Errorf("open DA layer %q: no scheme; want http://host:port", c.URL)
	}
	return nil, fmt.Errorf("open DA layer: scheme %q is not known; this build knows %s", u.Scheme, known)
}
