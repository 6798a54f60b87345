// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rlp} from "./Rlp.sol";

/// The network's chain id: its bytes, left-aligned in two words.
struct Chain {
    uint256 length;
    bytes32 head;
    bytes32 tail;
}

/// What the contract reads of a header. dataRoot is its place in the header's encoding.
struct Header {
    bytes32 hash;
    uint256 height;
    uint256 timeMS;
    bytes32 parent;
    bytes32 txRoot;
    bytes32 operators;
    bytes32 next;
    uint256 dataRoot;
}

/// Headers (specs/01-formats.md, "Header").
library Headers {
    error MalformedHeader();
    error WrongChain();

    /// parse reads a header's encoding and refuses all that is not canonical, of another version or of another chain.
    function parse(bytes calldata raw, Chain memory chain) internal pure returns (Header memory h) {
        unchecked {
            // The payload has 284 to 366 bytes, so a list's prefix has two bytes of length; then version 1.
            if (Rlp.word(raw, 0) >> 224 != 0xf9000001 + ((raw.length - 3) << 8)) revert MalformedHeader();
            uint256 pos = chainId(raw, chain);
            (h.height, pos) = Rlp.integer(raw, pos);
            (h.timeMS, pos) = Rlp.integer(raw, pos);
            // From here on lengths are fixed: parent 33, proposer 21, data root 92, four hashes of 33.
            if (
                Rlp.word(raw, pos) >> 248 != 0xa0 || Rlp.word(raw, pos + 33) >> 248 != 0x94
                    || Rlp.word(raw, pos + 54) >> 240 != 0xb85a || Rlp.word(raw, pos + 146) >> 248 != 0xa0
                    || Rlp.word(raw, pos + 179) >> 248 != 0xa0 || Rlp.word(raw, pos + 212) >> 248 != 0xa0
                    || Rlp.word(raw, pos + 245) >> 248 != 0xa0
            ) revert MalformedHeader();
            h.parent = bytes32(Rlp.word(raw, pos + 1));
            h.dataRoot = pos + 56;
            h.txRoot = bytes32(Rlp.word(raw, pos + 147));
            h.operators = bytes32(Rlp.word(raw, pos + 213));
            h.next = bytes32(Rlp.word(raw, pos + 246));
            (, pos) = Rlp.integer(raw, pos + 278);
            (, pos) = Rlp.integer(raw, pos);
            if (pos != raw.length || h.height == 0) revert MalformedHeader();
            h.hash = keccak256(raw);
        }
    }

    /// chainId compares the second field with the chain's id and returns where the third one begins.
    function chainId(bytes calldata raw, Chain memory chain) private pure returns (uint256 pos) {
        unchecked {
            pos = 4;
            uint256 n = chain.length;
            if (n > 1 || uint8(chain.head[0]) > 0x7f) {
                if (Rlp.word(raw, pos) >> 248 != 0x80 + n) revert WrongChain();
                pos++;
            }
            uint256 head = n < 32 ? n : 32;
            if (Rlp.word(raw, pos) >> (256 - 8 * head) != uint256(chain.head) >> (256 - 8 * head)) revert WrongChain();
            if (n > 32 && Rlp.word(raw, pos + 32) >> (512 - 8 * n) != uint256(chain.tail) >> (512 - 8 * n)) revert WrongChain();
            pos += n;
        }
    }

    /// digest is what operators sign for a header in a round (specs/03-certificates.md, "Digest").
    function digest(Chain memory chain, uint256 height, uint256 round, bytes32 hash) internal pure returns (bytes32 d) {
        unchecked {
            uint256 size = 45 + chain.length + (round == 0 ? 0 : 9);
            bytes memory body = round == 0
                ? abi.encodePacked(
                    uint8(size), hex"0a20", hash, hex"11", little(height), hex"22", uint8(chain.length), chain.head, chain.tail
                )
                : abi.encodePacked(
                    uint8(size),
                    hex"0a20",
                    hash,
                    hex"11",
                    little(height),
                    hex"19",
                    little(round),
                    hex"22",
                    uint8(chain.length),
                    chain.head,
                    chain.tail
                );
            assembly ("memory-safe") {
                d := keccak256(add(body, 0x20), add(size, 1))
            }
        }
    }

    /// little is a 64-bit integer, least significant byte first.
    function little(uint256 v) private pure returns (bytes8) {
        v = ((v & 0x00ff00ff00ff00ff) << 8) | ((v >> 8) & 0x00ff00ff00ff00ff);
        v = ((v & 0x0000ffff0000ffff) << 16) | ((v >> 16) & 0x0000ffff0000ffff);
        return bytes8(uint64((v << 32) | (v >> 32)));
    }
}
