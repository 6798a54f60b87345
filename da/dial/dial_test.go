package dial

import (
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	for url, complaint := range map[string]string{
		"http://127.0.0.1:1":  "",
		"https://example.org": "",
		"":                    "no scheme",
		"127.0.0.1":           "no scheme",
		"celestia://x":        `scheme "celestia" is not known`,
		"http://":             "want http://host:port",
		"http://a b":          "open DA layer",
	} {
		l, err := Open(url)
		switch {
		case complaint == "" && (err != nil || l == nil):
			t.Errorf("%q: %v", url, err)
		case complaint != "" && (err == nil || l != nil || !strings.Contains(err.Error(), complaint)):
			t.Errorf("%q: layer %v, error %v, want %q", url, l, err, complaint)
		}
	}
}
