package rollups

import (
	"context"
	"fmt"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// derivation moves the heads. It is a state machine without a goroutine, clock or network: each method is one event, runs to its end, and
// may be called again with the same event after a temporary error.
//
// Order of effects (specs/07-derivation.md, "Crash"): forward, the executor stores the rollup block, then the record moves; backward, the
// record moves, then the executor drops blocks. A crash between the two leaves the executor ahead of the record, never behind; execute
// mends that on the way.
type derivation struct {
	exec   Executor
	store  *store
	forced *forcedQueue
	moved  func(record) // told after each move; must not block

	rec     record // what the store holds
	broken  uint64 // lanes that were certified and did not decode
	softRun uint64 // end of the run that was stored last on the way of soft
	firmRun uint64 // likewise of firm
	stands  mark   // becomes the record's when its reach is final; none if that is 0
}

// soft takes a block from the peers' way.
func (d *derivation) soft(ctx context.Context, b *decoded) error {
	if b.Header.Height <= d.rec.Soft.Height {
		if err := d.compare(b); err != nil {
			return err
		}
		if b.Trust == nil || b.Trust.Height <= d.rec.SoftTrust.Height {
			return nil
		}
		next := d.rec
		next.SoftTrust = *b.Trust
		return d.commit(move{next: next})
	}
	if err := d.follows(b); err != nil {
		return err
	}
	parent := d.rec.Soft.Output.BlockHash
	head, executed, err := d.extend(ctx, b, d.rec.Firm.DAHeight)
	if err != nil {
		return err
	}
	next := d.rec
	next.Soft = head
	if b.Trust != nil {
		next.SoftTrust = *b.Trust
	}
	p := pastOf(head, parent, 0)
	return d.commit(move{next, &memory{b.Header.Height, p}, b.Run, &d.softRun, executed})
}

// firm takes a block from the DA layer's way: it confirms a soft one by its hash, or is itself the first to come.
func (d *derivation) firm(ctx context.Context, b *decoded) error {
	height := b.Header.Height
	if b.Quiet > 0 {
		return d.quiet(ctx, b)
	}
	if height <= d.rec.Firm.Height {
		return d.compare(b) // inside a run whose beginning was firm before a restart
	}
	if height != d.rec.Firm.Height+1 {
		return fmt.Errorf("height %d of the DA layer after %d: %w", height, d.rec.Firm.Height, errReset)
	}
	if err := d.fallbacks(ctx, height, b.DAHeight-1); err != nil {
		return err
	}
	next := d.rec
	executed := false
	parent := d.rec.Firm.Output.BlockHash
	landed := max(d.rec.Firm.DAHeight, b.DAHeight)
	var err error
	if height <= d.rec.Soft.Height {
		next.Firm, err = d.confirm(ctx, b, landed)
	} else if err = d.follows(b); err == nil {
		next.Firm, executed, err = d.extend(ctx, b, landed)
	}
	if err != nil {
		return err
	}
	next.Firm.DAHeight = landed
	if height >= d.rec.Soft.Height {
		next.Soft = next.Firm
	}
	if b.Trust != nil {
		next.FirmTrust, next.Cursor = *b.Trust, b.Cursor
		if b.Trust.Height > next.SoftTrust.Height {
			next.SoftTrust = *b.Trust
		}
		if d.stands.reach == 0 {
			d.stands = mark{*b.Trust, b.Cursor, b.Reach}
		}
	}
	p := pastOf(next.Firm, parent, landed)
	return d.commit(move{next, &memory{height, p}, b.Run, &d.firmRun, executed})
}

// confirm finds that a firm block is the soft one of its height, and that the soft one was given the same forced items.
func (d *derivation) confirm(ctx context.Context, b *decoded, landed uint64) (Head, error) {
	height := b.Header.Height
	known, found, err := d.store.past(height)
	switch {
	case err != nil:
		return Head{}, err
	case !found:
		return Head{}, fmt.Errorf("height %d is firm and nothing is known of its soft block: %w", height, errReset)
	case known.Hash != b.Hash:
		return Head{}, d.contradiction(height, b)
	}
	_, place, err := d.forced.take(ctx, d.rec.Firm.Forced, b.Header.DAHead, landed)
	if err != nil {
		return Head{}, err
	}
	if place != known.Forced {
		return Head{}, fmt.Errorf("height %d landed at DA height %d, and soft had inserted forced items up to %+v, not %+v: %w", height, landed, known.Forced, place, errReset)
	}
	return known.head(height), nil
}

// final takes the newest DA height that cannot be reorganised.
func (d *derivation) final(daHeight uint64) error {
	next := d.rec
	for next.Final.Height < d.rec.Firm.Height {
		height := next.Final.Height + 1
		p, found, err := d.store.past(height)
		if err != nil {
			return err
		}
		if !found || p.DAHeight == 0 || p.DAHeight > daHeight {
			break
		}
		next.Final = p.head(height)
	}
	if next.Final.Height == d.rec.Firm.Height && d.rec.Firm.DAHeight <= daHeight {
		next.Final = d.rec.Firm // with its fallback blocks
	}
	if m := d.stands; m.reach > 0 && m.reach <= daHeight {
		next.Settled, next.SettledCursor, d.stands = m.trust, m.cursor, mark{}
	}
	if next.Final == d.rec.Final && next.Settled.Height == d.rec.Settled.Height {
		return nil
	}
	return d.commit(move{next: next})
}

// mark is the end of a run on the DA layer, after which a reader can begin.
type mark struct {
	trust  cert.Trust
	cursor []byte
	reach  uint64
}

// withdraw takes firm back to what the DA layer still shows, never below final. Soft stays: a certified block stays certified, and is firm
// again when its copy is readable again (specs/07-derivation.md, "Heads").
func (d *derivation) withdraw(known bool, after cert.Trust, cursor []byte) error {
	next := d.rec
	switch {
	case !known || after.Height < d.rec.Settled.Height:
		after, next.FirmTrust, next.Cursor = d.rec.Settled, d.rec.Settled, d.rec.SettledCursor
	case after.Height < d.rec.FirmTrust.Height:
		next.FirmTrust, next.Cursor = after, cursor
	}
	if d.stands.trust.Height > after.Height {
		d.stands = mark{}
	}
	switch height := max(after.Height, d.rec.Final.Height); {
	case height >= d.rec.Firm.Height:
	case height == d.rec.Final.Height:
		next.Firm = d.rec.Final
	default:
		p, found, err := d.store.past(height)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("go back to height %d: nothing is remembered of it", height)
		}
		next.Firm = p.head(height)
	}
	return d.commit(move{next: next, sync: true})
}

// reset drops soft: the record first, then the executor's blocks.
func (d *derivation) reset(ctx context.Context) error {
	next := d.rec
	next.Soft, next.SoftTrust = d.rec.Firm, d.rec.FirmTrust
	if err := d.commit(move{next: next, sync: true}); err != nil {
		return err
	}
	return d.rollback(ctx, d.rec.Firm.Output)
}

// rollback takes the executor back to a block of the record's.
func (d *derivation) rollback(ctx context.Context, to Output) error {
	if err := d.exec.Rollback(ctx, to.Number); err != nil {
		return fmt.Errorf("roll back to rollup block %d: %w", to.Number, err)
	}
	return d.belongs(to)
}

// belongs says that the executor's newest block is the one of the record. Another one can only have been lost, or be another chain's.
func (d *derivation) belongs(want Output) error {
	head := d.exec.Head()
	if head == want {
		return nil
	}
	return &ExecutorError{Critical, fmt.Errorf("the executor's newest block %s (shared height %d) is not the one of the heads record, %s (shared height %d): "+
		"their folders do not belong together; remove both to derive again from genesis",
		head.BlockHash, head.Height, want.BlockHash, want.Height)}
}

// announced compares a header whose certificate was checked with what is derived.
func (d *derivation) announced(run *cert.Run) error {
	h := run.Headers[0]
	return d.compare(&decoded{Block: Block{Header: h, Hash: h.Hash(), Run: run}})
}

// follows says whether a block stands on the soft head.
func (d *derivation) follows(b *decoded) error {
	switch {
	case b.Header.Height != d.rec.Soft.Height+1:
		return fmt.Errorf("height %d after soft head %d: %w", b.Header.Height, d.rec.Soft.Height, errReset)
	case b.Header.ParentHash != d.rec.Soft.Hash:
		return d.contradiction(d.rec.Soft.Height, b)
	}
	return nil
}

// compare holds a block that is not above the soft head against what is known of its height.
func (d *derivation) compare(b *decoded) error {
	known, found, err := d.store.past(b.Header.Height)
	if err != nil || !found || known.Hash == b.Hash {
		return err
	}
	return d.contradiction(b.Header.Height, b)
}

// contradiction names the severity of another header at a height that is taken: critical if there is proof of what is known (a block is
// proven by itself), else a reset, which comes back here if it has to.
func (d *derivation) contradiction(height uint64, b *decoded) error {
	known, found, err := d.store.past(height)
	if err != nil {
		return err
	}
	_, proven, err := d.store.proof(height)
	if err != nil {
		return err
	}
	if !found || !proven {
		return fmt.Errorf("height %d contradicts what is known, of which there is no proof: %w", height, errReset)
	}
	conflict := &cert.ErrConflict{Height: height, Known: known.Hash}
	if b.Run != nil {
		conflict.Run = *b.Run
		return conflict
	}
	conflict.Run.Headers = []block.Header{b.Header}
	conflict.Run.Certificate.HeaderHash = b.Hash // for the message; the certificate itself stands on the DA layer
	return fmt.Errorf("read at DA height %d: %w", b.DAHeight, conflict)
}

// extend executes a block on top of the soft head, if it asks for it, and returns the head after it. landed is the DA height at which it stands, or
// that it is not below as far as is known.
func (d *derivation) extend(ctx context.Context, b *decoded, landed uint64) (head Head, executed bool, err error) {
	if !b.ready {
		*b = decode(b.Block)
	}
	if b.broken {
		d.broken++
	}
	out, timeMS := d.rec.Soft.Output, d.rec.Soft.TimeMS
	items, place, err := d.forced.take(ctx, d.rec.Soft.Forced, b.Header.DAHead, landed)
	if err != nil {
		return Head{}, false, fmt.Errorf("shared height %d: %w", b.Header.Height, err)
	}
	in := b.input(items, timeMS)
	if len(in.Entries) == 0 {
		if h := d.exec.Head(); h.Number > out.Number && h.Height <= b.Header.Height {
			err = d.rollback(ctx, out)
		}
	} else {
		executed, timeMS = true, in.TimeMS
		out, err = d.execute(ctx, in)
	}
	if err != nil {
		return Head{}, false, fmt.Errorf("shared height %d: %w", b.Header.Height, err)
	}
	head = Head{b.Header.Height, b.Hash, out, timeMS, place, d.rec.Soft.DAHeight}
	if err := d.repeats(in, head); err != nil {
		return Head{}, false, err
	}
	return head, executed, nil
}

// execute hands an input to the executor. An executor that is ahead of the record was stopped between the two effects: its head is this very
// input's block (then executing again only names it), or a block that a reset had already given up.
func (d *derivation) execute(ctx context.Context, in Input) (Output, error) {
	head := d.exec.Head()
	if head.Number <= d.rec.Soft.Output.Number {
		return d.exec.Execute(ctx, in)
	}
	if in.Names(head) {
		if out, err := d.exec.Execute(ctx, in); err == nil {
			return out, nil
		}
	}
	if err := d.rollback(ctx, d.rec.Soft.Output); err != nil {
		return Output{}, err
	}
	return d.exec.Execute(ctx, in)
}

// repeats holds a head against the one that the same input gave on the same block before soft was dropped.
func (d *derivation) repeats(in Input, now Head) error {
	before, found, err := d.store.past(now.Height)
	if err != nil || !found || before.Hash != now.Hash || before.Parent != d.rec.Soft.Output.BlockHash || before.Forced != now.Forced || before.Output == now.Output {
		return err
	}
	in.Entries = nil
	return &DivergedError{Input: in, Known: before.Output, Now: now.Output}
}

// move is one change of the record.
type move struct {
	next   record
	memory *memory   // what is to be remembered of a height
	run    *cert.Run // the run that proves that height
	way    *uint64   // end of the run that was stored last on this way: once is enough for all blocks of a run
	sync   bool      // durable before commit returns
}

// commit makes a move durable, as far as it must be now, and then known.
func (d *derivation) commit(m move) error {
	run := m.run
	if run != nil && run.Certificate.Height == *m.way {
		run = nil
	}
	if err := d.store.write(m.next, m.memory, run, m.sync); err != nil {
		return err
	}
	if run != nil {
		*m.way = run.Certificate.Height
	}
	d.rec = m.next
	d.moved(m.next)
	return nil
}

// check says at the start whether the executor and the record belong together.
func (d *derivation) check(ctx context.Context) error {
	head := d.exec.Head()
	soft, firm := d.rec.Soft.Output, d.rec.Firm.Output
	if head.Number > soft.Number || head == soft {
		return nil
	}
	if head.Number >= firm.Number && head.Number < soft.Number {
		// A reset that was cut short by a crash, or an executor whose folder is older than the record: what is firm is there still.
		return d.reset(ctx)
	}
	return d.belongs(soft)
}
