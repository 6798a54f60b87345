// Package ledger is the sequencer's own deterministic state: who holds how much, which (payer, salt) pairs are spent, and the one rule by
// which a block changes both (specs/05-ledger.md). It is pure: the state before and the transactions go in, what changes comes out:
//
//	Parent (head, records, nodes, spent) + transactions -> Effects (new head, records, nodes, spent pairs, charges)
//
// [Rules] say whether one transaction may stand at a height; a [Pass] says whether a block's transactions may stand together on the parent
// state; [Apply] runs the pass and computes what follows. The pool admits with the rules, a proposal is built and judged with a pass, and a
// decided block is applied: all three call the same code. node/store writes what comes out.
// The records themselves, without the rules, are package state.
package ledger
