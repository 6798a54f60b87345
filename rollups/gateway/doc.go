// Package gateway turns raw rollup transactions into Txs of the sequencer: it queues them by sender and nonce, packs what is executable into
// many-leg Txs under one signature of its payer, journals, publishes, and looks after them until their result is known.
//
//	raw -> Parser -> pool (by sender, nonce) -> batch (linger) -> Tx -> journal (fsync) -> publish -> ... -> result
//
// Acknowledged means journaled: [Gateway.Submit] returns after the fsync that its batch shares. Order of effects: journal, then publish, then
// acknowledge. What stands in the journal is published again at the start and now and then until it is included or its expiry has passed;
// then it is wrapped anew. The journal forgets a transaction when the rollup has executed or skipped it for good.
//
// The gateway knows no virtual machine: a [Parser] reads raw transactions, a [State] tells nonces and results.
package gateway
