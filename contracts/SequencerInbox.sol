// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Certificates} from "./Certificates.sol";
import {Chain, Header, Headers} from "./Headers.sol";
import {LaneProof, Lanes} from "./Lanes.sol";
import {Membership, Trees} from "./Trees.sol";

/// What the newest certified header leaves behind. frozenAt is the lowest height of which two certified headers are known, or 0.
struct Tip {
    uint64 height;
    uint64 timeMS;
    uint64 acceptedAt;
    uint64 frozenAt;
    bytes32 headerHash;
    bytes32 operatorsHash;
}

/// What is committed with a header: where the run begins, the root over its headers' hashes, and where its data stands.
struct Batch {
    uint64 first;
    bytes32 root;
    uint8 kind;
    bytes places;
}

/// Shows a header. Without count, headers lead by their parent hashes from the one shown to the one recorded at anchor, which batchHash
/// opens. With a count there is one header, and siblings lead to the root settled at anchor, over count headers.
struct Shown {
    bytes[] headers;
    uint64 anchor;
    bytes32 batchHash;
    uint64 count;
    bytes32[] siblings;
}

/// SequencerInbox records certified headers of one Lockstep network, with what was committed for each run of them; lets anyone verify lanes and
/// transactions under them; and takes items that rollups must include. Nobody owns it, nobody can change it (specs/11-l1.md).
contract SequencerInbox {
    error BadChainId();
    error Frozen();
    error Stale(uint64 tip);
    error WrongRange(uint64 first);
    error WrongParent();
    error OlderThanTip();
    error WrongOperators();
    error UnexpectedOperators();
    error BadPlaces();
    error NoHeaders();
    error BrokenLink(uint256 index);
    error NotRecorded();
    error NothingNew();
    error NoFork();
    error NoEquivocation();
    error ReservedNamespace();
    error BadSize();

    /// A header is certified. batch is the preimage of its batch hash.
    event Certified(uint64 indexed height, bytes32 indexed headerHash, bytes batch);
    event OperatorsChanged(uint64 indexed height, bytes32 indexed operatorsHash, bytes operators);
    event Settled(uint64 indexed first, uint64 indexed last, bytes32 root);
    /// Two certified headers stand at a height. rival ends in one that certificate certifies under operators.
    event Forked(uint64 indexed height, bytes32 indexed known, bytes[] rival, bytes certificate, bytes operators);
    event Equivocated(
        address indexed operator, uint64 indexed height, uint32 round, bytes32 one, bytes oneSignature, bytes32 other, bytes otherSignature
    );
    event Enqueued(bytes10 indexed namespace, uint64 indexed index, address indexed sender, bytes data);

    /// The most bytes of one item of the inbox.
    uint256 public constant MAX_ITEM = 65536;
    /// The most places that one batch names.
    uint256 public constant MAX_PLACES = 64;

    uint256 private constant KIND_NONE = 0;
    uint256 private constant KIND_BLOBS = 1;
    uint256 private constant KIND_CELESTIA = 2;
    uint256 private constant KIND_ETHEREUM = 3;
    uint256 private constant PLACE = 40;

    bytes32 public immutable genesisHash;
    uint256 private immutable chainLength;
    bytes32 private immutable chainHead;
    bytes32 private immutable chainTail;

    // One word: all that a submission reads and writes of the tip but its two hashes.
    uint64 private height;
    uint64 private timeMS;
    uint40 private acceptedAt;
    uint64 private total;
    uint16 private count;
    bool private frozen;

    bytes32 private tipHash;
    bytes32 private operatorsHash;
    uint64 private frozenAt;

    struct Settlement {
        bytes32 root;
        uint64 count;
    }

    struct Queue {
        bytes32 hash;
        uint64 count;
    }

    /// By height: keccak256(header hash | batch hash) of a recorded header, zero where there is none.
    mapping(uint64 => bytes32) public records;
    /// By the last height of a run: the root over hashes that settle computed, and over how many.
    mapping(uint64 => Settlement) public settlements;
    /// By hash: sets that certified; total power in the upper bits, the number of operators in the lower 16.
    mapping(bytes32 => uint256) private sets;
    /// By namespace: how many items it has, and the hash over all of them.
    mapping(bytes10 => Queue) public queues;

    /// The network: its genesis hash, chain id and genesis time, and the hash of its first set, which the first submission opens.
    constructor(bytes32 genesisHash_, string memory chainId_, uint64 genesisTimeMS, bytes32 firstOperatorsHash) {
        uint256 n = bytes(chainId_).length;
        if (n == 0 || n > 50) revert BadChainId();
        bytes32 head;
        bytes32 tail;
        assembly ("memory-safe") {
            head := mload(add(chainId_, 0x20)) // memory beyond a string's end is zero up to the word
            if gt(n, 32) { tail := mload(add(chainId_, 0x40)) }
        }
        (genesisHash, chainLength, chainHead, chainTail) = (genesisHash_, n, head, tail);
        (tipHash, timeMS, operatorsHash) = (genesisHash_, genesisTimeMS, firstOperatorsHash);
        acceptedAt = uint40(block.timestamp);
    }

    // ---- headers -----------------------------------------------------------------------------------------------------

    /// submit records a header above the tip, certified by the trusted set, and what is committed with it. operators is that set, encoded;
    /// next is the one that follows if the header announces another, else empty.
    function submit(
        bytes calldata header,
        bytes calldata certificate,
        bytes calldata operators,
        bytes calldata next,
        Batch calldata batch
    ) external {
        if (frozen) revert Frozen();
        Header memory h = Headers.parse(header, _chain());
        if (h.height <= height) revert Stale(height);
        if (batch.first != height + 1) revert WrongRange(height + 1);
        if (h.height == batch.first && h.parent != tipHash) revert WrongParent();
        if (h.timeMS < timeMS) revert OlderThanTip();
        if (h.operators != operatorsHash || keccak256(operators) != h.operators) revert WrongOperators();
        (uint256 power, uint256 members) = (total, count);
        if (power == 0) {
            (power, members) = Certificates.open(operators, 1);
            (total, count) = (uint64(power), uint16(members));
            sets[h.operators] = power << 16 | members;
        }
        _certified(h, certificate, operators, members, power);
        if (h.next != h.operators) {
            if (keccak256(next) != h.next) revert WrongOperators();
            (power, members) = Certificates.open(next, h.height + 1);
            (total, count, operatorsHash) = (uint64(power), uint16(members), h.next);
            sets[h.next] = power << 16 | members;
            emit OperatorsChanged(uint64(h.height), h.next, next);
        } else if (next.length != 0) {
            revert UnexpectedOperators();
        }
        (height, timeMS, acceptedAt, tipHash) = (uint64(h.height), uint64(h.timeMS), uint40(block.timestamp), h.hash);
        bytes memory committed = abi.encodePacked(
            uint8(1), batch.first, uint64(h.height), h.hash, batch.root, batch.kind, _places(batch)
        );
        records[uint64(h.height)] = _record(h.hash, keccak256(committed));
        emit Certified(uint64(h.height), h.hash, committed);
    }

    /// settle computes the root over headers that lead to a recorded one, so that each of them can be shown by a short path; and records the
    /// lowest, so that what is below it can be settled next.
    function settle(bytes[] calldata headers, bytes32 batchHash) external {
        uint256 n = headers.length;
        if (n == 0) revert NoHeaders();
        bytes32[] memory hashes = new bytes32[](n);
        Header memory first = Headers.parse(headers[0], _chain());
        Header memory last = _walk(headers, first, hashes);
        if (frozen && last.height >= frozenAt) revert Frozen();
        if (records[uint64(last.height)] != _record(last.hash, batchHash)) revert NotRecorded();
        Settlement storage s = settlements[uint64(last.height)];
        if (s.count >= n) revert NothingNew();
        (s.root, s.count) = (Trees.rootOf(hashes), uint64(n));
        if (records[uint64(first.height)] == 0) records[uint64(first.height)] = _record(first.hash, 0);
        emit Settled(uint64(first.height), uint64(last.height), s.root);
    }

    /// tip is the newest certified header.
    function tip() external view returns (Tip memory) {
        return Tip(height, timeMS, acceptedAt, frozenAt, tipHash, operatorsHash);
    }

    /// age is how many seconds ago the newest certified header was accepted here (or the contract was made).
    function age() external view returns (uint256) {
        return block.timestamp - acceptedAt;
    }

    /// chainId is the network's.
    function chainId() external view returns (string memory) {
        bytes memory id = abi.encodePacked(chainHead, chainTail);
        uint256 n = chainLength;
        assembly ("memory-safe") {
            mstore(id, n)
        }
        return string(id);
    }

    // ---- proofs ------------------------------------------------------------------------------------------------------

    /// verifyHeader reverts unless the header shown is certified, and returns what stands in it.
    function verifyHeader(Shown calldata shown) external view returns (Header memory) {
        return _shown(shown);
    }

    /// verifyTx tells whether the transaction with this id is in the block whose header is shown; it reverts unless that is proven.
    function verifyTx(Shown calldata shown, bytes32 id, Membership calldata m) external view returns (bool present) {
        return Trees.present(m, _shown(shown).txRoot, id);
    }

    /// verifyLane reverts unless the block whose header is shown has exactly this lane under the namespace: complete and in order.
    function verifyLane(Shown calldata shown, bytes10 namespace, uint256 size, bytes32 commitment, LaneProof calldata proof) external view {
        uint256 root = _shown(shown).dataRoot;
        Lanes.present(shown.headers[0], root, namespace, size, commitment, proof);
    }

    /// verifyNoLane reverts unless the block whose header is shown has no lane under the namespace.
    function verifyNoLane(Shown calldata shown, bytes10 namespace, LaneProof calldata proof) external view {
        uint256 root = _shown(shown).dataRoot;
        Lanes.absent(shown.headers[0], root, namespace, proof);
    }

    // ---- faults ------------------------------------------------------------------------------------------------------

    /// reportFork freezes the contract: known leads from a header to a recorded one, which batchHash opens; rival begins with another header of
    /// the same height, or with the one after it that names another parent, and leads to one that the same set certified.
    function reportFork(
        bytes[] calldata known,
        bytes32 batchHash,
        bytes[] calldata rival,
        bytes calldata certificate,
        bytes calldata operators
    ) external {
        if (known.length == 0 || rival.length == 0) revert NoHeaders();
        Header memory k = Headers.parse(known[0], _chain());
        Header memory r = Headers.parse(rival[0], _chain());
        bool same = r.height == k.height && r.hash != k.hash && r.operators == k.operators;
        bool after_ = r.height == k.height + 1 && r.parent != k.hash && r.operators == k.next;
        if (!same && !after_) revert NoFork();
        if (frozen && k.height >= frozenAt) revert Frozen();
        Header memory last = _walk(known, k, new bytes32[](0));
        if (records[uint64(last.height)] != _record(last.hash, batchHash)) revert NotRecorded();
        last = _walk(rival, r, new bytes32[](0));
        uint256 set = sets[r.operators];
        if (set == 0 || keccak256(operators) != r.operators) revert WrongOperators();
        _certified(last, certificate, operators, set & 0xffff, set >> 16);
        (frozen, frozenAt) = (true, uint64(k.height));
        emit Forked(uint64(k.height), k.hash, rival, certificate, operators);
    }

    /// reportEquivocation tells the world that an operator of a set that certified here signed two headers in one height and round. What follows
    /// from it is the ledger's to say.
    function reportEquivocation(
        bytes calldata operators,
        uint256 index,
        uint64 pos,
        uint32 round,
        bytes32 one,
        bytes calldata oneSignature,
        bytes32 other,
        bytes calldata otherSignature
    ) external {
        if (sets[keccak256(operators)] == 0) revert WrongOperators();
        address operator = Certificates.member(operators, index);
        if (
            one == other || operator == address(0)
                || Certificates.recover(Headers.digest(_chain(), pos, round, one), oneSignature) != operator
                || Certificates.recover(Headers.digest(_chain(), pos, round, other), otherSignature) != operator
        ) revert NoEquivocation();
        emit Equivocated(operator, pos, round, one, oneSignature, other, otherSignature);
    }

    // ---- the forced way in -------------------------------------------------------------------------------------------

    /// enqueue takes an item that the namespace's rollup must include (specs/12-forced.md). It costs what L1 asks for it, and nothing more.
    function enqueue(bytes10 namespace, bytes calldata data) external {
        // Celestia's own namespaces, and "lockstep" behind two zeros, "lockstephd", "lockstepfi".
        uint80 name = uint80(namespace);
        if (name <= 0xff || name == 0x00006c6f636b73746570 || name == 0x6c6f636b737465706864 || name == 0x6c6f636b737465706669) {
            revert ReservedNamespace();
        }
        if (data.length == 0 || data.length > MAX_ITEM) revert BadSize();
        Queue storage q = queues[namespace];
        uint64 index = q.count;
        q.hash = keccak256(abi.encodePacked(q.hash, namespace, index, uint64(block.number), msg.sender, keccak256(data)));
        q.count = index + 1;
        emit Enqueued(namespace, index, msg.sender, data);
    }

    // ---- parts -------------------------------------------------------------------------------------------------------

    function _chain() private view returns (Chain memory) {
        return Chain(chainLength, chainHead, chainTail);
    }

    function _record(bytes32 headerHash, bytes32 batchHash) private pure returns (bytes32 r) {
        assembly ("memory-safe") {
            mstore(0, headerHash)
            mstore(0x20, batchHash)
            r := keccak256(0, 0x40)
        }
    }

    function _certified(Header memory h, bytes calldata certificate, bytes calldata operators, uint256 members, uint256 power)
        private
        view
    {
        (uint256 round, uint256 bitmap, uint256 pos) = Certificates.fields(certificate, h, members);
        bytes32 digest = Headers.digest(_chain(), h.height, round, h.hash);
        Certificates.verify(certificate, pos, bitmap, operators, members, power, digest);
    }

    /// _walk goes upwards by parent hashes, by the rules of a run, and returns the last header. It keeps the hashes if there is room for them.
    function _walk(bytes[] calldata headers, Header memory h, bytes32[] memory hashes) private view returns (Header memory) {
        bool keep = hashes.length != 0;
        if (keep) hashes[0] = h.hash;
        for (uint256 i = 1; i < headers.length; i++) {
            Header memory up = Headers.parse(headers[i], _chain());
            if (
                up.parent != h.hash || up.height != h.height + 1 || up.timeMS < h.timeMS || h.next != h.operators
                    || up.operators != h.operators
            ) revert BrokenLink(i);
            if (keep) hashes[i] = up.hash;
            h = up;
        }
        return h;
    }

    function _shown(Shown calldata s) private view returns (Header memory h) {
        uint256 n = s.headers.length;
        if (n == 0) revert NoHeaders();
        h = Headers.parse(s.headers[0], _chain());
        if (frozen && h.height >= frozenAt) revert Frozen();
        if (s.count > 0) {
            if (n != 1 || s.count > s.anchor) revert NotRecorded();
            uint256 above = uint256(s.anchor) + 1 - s.count; // the settled run's first height; a wrong one leads to another root
            if (h.height < above) revert NotRecorded();
            bytes32 root = Trees.climb(h.hash, h.height - above, s.count, s.siblings);
            if (root != settlements[s.anchor].root) revert NotRecorded();
            return h;
        }
        Header memory last = _walk(s.headers, h, new bytes32[](0));
        if (last.height != s.anchor || records[s.anchor] != _record(last.hash, s.batchHash)) revert NotRecorded();
    }

    /// _places are a batch's places, as the batch hash has them: of blobs the versioned hashes, which this very transaction carries.
    function _places(Batch calldata batch) private view returns (bytes memory places) {
        uint256 kind = batch.kind;
        uint256 n = batch.places.length;
        if (kind == KIND_CELESTIA || kind == KIND_ETHEREUM) {
            if (n == 0 || n % PLACE != 0 || n > MAX_PLACES * PLACE) revert BadPlaces();
            return batch.places;
        }
        if (n != 0 || kind > KIND_BLOBS) revert BadPlaces();
        if (kind == KIND_NONE) return places;
        for (uint256 i = 0; blobhash(i) != 0; i++) places = abi.encodePacked(places, blobhash(i));
        if (places.length == 0) revert BadPlaces();
    }
}
