// Package engine runs CometBFT inside the operator's process and is the one place that knows it: its settings, its
// signer, its stores, its failures. What it is given is an ABCI application; what it gives back is the votes.
//
//	genesis, keys, operators -> Start -> CometBFT -> ABCI application (package ordering)
//	                                    |
//	                                    +-> ExtendedCommit, LateVotes -> certificates; Recent -> late votes of proposals
//
// Consensus messages go over CometBFT's own TCP links, never over its libp2p transport, which as released takes a
// round trip per message and does not resume after two of four validators were killed. Retest at each release; the
// choice is made in settings.go.
//
// One engine per process and lifetime: a CometBFT node that is stopped in a living process may touch stores that are
// closed already. So Stop never closes CometBFT's databases; the process exits after it, and the databases are as safe
// as after kill -9, which they are made for.
//
// CometBFT registers the profiler with net/http's default mux: never serve that mux.
package engine
