// Package stake is the part of the ledger that operators live by (specs/09-operators.md): who they are, what is bonded with them, which of them order,
// what they earn and what misbehaviour costs them. It is pure: records before and a block go in, records after come out.
//
//	Begin -> System (votes, late votes, faults) -> Act (each action) -> Collect (the block's fees) -> Finish (epoch, next set)
//
// [Genesis] makes the first records. An action that fails returns a [*tx.Reject] and may have written: whoever calls takes its writes back.
// Every other error means that records could not be read, and ends the block.
package stake
