// Package rollups derives one rollup from the shared blocks: it is what a rollup node does, whatever the virtual machine. It pulls:
//
//	soft: peers' feed -> verify (run, lane proof) -> decode --+
//	                                                          +-> lookahead -> derivation (order, executor) -> heads
//	firm: da/reader (run, lane commitment)        -> decode --+
//
// Trust changes the type: a [feed.Step] is a peer's claim, a [Block] is certified and its lane proven complete, an [Input] is what the
// [Executor] is given. Three heads come out: soft (certified and executed), firm (its DA copy read back, equal by hash), final (the DA layer
// cannot take it back). Errors have three severities and exactly three reactions (severity.go): temporary, retry; reset, drop soft and derive
// again from firm; critical, stop with the evidence on disk.
//
// Effects have one order (derivation.go). Forward: the executor stores a block, then the heads record moves. Backward: the record moves, then
// the executor drops blocks. So the record never claims more than the executor holds, and a crash at any line is mended by deriving on.
// Rules: specs/07-derivation.md.
package rollups
