package dial

import (
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da/ethereum"
)

func TestOpen(t *testing.T) {
	l1 := ethereum.Config{Beacons: []string{"http://127.0.0.1:2"}, Inbox: common.Address{1}}
	for url, complaint := range map[string]string{
		"http://127.0.0.1:1":           "",
		"https://example.org":          "",
		"ethereum+http://127.0.0.1:1":  "",
		"ethereum+https://a.example/k": "",
		"":                             "no scheme",
		"127.0.0.1":                    "no scheme",
		"celestia+http://127.0.0.1:1":  "",
		"celestia+https://a.example/p": "",
		"celestia+http://u:k@a":        "a token belongs into a file",
		"celestia+http://a/?token=k":   "a token belongs into a file",
		"celestia+http://":             "is not http://host:port",
		"celestia://x":                 `scheme "celestia" is not known`,
		"ethereum://x":                 `scheme "ethereum" is not known`,
		"ethereum+http://":             "is not http://host:port",
		"http://":                      "want http://host:port",
		"http://a b":                   "open DA layer",
	} {
		l, err := Open(Config{URL: url, Ethereum: l1})
		switch {
		case complaint == "" && (err != nil || l == nil):
			t.Errorf("%q: %v", url, err)
		case complaint != "" && (err == nil || l != nil || !strings.Contains(err.Error(), complaint)):
			t.Errorf("%q: layer %v, error %v, want %q", url, l, err, complaint)
		}
	}
	if _, err := Open(Config{URL: "ethereum+http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "no inbox") {
		t.Errorf("without an inbox: %v", err)
	}
}

func TestCheck(t *testing.T) {
	for url, ok := range map[string]bool{
		"http://127.0.0.1:1": true, "celestia+http://a:26658": true, "ethereum+https://a/k": true,
		"http://u:k@a": false, "celestia+http://u:k@a": false, "celestia+http://a?k=v": false, "ethereum+http://u:k@a": false, "http://a b": false,
	} {
		if err := Check(url); ok != (err == nil) || err != nil && strings.Contains(err.Error(), "u:k") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
