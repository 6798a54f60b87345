package remote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups"
)

// ErrFull is returned by Publish while no driver takes what was published before.
var ErrFull = errors.New("no driver takes what is to be published")

// Server exposes an executor to its driver, and keeps what the driver tells: it is to the executor's process what a *rollups.Driver is to a
// process that holds both.
type Server struct {
	exec  rollups.Executor
	hello helloJSON
	id    common.Hash
	rpc   *rpc.Server
	log   *slog.Logger

	drive sync.Mutex    // held while the executor works: one call at a time, whoever asks
	txs   chan [][]byte // to be published

	mu      sync.Mutex
	view    View          // guarded by mu
	changed chan struct{} // guarded by mu: closed and replaced at each view
	told    bool          // guarded by mu: there is a view
	ready   chan struct{} // closed with the first view
}

// NewServer makes a server of an executor.
func NewServer(exec rollups.Executor, id Identity, log *slog.Logger) (*Server, error) {
	s := &Server{
		exec: exec, hello: id.hello(), id: id.hash(), rpc: rpc.NewServer(), log: log, txs: make(chan [][]byte, maxWaiting),
		changed: make(chan struct{}), ready: make(chan struct{}),
	}
	s.rpc.SetHTTPBodyLimit(maxRequest)
	s.rpc.SetBatchLimits(1, maxAnswer)
	if err := s.rpc.RegisterName("executor", &methods{s}); err != nil {
		return nil, fmt.Errorf("register the executor's methods: %w", err)
	}
	return s, nil
}

// Handler answers requests over HTTP. Whoever reaches it drives the executor: [Server.Serve] lets in this user alone.
func (s *Server) Handler() http.Handler { return s.rpc }

// Ready is closed when a driver has told for the first time where the heads are.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Status returns the heads as the driver told them last.
func (s *Server) Status() rollups.Heads { return s.last().Heads }

// Heads returns rollup block numbers: the tags latest, safe and finalized.
func (s *Server) Heads() (soft, firm, final uint64) { return s.Status().Numbers() }

// Announced returns the newest shared height that the driver knows to exist.
func (s *Server) Announced() uint64 { return s.last().Announced }

// Peers is how many peers the driver has.
func (s *Server) Peers() int { return s.last().Peers }

// FeePerByte is what a byte costs in the rollup's namespace, in wei, as the driver told it last; 0 while it has not.
func (s *Server) FeePerByte() uint64 { return s.last().FeePerByte }

// Soft returns the shared height of the soft head, and a channel that is closed when the driver tells more.
func (s *Server) Soft() (height uint64, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.Soft.Height, s.changed
}

// Publish hands Txs to the driver, which publishes them when it asks next. They are not kept beyond this process' life.
func (s *Server) Publish(_ context.Context, txs [][]byte) error {
	select {
	case s.txs <- txs:
		return nil
	default:
		return ErrFull
	}
}

func (s *Server) last() View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

func (s *Server) tell(v View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view = v
	close(s.changed)
	s.changed = make(chan struct{})
	if !s.told {
		s.told = true
		close(s.ready)
	}
}

// methods are what the wire reaches, executor_hello and so on.
type methods struct{ s *Server }

// helloAnswer is the answer to a handshake.
type helloAnswer struct {
	Version hexutil.Uint64 `json:"version"`
	Head    outputJSON     `json:"head"`
}

// Hello is executor_hello: the handshake.
func (m *methods) Hello(theirs helloJSON) (*helloAnswer, error) {
	if err := theirs.differs(m.s.hello); err != nil {
		return nil, &wireError{code: codeIdentity, text: fmt.Sprintf("the driver is of %v", err)}
	}
	return &helloAnswer{Version, encodeOutput(m.s.exec.Head())}, nil
}

// Execute is executor_execute. An input of the head's own height is the executor's to judge: it names the block again if it made it of this
// input. Any other one must stand on the head.
func (m *methods) Execute(ctx context.Context, id, parent common.Hash, in inputJSON) (*outputJSON, error) {
	if err := m.admit(id); err != nil {
		return nil, err
	}
	input, err := in.decode()
	if err != nil {
		return nil, malformed(err)
	}
	m.s.drive.Lock()
	defer m.s.drive.Unlock()
	head := m.s.exec.Head()
	if !input.Names(head) && parent != head.BlockHash {
		return nil, &wireError{
			codeStep, fmt.Sprintf("shared height %d stands on block %s, the head is %s (shared height %d)", input.Height, parent, head.BlockHash, head.Height),
			errorJSON{Severity: rollups.Temporary.String(), Head: ref(encodeOutput(head))},
		}
	}
	out, err := m.s.exec.Execute(ctx, input)
	if err != nil {
		return nil, m.failed(ctx, err)
	}
	return ref(encodeOutput(out)), nil
}

// Rollback is executor_rollback; it answers the head after it.
func (m *methods) Rollback(ctx context.Context, id common.Hash, number hexutil.Uint64) (*outputJSON, error) {
	if err := m.admit(id); err != nil {
		return nil, err
	}
	m.s.drive.Lock()
	defer m.s.drive.Unlock()
	if err := m.s.exec.Rollback(ctx, uint64(number)); err != nil {
		return nil, m.failed(ctx, err)
	}
	return ref(encodeOutput(m.s.exec.Head())), nil
}

// View is executor_view: where the driver is.
func (m *methods) View(id common.Hash, v viewJSON) (bool, error) {
	if err := m.admit(id); err != nil {
		return false, err
	}
	view, err := v.decode()
	if err != nil {
		return false, malformed(err)
	}
	m.s.tell(view)
	return true, nil
}

// Outbox is executor_outbox: the next Txs to publish, an empty list after a while without any.
func (m *methods) Outbox(ctx context.Context, id common.Hash) ([]hexutil.Bytes, error) {
	if err := m.admit(id); err != nil {
		return nil, err
	}
	timer := time.NewTimer(outboxWait)
	defer timer.Stop()
	list := []hexutil.Bytes{}
	select {
	case txs := <-m.s.txs:
		for _, t := range txs {
			list = append(list, t)
		}
	case <-timer.C:
	case <-ctx.Done():
	}
	return list, nil
}

func (m *methods) admit(id common.Hash) error {
	if id != m.s.id {
		return &wireError{code: codeIdentity, text: "another rollup's executor, or another version of the protocol: begin with executor_hello"}
	}
	return nil
}

func (m *methods) failed(ctx context.Context, err error) error {
	severity := rollups.SeverityOf(err)
	m.s.log.WarnContext(ctx, "the executor failed", "severity", severity, "error", err)
	if severity != rollups.Reset && severity != rollups.Critical {
		severity = rollups.Temporary // a context that ended here says nothing about the caller's
	}
	return &wireError{codeFailed, err.Error(), errorJSON{Severity: severity.String(), Head: ref(encodeOutput(m.s.exec.Head()))}}
}

func ref[T any](v T) *T { return &v }
