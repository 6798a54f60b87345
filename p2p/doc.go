// Package p2p is the one libp2p host of a node: gossip topics, request and response by streams, discovery, and one
// account of how each peer behaves. It knows no domain type: callers bring a decoder and a verdict, it brings bytes.
//
//	config -> Host -> Join -> Topic: bytes -> decode -> Verdict -> queue -> Next
//	               -> Handle / Request: bytes -> frames -> bytes
//	               -> Penalize: offence -> points -> graylist, disconnection, a minute of refusal
//
// Nothing that a peer sends can stop the host: every length is checked before memory is taken for it, every queue and
// every pool of goroutines has a bound, every wait has a deadline, and a peer that breaks the protocol loses points
// until it is disconnected. The wire is chapter 02 of the specification (specs/02-gossip.md).
package p2p
