package ethapi

import (
	"encoding/json"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// Whatever is decoded, the bloom never hides a log that matches.
func FuzzCriteria(f *testing.F) {
	address, topic := common.Address{1}.Hex(), common.Hash{2}.Hex()
	f.Add([]byte(`{}`), []byte{1}, uint8(0))
	f.Add([]byte(`{"address":"`+address+`","fromBlock":"0x1","toBlock":"latest"}`), []byte{1}, uint8(0))
	f.Add([]byte(`{"address":["`+address+`",null],"topics":[null,"`+topic+`",["`+topic+`",null],[]]}`), []byte{1, 2, 2}, uint8(3))
	f.Add([]byte(`{"blockHash":"`+topic+`","topics":["`+topic+`"]}`), []byte{0, 2}, uint8(1))
	f.Fuzz(func(t *testing.T, data, seed []byte, topics uint8) {
		var c criteria
		if json.Unmarshal(data, &c) != nil {
			return
		}
		if c.BlockHash != nil && (c.From != nil || c.To != nil) || len(c.Topics) > maxTopics {
			t.Fatalf("taken: %+v", c)
		}
		_ = c.validate(Limits{}.withDefaults()) // must not panic
		at := func(i int) byte {
			if i < len(seed) {
				return seed[i]
			}
			return 0
		}
		log := &types.Log{Address: common.Address{at(0)}}
		for i := range int(topics % (maxTopics + 1)) {
			log.Topics = append(log.Topics, common.Hash{at(i + 1)})
		}
		bloom := types.CreateBloom(&types.Receipt{Logs: []*types.Log{log}})
		if c.match(log) && !c.mayMatch(bloom) {
			t.Fatalf("%+v matches %+v, its bloom does not", c, log)
		}
	})
}

func FuzzSlotKey(f *testing.F) {
	for _, seed := range []string{"", "0x", "0x0", "0X1f", "123", "0x" + common.Hash{1}.Hex()[2:], "0xzz", "0x1é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, slot string) {
		key, err := slotKey(slot)
		if err != nil {
			return
		}
		again, err := slotKey(key.Hex())
		if err != nil || again != key {
			t.Fatalf("%q is %s, read again %s: %v", slot, key, again, err)
		}
	})
}

// Arguments that pass make a message that can be executed.
func FuzzCallArgs(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"from":"` + common.Address{1}.Hex() + `","gasPrice":"0x1","value":"0x2","input":"0x12","nonce":"0x3"}`))
	f.Add([]byte(`{"maxFeePerGas":"0x1","maxPriorityFeePerGas":"0x2","data":"0x12","accessList":[{"address":"` + common.Address{1}.Hex() + `","storageKeys":[]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c callArgs
		if json.Unmarshal(data, &c) != nil || c.validate(1) != nil {
			return
		}
		m := c.message(common.Big1, 21_000)
		if m.Value == nil || m.GasPrice == nil || m.GasFeeCap == nil || m.GasTipCap == nil || m.GasPrice.Gt(m.GasFeeCap) {
			t.Fatalf("message %+v", m)
		}
	})
}
