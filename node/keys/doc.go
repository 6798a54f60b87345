// Package keys holds an operator's two identities and the files that keep them.
//
//	operator key  secp256k1, encrypted go-ethereum keystore: votes, certificates, the Ethereum address
//	node key      ed25519, PKCS #8 PEM: the libp2p host and CometBFT's links
//
// Passwords come from the caller; nothing here prints, logs or serialises a secret. A file that other users of
// the machine may read is refused, a file that exists is never overwritten, and a new file is on disk (file and
// folder synced) before its identity is returned.
package keys
