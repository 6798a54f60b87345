package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"
)

// maxCalls bounds the calls that wait for an answer. What is due when so many do is not sent, and counts as lost: a sender never waits.
const maxCalls = 8192

// called is the load of payers that send to operators' RPC, signed before the run.
type called struct{ signed }

func (s *Session) newCalled() load { return &called{*s.newSigned()} }

func (l *called) send(ctx context.Context, plan Schedule, accepted *Tally) error {
	clients := l.session.clients
	return calls(ctx, plan, accepted, func(ctx context.Context, i int) error {
		var sent struct {
			Acknowledged string `json:"acknowledged"`
		}
		if err := clients[i%len(clients)].CallContext(ctx, &sent, "seq_sendTransaction", hexutil.Bytes(l.raws[i])); err != nil {
			return err
		}
		if sent.Acknowledged != "journaled" {
			return errors.New("not journaled: " + sent.Acknowledged)
		}
		return nil
	})
}

// calls makes one call for each transaction when it is due, without waiting for others' answers; it returns when all are answered.
func calls(ctx context.Context, plan Schedule, accepted *Tally, call func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithTimeout(ctx, plan.Length()+settleTime)
	defer cancel()
	room := make(chan struct{}, maxCalls)
	var work sync.WaitGroup
	defer work.Wait()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for next := 0; next < plan.N; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-tick.C:
			for until := plan.Until(now); next < until; next++ {
				i := next
				select {
				case room <- struct{}{}:
				default:
					accepted.Refused("too many calls without an answer")
					continue
				}
				work.Go(func() {
					defer func() { <-room }()
					if err := call(ctx, i); err != nil {
						accepted.Refused(reason(err))
						return
					}
					accepted.Seen(i, time.Now())
				})
			}
		}
	}
	return nil
}

// reason is the coded reason of a refusal, or its text.
func reason(err error) string {
	var data rpc.DataError
	if errors.As(err, &data) {
		if m, ok := data.ErrorData().(map[string]any); ok {
			if code, ok := m["code"].(string); ok {
				return code
			}
		}
	}
	return err.Error()
}

// newRun names a run.
func newRun() uint64 { return rand.Uint64() }
