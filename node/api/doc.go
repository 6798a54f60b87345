// Package api serves the sequencer's JSON-RPC methods, `seq_*`, over HTTP and WebSocket on one port (specs/08-rpc.md).
//
//	request -> limits -> method -> pool (transactions) or store (everything else) -> answer, proof document or coded error
//	subscription -> cursor over the store -> one notification at a time, at the client's pace
//
// What it answers about blocks comes as proof documents (namespaces/proof), which a client verifies with the genesis alone. A subscription is a
// reader like any other: it begins at any height that is kept, leaves none out, and holds one step in memory, however slow its client is.
package api
