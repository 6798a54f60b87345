// Package lawtest holds the laws of the repository that a compiler does not: who may import whom, what the pure middle may
// touch, how long a file may be, that each decoder is fuzzed, each vector read, each link and each named make target there.
//
// It has no code of its own: its tests read the tree and fail with the place and the law. Each law is a function from what
// was read to the violations, and is itself tested on a tree that breaks it.
package lawtest
