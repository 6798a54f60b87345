// Package ordering turns the pool's transactions into shared blocks by consensus: the ABCI application that CometBFT
// drives (specs/03-certificates.md). Package engine runs CometBFT itself.
//
//	pool -> PrepareProposal -> [header, body] -> ProcessProposal -> decided -> FinalizeBlock -> Commit -> store
//
// A proposal is built and judged by the same pure functions of the parent state, the body, and what consensus fixes of a
// block (height, time, proposer). Nothing leaves the pool by being proposed; nothing is remembered of a block that was
// not decided; nothing is written before Commit, which writes all of a block at once. Whoever wants to know of a block
// reads the store.
package ordering
