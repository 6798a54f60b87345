// Package bench is the open-loop benchmark behind `lockstep bench`.
//
//	schedule -> senders -> operators' gossip or RPC -> shared blocks -> a follower's stream -> tally
//
// Transactions are due at fixed times, whatever the network answers: a sender that falls behind sends late and is charged from the time that was
// due. Each transaction is unique and carries its number. It counts once a follower has read it: in a lane that is proven under a header that is
// certified, by [cert.Trust.Advance] and the lane's proof, as any rollup node reads it. Load and follower share the machine with the operators;
// what each takes is told apart.
//
// The network is real processes on loopback addresses, or in network namespaces of this machine: nothing else is ever a target ([Network.Validate]).
package bench
