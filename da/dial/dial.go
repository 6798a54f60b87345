// Package dial opens a DA layer by its URL, so that a process names its layer in one setting: URL -> driver -> [da.Layer].
package dial

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/celestia"
	"github.com/lockstep-network/lockstep/da/ethereum"
	"github.com/lockstep-network/lockstep/da/local"
)

// Config names a layer and what its driver needs besides.
type Config struct {
	// URL is http://host:port or https://host:port for a local layer that another process serves, celestia+http://host:port or
	// celestia+https://host:port for Celestia by a celestia-node's JSON-RPC, ethereum+http://host:port or ethereum+https://host:port for an L1
	// by its execution node's JSON-RPC. It holds no secret: it is shown and written down.
	URL      string
	Celestia celestia.Config // for celestia+ URLs: all but URL. Without a token the layer is read only, at best
	Ethereum ethereum.Config // for ethereum+ URLs: all but RPC, which the URL gives. Without accounts the layer is read only
}

// known says which URLs there are.
const known = "http and https (a local layer served by another process), celestia+http and celestia+https (a celestia-node's JSON-RPC), ethereum+http and ethereum+https (an execution node's JSON-RPC)"

const celestiaPrefix = "celestia+"

// Open returns the layer at a URL. It does not wait for the layer to answer.
func Open(c Config) (da.Layer, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("open DA layer: the URL is malformed") // it may hold a secret: nobody should see it
	}
	switch u.Scheme {
	case "http", "https":
		l, err := local.Dial(c.URL)
		if err != nil {
			return nil, err
		}
		return l, nil
	case "celestia+http", "celestia+https":
		c.Celestia.URL = strings.TrimPrefix(c.URL, celestiaPrefix)
		l, err := celestia.Open(c.Celestia)
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

// Check says whether a URL is one that may be written into settings: it holds no secret that this package can tell.
func Check(rawURL string) error {
	if node, ok := strings.CutPrefix(rawURL, celestiaPrefix); ok {
		return celestia.Config{URL: node}.Validate()
	}
	if u, err := url.Parse(rawURL); err != nil || u.User != nil {
		return errors.New("the URL of the DA layer is malformed, or holds a user: a token belongs into a file or into the environment, where no log shows it")
	}
	return nil
}
