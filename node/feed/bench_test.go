package feed

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// BenchmarkServe is what one step costs the server: a header alone, and with the lane of a block of 250 legs of 250 bytes, its proof known or not.
func BenchmarkServe(b *testing.B) {
	const heights = 64
	n := chaintest.New(b, 1, nil)
	s := n.Open(b, b.TempDir())
	leg := make([]byte, 250)
	for h := range uint64(heights) {
		legs := make([]tx.Leg, 250)
		for i := range legs {
			legs[i] = tx.Leg{Namespace: chaintest.Alpha, Data: leg}
		}
		n.Commit(b, s, n.Tx(b, h+100, legs...))
		n.Certify(b, s, h+1)
	}
	server := NewServer(s, s, func(common.Hash) (cert.Set, error) { return n.Set, nil })
	for name, wanted := range map[string][]namespaces.Namespace{"header": nil, "lane": {chaintest.Alpha}} {
		b.Run(name, func(b *testing.B) {
			request := feed.Request{From: 1, To: heights, Namespaces: wanted}.Encode()
			size := 0
			for steps := 0; steps < b.N; steps += heights {
				err := server.Serve(b.Context(), "", request, func(raw []byte) error { size += len(raw); return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)/float64((b.N+heights-1)/heights*heights), "B/step")
		})
	}
}
