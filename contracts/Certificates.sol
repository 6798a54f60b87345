// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Header} from "./Headers.sol";
import {Rlp} from "./Rlp.sol";

/// Operator sets and certificates (specs/03-certificates.md).
library Certificates {
    error MalformedSet();
    error MalformedCertificate();
    error OtherHeader();
    error MalformedBitmap();
    error BadSignature(uint256 operator);
    error NoQuorum(uint256 signed, uint256 total);

    /// Half of the order of secp256k1: the S of a signature is not above it.
    uint256 private constant HALF_N = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    uint256 private constant MAX_OPERATORS = 256;
    uint256 private constant MAX_POWER = (1 << 60) - 1;

    /// open checks an encoded set: its form, its order, its bounds, and that nobody stands in it twice. Who was there is marked in transient
    /// storage, at 200 gas each; mark differs in each call of a transaction.
    function open(bytes calldata set, uint256 mark) internal returns (uint256 total, uint256 count) {
        unchecked {
            (uint256 size, uint256 pos) = Rlp.list(set, 0);
            if (pos + size != set.length) revert MalformedSet();
            uint256 last = type(uint256).max;
            while (pos < set.length) {
                uint256 w = Rlp.word(set, pos);
                uint256 operator = (w >> 80) & type(uint160).max;
                (uint256 power, uint256 next) = Rlp.integer(set, pos + 22);
                // The list's and the address's prefixes; then power descends, and among equals the address ascends: this number descends.
                uint256 rank = (power << 160) | (type(uint160).max - operator);
                uint256 seen;
                assembly ("memory-safe") {
                    seen := tload(operator)
                    tstore(operator, mark)
                }
                if (w >> 248 != 0xbf + next - pos || (w >> 240) & 0xff != 0x94 || power == 0 || rank >= last || seen == mark) {
                    revert MalformedSet();
                }
                last = rank;
                total += power; // at most 256 times 2^64
                if (++count > MAX_OPERATORS) revert MalformedSet();
                pos = next;
            }
            if (pos != set.length || count == 0 || total > MAX_POWER) revert MalformedSet();
        }
    }

    /// member is the address of an operator of a set that was opened before.
    function member(bytes calldata set, uint256 index) internal pure returns (address operator) {
        unchecked {
            (, uint256 pos) = Rlp.list(set, 0);
            for (; index > 0 && pos < set.length; index--) pos += (Rlp.word(set, pos) >> 248) - 0xbf;
            if (pos >= set.length) revert MalformedSet();
            return address(uint160(Rlp.word(set, pos) >> 80));
        }
    }

    /// fields reads a certificate up to its signatures: its round, its bitmap (left-aligned), and where the signatures begin.
    function fields(bytes calldata raw, Header memory h, uint256 count)
        internal
        pure
        returns (uint256 round, uint256 bitmap, uint256 pos)
    {
        unchecked {
            uint256 size;
            uint256 v;
            (size, pos) = Rlp.list(raw, 0);
            if (pos + size != raw.length || Rlp.word(raw, pos) >> 248 != 1) revert MalformedCertificate();
            (v, pos) = Rlp.integer(raw, pos + 1);
            (round, pos) = Rlp.integer(raw, pos);
            if (round > type(uint32).max || Rlp.word(raw, pos) >> 248 != 0xa0) revert MalformedCertificate();
            if (v != h.height || Rlp.word(raw, pos + 1) != uint256(h.hash)) revert OtherHeader();
            pos += 33;
            // A string of exactly one bit for each operator, filled up to bytes with zeros; one byte below 0x80 stands for itself.
            uint256 n = (count + 7) >> 3;
            bitmap = Rlp.word(raw, pos);
            if (n > 1 || bitmap >> 255 == 1) {
                if (bitmap >> 248 != 0x80 + n) revert MalformedBitmap();
                bitmap = Rlp.word(raw, ++pos);
                if (n == 1 && bitmap >> 255 == 0) revert MalformedBitmap();
            }
            bitmap = (bitmap >> (256 - 8 * n)) << (256 - 8 * n);
            if (count < 256 && bitmap << count != 0) revert MalformedBitmap();
            (size, pos) = Rlp.list(raw, pos + n);
            if (pos + size != raw.length) revert MalformedCertificate();
        }
    }

    /// verify goes through set and signatures side by side: one for each set bit, by that operator, over the digest, and together more than
    /// two thirds of the power. The set was opened before, so its form is not looked at again.
    function verify(bytes calldata raw, uint256 pos, uint256 bitmap, bytes calldata set, uint256 count, uint256 total, bytes32 digest)
        internal
        view
    {
        unchecked {
            uint256 signed;
            (, uint256 s) = Rlp.list(set, 0);
            uint256 buffer;
            assembly ("memory-safe") {
                buffer := mload(0x40) // the input of ecrecover; its output goes to scratch space
                mstore(0x40, add(buffer, 0x80))
                mstore(buffer, digest)
            }
            for (uint256 i = 0; i < count; i++) {
                uint256 w = Rlp.word(set, s); // [list | 0x94 | address(20) | power, 1 to 9 bytes]
                uint256 size = (w >> 248) - 0xc0;
                s += size + 1;
                if ((bitmap << i) >> 255 == 0) continue;
                signed += size == 22 ? (w >> 72) & 0xff : (w << 184) >> (432 - 8 * size);
                bool good;
                assembly ("memory-safe") {
                    let sig := add(raw.offset, pos)
                    let v := byte(0, calldataload(add(sig, 66)))
                    mstore(add(buffer, 0x20), add(v, 27))
                    calldatacopy(add(buffer, 0x40), add(sig, 2), 0x40)
                    good := and(eq(shr(240, calldataload(sig)), 0xb841), and(lt(v, 2), lt(mload(add(buffer, 0x60)), add(HALF_N, 1))))
                    if good {
                        mstore(0, 0)
                        pop(staticcall(gas(), 1, buffer, 0x80, 0, 0x20))
                        let signer := mload(0)
                        good := and(iszero(iszero(signer)), eq(signer, shr(96, shl(16, w))))
                    }
                }
                if (!good) revert BadSignature(i);
                pos += 67;
            }
            if (pos != raw.length) revert MalformedCertificate();
            if (3 * signed <= 2 * total) revert NoQuorum(signed, total);
        }
    }

    /// recover is the signer of a digest; zero if the signature is none in its one form.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        if (signature.length != 65) return address(0);
        uint256 v = Rlp.word(signature, 64) >> 248;
        uint256 s = Rlp.word(signature, 32);
        if (v > 1 || s > HALF_N) return address(0);
        return ecrecover(digest, uint8(27 + v), bytes32(Rlp.word(signature, 0)), bytes32(s));
    }
}
