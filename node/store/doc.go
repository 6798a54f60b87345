// Package store is all that a node keeps besides CometBFT's own files: shared blocks, their index, the ledger, certificates, the readers'
// cursors and the journal of acknowledged transactions.
//
// Data arrives in one way and is read by many:
//
//	Commit (one fsync per height) -> Head -> SetCertificate -> Certified -> readers, each with a durable cursor
//
// Whoever waits, waits on [Store.Changed] or [Store.Wait]; nothing is called back.
//
// Blocks stand in append-only segments, everything else in a Pebble database beside them. The order of effects in a Commit: the block goes to its
// segment, with an fsync; then index, ledger and head go to Pebble in one batch without one; then Head moves. So a body is written to the disk
// once, and what survives a crash at any line is this:
//
//   - Before the fsync: at most a torn record, which the next start passes over. The block was never committed.
//   - After it: the block is there. If Pebble has lost the end of its log, the start computes index and ledger of the blocks that it lacks from
//     the segments, with the functions that Commit uses. Pebble's log is written in order: what it has is a prefix.
//   - A certificate is written without an fsync, so the last few may be lost with the power. Anything that is synced later makes them durable, and a
//     lost one is collected again or covered by a later one. While the process lives, Certified never goes back. Whoever acted on a certificate
//     (a follower, the publisher) holds it in what was sent or in its own journal.
//   - Cursors, acknowledged transactions and the floor are on disk when their call returns.
package store
