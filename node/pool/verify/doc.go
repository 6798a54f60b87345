// Package verify checks signatures, each once: what gossip, users or a proposal have brought is remembered under its whole encoding.
//
//	batch of gossip -> Open (decoded) -> VerifyAll
//	body of a block -> Proposal: Decode, then Verify
package verify
