// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rlp} from "./Rlp.sol";

/// A proof about a lane in nmt's terms (specs/04-lanes.md, "Lane table"): nodes of 90 bytes, one behind the other.
struct LaneProof {
    uint64 start;
    uint64 end;
    bytes nodes;
    bytes leafHash;
}

/// Celestia's namespaced Merkle tree (sha256, 29-byte namespaces, the greatest one ignored), as far as lane tables use it.
library Lanes {
    error BadLaneProof();

    uint256 private constant NODE = 90;
    uint256 private constant MAX_NODES = 26;
    uint256 private constant MAX_LANES = 4096;
    uint256 private constant MAX_LANE = 12 << 20;
    uint256 private constant GREATEST = (1 << 232) - 1;

    /// A node: the least and the greatest namespace below it, and its hash.
    struct Node {
        uint256 min;
        uint256 max;
        bytes32 hash;
    }

    /// present reverts unless the block behind the data root (at a place in calldata) has exactly this lane under the namespace.
    function present(bytes calldata header, uint256 root, bytes10 namespace, uint256 size, bytes32 commitment, LaneProof calldata p)
        internal
        pure
    {
        if (size == 0 || size > MAX_LANE || p.leafHash.length != 0 || uint256(p.end) != uint256(p.start) + 1) revert BadLaneProof();
        uint256 id = uint80(namespace);
        bytes32 hash = sha256(abi.encodePacked(uint8(0), bytes29(uint232(id)), uint32(size), commitment));
        climb(header, root, p, id, Node(id, id, hash));
    }

    /// absent reverts unless the block behind the data root has no lane under the namespace.
    function absent(bytes calldata header, uint256 root, bytes10 namespace, LaneProof calldata p) internal pure {
        uint256 id = uint80(namespace);
        if (p.start == p.end) {
            Node memory all = node(header, root);
            bool empty = all.min == 0 && all.max == 0 && all.hash == sha256("");
            bool outside = id < all.min || all.max < id || empty;
            if (p.start > MAX_LANES || p.nodes.length != 0 || p.leafHash.length != 0 || !outside) revert BadLaneProof();
            return;
        }
        if (p.leafHash.length != NODE || uint256(p.end) != uint256(p.start) + 1) revert BadLaneProof();
        Node memory other = node(p.leafHash, 0);
        if (id >= other.min) revert BadLaneProof();
        climb(header, root, p, id, other);
    }

    /// climb goes from the leaf at p.start to the root. Nodes left of it come first, the largest subtree first; then those right of it, from
    /// the leaf upwards, where a tree that ends early has none. All on the left are below id, all on the right above it: nothing is left out.
    function climb(bytes calldata header, uint256 root, LaneProof calldata p, uint256 id, Node memory h) private pure {
        unchecked {
            bytes calldata nodes = p.nodes;
            if (p.end > MAX_LANES || nodes.length % NODE != 0 || nodes.length > NODE * MAX_NODES || h.min > h.max) revert BadLaneProof();
            uint256 left;
            for (uint256 s = p.start; s > 0; s &= s - 1) left += NODE;
            if (left > nodes.length) revert BadLaneProof();
            uint256 right = left;
            for (uint256 s = p.start; s > 0 || right < nodes.length; s >>= 1) {
                if (s & 1 == 1) {
                    left -= NODE;
                    Node memory n = node(nodes, left);
                    if (n.max >= id) revert BadLaneProof();
                    h = join(n, h);
                } else if (right < nodes.length) {
                    Node memory n = node(nodes, right);
                    if (n.min <= id) revert BadLaneProof();
                    h = join(h, n);
                    right += NODE;
                }
            }
            Node memory want = node(header, root);
            if (h.min != want.min || h.max != want.max || h.hash != want.hash) revert BadLaneProof();
        }
    }

    function node(bytes calldata raw, uint256 pos) private pure returns (Node memory) {
        return Node(Rlp.word(raw, pos) >> 24, Rlp.word(raw, pos + 29) >> 24, bytes32(Rlp.word(raw, pos + 58)));
    }

    function join(Node memory l, Node memory r) private pure returns (Node memory) {
        if (l.min > l.max || r.min > r.max || r.min < l.max) revert BadLaneProof();
        bytes memory both = abi.encodePacked(
            uint8(1), bytes29(uint232(l.min)), bytes29(uint232(l.max)), l.hash, bytes29(uint232(r.min)), bytes29(uint232(r.max)), r.hash
        );
        return Node(l.min, r.min == GREATEST ? l.max : r.max, sha256(both));
    }
}
