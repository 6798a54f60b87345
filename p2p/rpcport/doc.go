// Package rpcport is the TCP port on which a process answers clients, over HTTP and WebSocket. It knows no method: a handler answers.
//
//	connection -> bound -> HTTP server with its times -> handler
//
// Clients are strangers: the number of connections is bounded, each step of a request has its time, and one connection can be dropped by its
// remote address, a WebSocket's too, which the RPC library does not hand out.
package rpcport
