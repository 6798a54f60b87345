// Package ethapi is the Ethereum JSON-RPC of a rollup node: what wallets, ethclient, viem and ethers speak, over HTTP and WebSocket on one port.
//
//	request -> limits -> method -> evm.Chain (blocks, state, calls) -> answer
//	eth_sendRawTransaction -> gateway -> the sequencer
//	evm.Cursor -> filter or subscription -> client
//
// It holds no chain data of its own: each answer is read from the chain, each filter and subscription is a cursor along it. Tags name the node's
// heads: latest is the soft head, safe the firm, finalized the final one; pending is latest plus what the gateway holds. Whatever a method
// answers lies at or below a head that eth_blockNumber has shown, so a receipt that is visible has a visible block.
//
// Latest can be taken back until it is safe. Filters and subscriptions say so as Ethereum clients expect it: dropped logs come again with removed
// set, newest first; newHeads tells the block that is gone back to, and then those that follow it.
//
// Beside eth, net and web3 there is the namespace lockstep: the heads in shared heights, why a transaction was skipped, and how far one has come
// in the gateway.
package ethapi
