// Package store is all that a node keeps besides CometBFT's own files: shared blocks, their index, the ledger, certificates, the readers'
// cursors and the journal of acknowledged transactions, in one Pebble database.
//
// Data arrives in one way and is read by many:
//
//	Commit (one batch, one fsync per height) -> Head -> SetCertificate -> Certified -> readers, each with a durable cursor
//
// Whoever waits, waits on [Store.Changed] or [Store.Wait]; nothing is called back.
//
// What survives a crash at any line: a block is there whole, with its index and the ledger after it, or not at all, because they are one
// batch; Head reports it only after the fsync. A certificate is written without an fsync of its own, so the last few may be lost with the
// power; the next height's fsync makes them durable, and a lost one is collected again or covered by a later one. While the process
// lives, Certified never goes back. Whoever acted on a certificate (a follower, the publisher) holds it in what was sent or in its own journal.
// Cursors and acknowledged transactions are on disk when their call returns.
package store
