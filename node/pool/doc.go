// Package pool is the one pool of a node: verified transactions on their way from gossip and gateways into a block.
//
//	bytes -> Offer (rules, bounds, reservations; then signatures, by the Checker, which remembers them) -> Take (fair order) -> Follow
//
// The pool is bounded in bytes and in count, in all, per namespace and per payer, and one namespace also in the blocks that it fills
// (specs/02-gossip.md, "Pool"). It is fair among namespaces: each has a queue, transactions that span namespaces have one together. What a namespace
// has reserved goes first, then the queue that blocks have served least, so a flood in one delays no other. Transactions that accept less than today's
// price wait beside the queue (specs/10-fees.md). Nothing leaves by being taken, because a proposal may lose; what a decided block holds leaves when
// Follow reads it from the store. What the pool says of balances is advice: consensus asks the ledger.
//
// An acknowledged transaction is in the node's journal, on disk, before the caller hears so. It is never evicted, it comes back after a
// restart, and Unannounced offers it for gossip again until a block holds it or it expires.
package pool
