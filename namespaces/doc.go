// Package namespaces is the vocabulary of Lockstep: the values that every other part speaks about, and the rules that need nothing but
// those values. It is pure: no network, file, clock, lock or log, so that two nodes that hold the same bytes reach the same verdict.
//
// The arrow of the whole project runs through its subfolders:
//
//	bytes -> tx.Tx -> (pool) -> block.Body -> block.Contents (lanes, roots) -> block.Header -> cert.Certificate -> readers
//
// This folder itself holds the leaves: a rollup's [Namespace] and the keccak [Tree] over sorted ids. The subfolders are named for their nouns:
// tx (what is signed and paid for), lane (one rollup's part of a block, and the table of all lanes), block (header, body, order), cert
// (operators, certificates, the one verifier of header runs), genesis (what a network starts from). The chapters of specs/ are their grammar.
package namespaces
