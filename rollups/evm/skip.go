package evm

import (
	"errors"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
)

// Reason is the stable code of why an entry did not become a transaction of its block.
// Codes are for people and programs that ask; derivation depends only on the entry being
// skipped, not on the code.
type Reason string

// The reasons, in the order in which they are checked.
const (
	TooLarge          Reason = "too_large"           // longer than MaxEntryBytes
	UnsupportedType   Reason = "unsupported_type"    // not one of the types 0, 1, 2 and 4
	Malformed         Reason = "malformed"           // not a canonical transaction encoding
	Unprotected       Reason = "unprotected"         // legacy signature without a chain id
	WrongChainID      Reason = "wrong_chain_id"      // signed for another chain
	BadSignature      Reason = "bad_signature"       // no sender can be recovered
	ValueTooLarge     Reason = "value_too_large"     // an amount does not fit 256 bits
	NonceTooLow       Reason = "nonce_too_low"       // already used; a duplicate, most often
	NonceTooHigh      Reason = "nonce_too_high"      // its predecessor is not in this block or the chain
	NonceMax          Reason = "nonce_max"           // the account's nonce is exhausted (EIP-2681)
	GasLimitTooHigh   Reason = "gas_limit_too_high"  // above 2^24 gas (EIP-7825)
	SenderNotEOA      Reason = "sender_not_eoa"      // the sender has code (EIP-3607)
	TipAboveFeeCap    Reason = "tip_above_fee_cap"   // max priority fee above max fee
	FeeCapTooLow      Reason = "fee_cap_too_low"     // max fee below the base fee
	EmptyAuthList     Reason = "empty_auth_list"     // set-code transaction without authorizations
	InitCodeTooLarge  Reason = "init_code_too_large" // above EIP-3860's limit
	BlockFull         Reason = "block_full"          // gas limit above the gas left in the block
	InsufficientFunds Reason = "insufficient_funds"  // cannot pay value and gas
	IntrinsicGas      Reason = "intrinsic_gas"       // gas limit below what the transaction's bytes cost
	Invalid           Reason = "invalid"             // any other rule of go-ethereum's
)

// maxSkipText bounds the stored explanation of a skipped entry, in bytes.
const maxSkipText = 200

// Skip says that an entry was skipped, and why.
type Skip struct {
	Number uint64      // rollup block that skipped it
	Entry  uint64      // index among the shared block's entries for this rollup
	Hash   common.Hash // keccak256 of the entry, the transaction's hash if it is one
	Reason Reason
	Text   string // for people; at most 200 bytes
}

// reasonOf maps go-ethereum's errors to ours. Wrapped errors are matched with errors.Is, so
// the order matters only where one wraps another; none does.
func reasonOf(err error) Reason {
	for _, known := range []struct {
		err    error
		reason Reason
	}{
		{core.ErrNonceTooLow, NonceTooLow},
		{core.ErrNonceTooHigh, NonceTooHigh},
		{core.ErrNonceMax, NonceMax},
		{core.ErrGasLimitTooHigh, GasLimitTooHigh},
		{core.ErrSenderNoEOA, SenderNotEOA},
		{core.ErrTipAboveFeeCap, TipAboveFeeCap},
		{core.ErrFeeCapTooLow, FeeCapTooLow},
		{core.ErrEmptyAuthList, EmptyAuthList},
		{vm.ErrMaxInitCodeSizeExceeded, InitCodeTooLarge},
		{core.ErrGasLimitReached, BlockFull},
		{core.ErrInsufficientFunds, InsufficientFunds},
		{core.ErrInsufficientFundsForTransfer, InsufficientFunds},
		{core.ErrIntrinsicGas, IntrinsicGas},
		{core.ErrFloorDataGas, IntrinsicGas},
		{core.ErrGasUintOverflow, IntrinsicGas},
		{core.ErrFeeCapVeryHigh, ValueTooLarge},
		{core.ErrTipVeryHigh, ValueTooLarge},
		{types.ErrInvalidChainId, WrongChainID},
		{types.ErrInvalidSig, BadSignature},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return Invalid
}

// clip shortens an explanation to what is stored.
func clip(text string) string {
	if len(text) > maxSkipText {
		return text[:maxSkipText]
	}
	return text
}
