// Package contracts holds the L1 contract of a network, SequencerInbox (Solidity in this folder, rules in specs/11-l1.md), its Go bindings,
// which `make contracts` generates, and what callers of it have to encode:
//
//	certified headers -> [Batch] -> SequencerInbox.submit -> record -> proofs of headers, lanes and transactions, by anyone
//
// It opens no connection: who sends transactions brings a client and a key.
package contracts
