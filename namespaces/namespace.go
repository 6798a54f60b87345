package namespaces

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/celestiaorg/go-square/v3/share"
)

// Size is the length of a [Namespace] in bytes: the user part of a Celestia version-0 namespace.
const Size = share.NamespaceVersionZeroIDSize

// ErrReserved says that a namespace belongs to Celestia or to Lockstep itself and cannot be a rollup's.
var ErrReserved = errors.New("namespace is reserved")

// Namespace names a rollup's lane: the ten user bytes of a Celestia version-0 namespace (specs/01-formats.md, "Namespace"). The zero value
// is not a valid rollup namespace.
type Namespace [Size]byte

// Ledger returns the reserved namespace of the ledger's own lane, "lockstep" left-padded with zeros.
func Ledger() Namespace { return Namespace{0, 0, 'l', 'o', 'c', 'k', 's', 't', 'e', 'p'} }

// Headers returns the reserved namespace under which headers and certificates stand on a DA layer. No lane ever has this name.
func Headers() Namespace { return Namespace{'l', 'o', 'c', 'k', 's', 't', 'e', 'p', 'h', 'd'} }

// Forced returns the reserved namespace under which forced items stand on a DA layer (specs/12-forced.md). No lane ever has this name.
func Forced() Namespace { return Namespace{'l', 'o', 'c', 'k', 's', 't', 'e', 'p', 'f', 'i'} }

// Parse reads what people type: a namespace from at most 20 hexadecimal digits, with or without 0x, left-padded with zeros. It does not check that a rollup
// may register it: see [Namespace.ValidateForRollup].
func Parse(s string) (Namespace, error) {
	var n Namespace
	digits := strings.TrimPrefix(s, "0x")
	if digits == "" || len(digits) > 2*Size {
		return n, fmt.Errorf("parse namespace %q: want 1 to %d hexadecimal digits", s, 2*Size)
	}
	digits = strings.Repeat("0", 2*Size-len(digits)) + digits
	if _, err := hex.Decode(n[:], []byte(digits)); err != nil {
		return n, fmt.Errorf("parse namespace %q: %w", s, err)
	}
	return n, nil
}

// Share returns the 29-byte Celestia namespace.
func (n Namespace) Share() share.Namespace { return share.MustNewV0Namespace(n[:]) }

// Compare orders namespaces by their bytes, which is also the order of their Celestia form.
func (n Namespace) Compare(m Namespace) int { return bytes.Compare(n[:], m[:]) }

// ValidateForRollup returns an error that wraps [ErrReserved] when no rollup may register n: Celestia's own namespaces, and ours.
func (n Namespace) ValidateForRollup() error {
	if n == Ledger() || n == Headers() || n == Forced() {
		return fmt.Errorf("namespace %s: %w for the sequencer", n, ErrReserved)
	}
	if err := n.Share().ValidateForBlob(); err != nil {
		return fmt.Errorf("namespace %s: %w for the DA layer: %w", n, ErrReserved, err)
	}
	return nil
}

// String returns 0x and twenty hexadecimal digits.
func (n Namespace) String() string { return "0x" + hex.EncodeToString(n[:]) }

// MarshalText writes n as [Namespace.String] does.
func (n Namespace) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what MarshalText writes, and nothing shorter: a document or a request with fewer digits is a mistake, and would be about
// another namespace.
func (n *Namespace) UnmarshalText(text []byte) error {
	if len(text) != 2+2*Size || string(text[:2]) != "0x" {
		return fmt.Errorf("namespace %q: want 0x and %d hexadecimal digits", text, 2*Size)
	}
	p, err := Parse(string(text))
	if err != nil {
		return err
	}
	*n = p
	return nil
}
