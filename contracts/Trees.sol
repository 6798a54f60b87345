// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// One leaf and the way from it to the top, siblings from the leaf upwards (specs/01-formats.md, "Sorted tree").
struct Path {
    uint64 index;
    bytes32 value;
    bytes32[] siblings;
}

/// That a value is in a tree (one path) or is not (its neighbours' paths).
struct Membership {
    uint64 count;
    Path[] paths;
}

/// Merkle trees of specs/01-formats.md: RFC 6962's shape, keccak256, the count under the root.
library Trees {
    error BadPath();

    /// present tells whether a value is in the sorted tree with this root; it reverts unless the paths show one of the two.
    function present(Membership calldata m, bytes32 root, bytes32 value) internal pure returns (bool) {
        uint256 n = m.paths.length;
        if (n == 0) {
            if (m.count != 0 || seal(0, 0) != root) revert BadPath();
            return false;
        }
        for (uint256 i = 0; i < n; i++) {
            Path calldata p = m.paths[i];
            if (climb(p.value, p.index, m.count, p.siblings) != root) revert BadPath();
        }
        Path calldata first = m.paths[0];
        if (n == 1) {
            if (first.value == value) return true;
            if (first.index == 0 && value < first.value) return false;
            if (first.index == m.count - 1 && value > first.value) return false;
        } else if (n == 2) {
            Path calldata second = m.paths[1];
            // No overflow: an index is below the count.
            if (first.index + 1 == second.index && first.value < value && value < second.value) return false;
        }
        revert BadPath();
    }

    /// climb is the root that a path leads to.
    function climb(bytes32 value, uint256 index, uint256 count, bytes32[] calldata siblings) internal pure returns (bytes32 h) {
        unchecked {
            if (index >= count || siblings.length > 32) revert BadPath();
            uint256 last = count - 1;
            h = leaf(value);
            for (uint256 i = 0; i < siblings.length; i++) {
                if (last == 0) revert BadPath();
                if (index & 1 == 1 || index == last) {
                    h = inner(siblings[i], h);
                    while (index & 1 == 0) (index, last) = (index >> 1, last >> 1); // index == last > 0
                } else {
                    h = inner(h, siblings[i]);
                }
                (index, last) = (index >> 1, last >> 1);
            }
            if (last != 0) revert BadPath();
            return seal(count, h);
        }
    }

    /// rootOf is the root over values in their order.
    function rootOf(bytes32[] memory values) internal pure returns (bytes32) {
        return seal(values.length, top(values, 0, values.length));
    }

    function top(bytes32[] memory values, uint256 from, uint256 to) private pure returns (bytes32) {
        unchecked {
            if (to - from == 1) return leaf(values[from]);
            uint256 k = 1;
            while (k << 1 < to - from) k <<= 1;
            return inner(top(values, from, from + k), top(values, from + k, to));
        }
    }

    function leaf(bytes32 value) private pure returns (bytes32 h) {
        assembly ("memory-safe") {
            mstore8(0, 0)
            mstore(1, value)
            h := keccak256(0, 33)
        }
    }

    function inner(bytes32 left, bytes32 right) private pure returns (bytes32 h) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore8(p, 1)
            mstore(add(p, 1), left)
            mstore(add(p, 33), right)
            h := keccak256(p, 65)
        }
    }

    function seal(uint256 count, bytes32 pos) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(2), uint64(count), pos));
    }
}
