// Package tunlan is a small LAN with bad weather, for tests and benchmarks on one Linux machine: network namespaces joined in
// user space over TUN devices, with delay, jitter, loss and cuts per link. It does what tc netem does, where a kernel has none.
//
//	host 1 (tun0) -> reader -> link 1->2: loss, cut, delay -> tun0 (host 2)
//
// Host i (from 1) is the network namespace <Prefix><i> with the address 10.77.0.<i>; programs join it with
// `ip netns exec <Prefix><i> ...`. A link is one direction between two hosts. Packets of one link keep their order, so
// jitter delays what follows instead of overtaking it, as a queue in a router does.
//
// Needs root, /dev/net/tun and the ip command of iproute2. [New] takes namespaces of the same names away before it makes its
// own, so that a run which was killed leaves nothing in the way; [LAN.Close] removes them.
package tunlan
