package celestia

import (
	"encoding/json"
	"testing"

	"github.com/lockstep-network/lockstep/namespaces"
)

// FuzzAnswers: whatever a node answers is decoded to what holds, or refused.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"id":1,"result":null}`))
	f.Add([]byte(`{"id":1,"error":{"code":1,"message":"got: 9999999999utia required 1e9: insufficient fee; max size is 9999999999"}}`))
	f.Add([]byte(`{"result":{"header":{"height":"5"},"commit":{"block_id":{"hash":"00"}}}}`))
	f.Add([]byte(`{"result":[{"namespace":"AAAAAAAAAAAAAAAAAAAAAAAAAKoAAAAAAAAAAAE=","data":"eA==","share_version":0,"commitment":"AA==","index":-1}]}`))
	f.Add([]byte(`{"result":{"denom":"utia","amount":"-5"}}`))
	ns := namespaces.Namespace{0: 0xaa, 9: 1}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var n number
		if err := n.UnmarshalJSON(raw); err != nil && n != 0 {
			t.Error("a number came with an error")
		}
		var h answer[header]
		if json.Unmarshal(raw, &h) == nil {
			if hash, err := h.Result.hash(); err == nil && (hash == [32]byte{} && h.Result.Commit.BlockID.Hash == "" || h.Result.Header.Height == 0) {
				t.Error("half a header was taken")
			}
			if h.Error != nil {
				if r := h.Error.refused(); r.kind == nil || len(r.text) > mostMessage+4 || r.least(4_000) > mostGasPrice {
					t.Errorf("%v", r)
				}
			}
		}
		var b answer[[]blob]
		if json.Unmarshal(raw, &b) == nil {
			blobs, _ := decode(b.Result, ns)
			for _, one := range blobs {
				if one.Namespace != ns || len(one.Data) == 0 {
					t.Errorf("%+v was taken", one)
				}
			}
		}
	})
}
