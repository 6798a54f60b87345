// Package e2e holds the stories that are told with the real binary: processes of their own, real keys, real consensus, real gossip, a real
// DA layer on disk. Nothing is replaced and nothing is simulated; what the stories look at is what users and operators look at: RPC, exit codes,
// printed lines, files.
//
//	init network -> processes -> load, kills, restarts -> the checker, which believes nothing but the genesis
//
// Every network has a block of loopback addresses of its own, so neither another run nor what an earlier one left can be in the way. Chance comes
// from a seed that is printed; LOCKSTEP_SEED=n repeats it. LOCKSTEP_E2E_LOGS=folder keeps the processes' logs. Conditions are waited for, never
// times; the deadlines are far above what a busy machine with two cores needs. Stories named Soak run if LOCKSTEP_SOAK=1;
// LOCKSTEP_SOAK_ROUNDS says for how many rounds.
package e2e
