// Package fee is the fee rule: what a byte costs, and how that follows from what blocks hold (specs/10-fees.md). It is pure integer
// arithmetic on small values that the ledger keeps:
//
//	Lane, Global + what a block holds (Use) -> Lane', Global' -> prices -> what a transaction is charged (Part)
//
// A lane that no block touches costs nothing: [Global.Credit] tells what every idle lane has worked off, and a [Lane] remembers where it stood.
package fee
