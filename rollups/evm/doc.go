// Package evm is the EVM executor: it derives an Ethereum chain from a rollup's entries.
//
//	Input (shared block's entries) -> decode, recover senders -> execute by rule -> block -> store -> readers with cursors
//
// A Chain is a rollups.Executor. It executes with go-ethereum's core (core.ApplyMessage) and
// keeps its own chain in go-ethereum's schema (core/rawdb) beside account state in a path
// database, both on one Pebble. What of go-ethereum changes between releases is in geth.go.
//
// # Derivation rules
//
// The rules are version 1; the genesis hash commits to the version. They are part of the
// specification's chapter on derivation, with vectors in specs/vectors/evm.json.
//
// The genesis state is the document's alloc plus two accounts present by rule, with nonce 1:
// the beacon roots contract (EIP-4788) and the history storage contract (EIP-2935). All forks
// up to Osaka are active from block 0, none after. The genesis header follows the table below
// with parent hash, shared height and parentBeaconRoot zero, the document's timestamp, and
//
//	mixHash = keccak256(rlp([1, chain_id, gas_limit, base_fee, coinbase, timestamp]))
//
// Every shared block with at least one entry for the rollup, and every fallback block, makes
// exactly one rollup block, even if no entry is valid; a shared block without entries makes
// none. Forced entries are entries as others, in front of them.
//
//	number            parent's + 1
//	timestamp         max(parent's, floor(the input's time_ms / 1000)); it may repeat, never fall
//	gasLimit          genesis gas_limit
//	baseFeePerGas     genesis base_fee; burned
//	beneficiary       genesis coinbase; receives the priority fees
//	mixHash           the input's hash: the shared header's, unless entries were forced (PREVRANDAO: known to the proposer in advance, no source of randomness for money)
//	parentBeaconRoot  the input's hash
//	extraData         shared height, 8 bytes big endian; in a fallback block its DA height behind it, likewise
//	difficulty, nonce 0
//	ommersHash        of the empty list
//	withdrawalsRoot   of the empty list
//	requestsHash      sha256("") (EIP-7685, no requests: deposits and the request contracts of Prague have no meaning here)
//	blobGasUsed, excessBlobGas  0; BLOBBASEFEE is 1
//
// The block hash is keccak256 of the RLP of this header, as on Ethereum.
//
// Before the first transaction two system calls are made, as on Ethereum: EIP-4788's with
// parentBeaconRoot, so that a contract can ask for the shared header hash of a timestamp
// (the last block's, when several share a second) and verify lane proofs against it; and
// EIP-2935's with the parent's hash. They also make every block's state root new, which
// the path database needs.
//
// Entries are taken in shared order. An entry is skipped, without any effect on the block, if
// it is longer than 131,072 bytes; is not the canonical encoding of a transaction of type 0,
// 1, 2 or 4 (no blobs); carries no chain id in its signature or another one; has an amount
// above 2^256-1 or a signature that recovers to no sender; or is invalid by Ethereum's rules
// in the state that the transactions before it left: nonce, balance, fees, intrinsic and
// floor gas, the cap of 2^24 gas, a sender with code, gas above what is left in the block. A
// duplicate is skipped because its nonce is used. Reason names them all.
//
// A valid entry becomes the block's next transaction, also if its execution reverts. Only one
// case is not decided at once: an entry that fails because its nonce is above its sender's is
// deferred. Whenever an entry of shared order becomes a transaction, the deferred entries of
// the same sender whose nonce is not above the sender's current one are tried, lowest nonce
// first and among equals in shared order, until none is left or the lowest is still above.
// What is still deferred at the end of the block is skipped. A nonce that moves otherwise (an
// EIP-7702 authorization in another's transaction) does not wake deferred entries.
//
// # Order of effects, and crashes
//
// Execute commits the state to the path database (in memory; code of new contracts on disk),
// then writes block, receipts, indexes, skips and the head pointer in one synced batch, then
// shows the new head to readers. Rollback rewinds the state if it is below what is in memory,
// then moves the head pointer, synced, then shows it, then deletes the dropped blocks.
//
// The path database holds the last 128 blocks' state in memory, above a write buffer of 32
// KiB; Close journals them. A kill loses them: Open then finds the newest block whose state is
// on disk and executes the stored blocks above it again, without recovering what was skipped:
// at most 256 small blocks (a few hundred milliseconds), or about 130 blocks of any larger
// size. It never executes more, however long the chain is, and checks each block hash. An
// interrupted Rollback is undone if its head pointer had not moved, else finished.
//
// Rollback reaches Config.StateHistory blocks (16,384) below the state in memory.
package evm
