// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Canonical RLP, read where it stands in calldata (specs/01-formats.md). A reader takes a position and returns the next one. What is not
/// canonical, or is of another type, gives BAD, which every later position keeps: so the one comparison of the last position with the
/// length, which each caller makes, holds all bounds and all forms.
library Rlp {
    uint256 internal constant BAD = 1 << 128;

    /// word is the 32 bytes at a position; zeros beyond the end of calldata.
    function word(bytes calldata raw, uint256 pos) internal pure returns (uint256 w) {
        assembly ("memory-safe") {
            w := calldataload(add(raw.offset, pos))
        }
    }

    /// list reads a list's prefix: its payload's length, and where the payload begins.
    function list(bytes calldata raw, uint256 pos) internal pure returns (uint256 size, uint256 next) {
        unchecked {
            uint256 w = word(raw, pos);
            uint256 p = w >> 248;
            if (p >= 0xc0 && p <= 0xf7) return (p - 0xc0, pos + 1);
            if (p == 0xf8 && (size = (w >> 240) & 0xff) > 55) return (size, pos + 2);
            if (p == 0xf9 && (size = (w >> 232) & 0xffff) > 255) return (size, pos + 3);
            return (0, BAD);
        }
    }

    /// uint reads an integer of at most 8 bytes.
    function integer(bytes calldata raw, uint256 pos) internal pure returns (uint256 value, uint256 next) {
        unchecked {
            uint256 w = word(raw, pos);
            uint256 p = w >> 248;
            if (p < 0x80) return (p, p == 0 ? BAD : pos + 1);
            uint256 n = p - 0x80;
            if (n == 0) return (0, pos + 1);
            if (n > 8) return (0, BAD);
            value = (w << 8) >> (256 - 8 * n);
            if (value < (n == 1 ? 0x80 : 1 << (8 * n - 8))) return (0, BAD);
            return (value, pos + 1 + n);
        }
    }
}
