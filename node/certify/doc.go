// Package certify makes certificates: it collects the operators' signatures over committed headers until more than two thirds of the power
// stand behind one, stores the certificate, and so moves the certified head (specs/03-certificates.md, "Collecting").
//
//	stored commit, late votes, peers' votes -> tally (each checked once) -> cert.Assemble -> store -> announcement
//
// It is a reader of the store: the certified head is its cursor, so a restart resumes where the certificates end. A certificate is never an
// input to consensus, because its signers differ from node to node. A faulty operator can spoil its own signature, in any way and at every
// height; what it cannot do is to keep the other operators' signatures from adding up.
package certify
