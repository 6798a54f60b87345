// Package feed is what a node says to the network about blocks and transactions: it serves headers, certificates and proven lanes by stream, judges
// what gossip brings, and gossips its own users' transactions until a block holds them (specs/02-gossip.md).
//
//	store -> Server -> "feed/1" stream
//	"txs/1", "votes/1", "headers/1" -> Judge -> verdict (and the pool, the collector)
//	pool -> Announcer -> "txs/1"
//
// The wire formats are those of namespaces/feed. Nothing uncertified is served: what a follower gets it can verify at once.
package feed
