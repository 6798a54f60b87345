// Package dial opens a DA layer by its URL, so that a process names its layer in one setting: URL -> driver -> [da.Layer].
package dial

import (
	"fmt"
	"net/url"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/local"
)

// Open returns the layer at a URL: http://host:port or https://host:port is a local layer that another process serves. It does not wait for
// the layer to answer.
func Open(rawURL string) (da.Layer, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("open DA layer: %w", err)
	}
	switch u.Scheme {
	case "http", "https":
		c, err := local.Dial(rawURL)
		if err != nil {
			return nil, err
		}
		return c, nil
	case "":
		return nil, fmt.Errorf("open DA layer %q: no scheme; want http://host:port", rawURL)
	}
	return nil, fmt.Errorf("open DA layer %q: scheme %q is not known; this build knows http and https (a local layer served by another process)", rawURL, u.Scheme)
}
