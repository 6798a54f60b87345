// Package remote carries an executor to another process: any rollups.Executor behind a [Server], and a [Client] that is one.
//
//	driver process: derivation -> Client  =====unix socket=====>  Server -> Executor : executor process
//	                gossip     <- Txs     <====================   its gateway
//
// The driver is the only caller: it executes, rolls back, tells where the heads are and asks for the transactions that the executor's
// process wants published. So the executor's process needs no network of its own, and a second virtual machine needs no Go: the protocol is
// JSON-RPC 2.0 over HTTP on a unix socket (specs/07-derivation.md, "Executor over the wire"), with vectors in specs/vectors/executor.json.
package remote
