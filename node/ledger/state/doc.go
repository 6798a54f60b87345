// Package state holds the ledger's records (specs/05-ledger.md, "Records"): values under keys, one Merkle-Patricia trie over all of them, and
// the overlay on which a block works. It is pure and knows no rule of the ledger: what a value means is its owner's to say.
//
//	Reader (the records after a height) -> State (reads through, remembers writes, reverts) -> []Record -> Commit -> root, []Node
//
// The same records stand twice where they are stored: in the trie, for the root and for proofs, and flat, for reads that cost one look-up.
package state
