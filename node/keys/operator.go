package keys

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/google/uuid"
)

// ErrWrongPassword says that a keystore could not be decrypted with the password given.
var ErrWrongPassword = errors.New("wrong password")

// Strength is the cost of deriving the encryption key from the password.
type Strength int

const (
	// Standard takes 256 MB and about a second: the choice for a key that guards money.
	Standard Strength = iota
	// Light takes 4 MB and about a tenth of a second: devnets and tests only.
	Light
)

func (s Strength) scrypt() (n, p int) {
	if s == Light {
		return keystore.LightScryptN, keystore.LightScryptP
	}
	return keystore.StandardScryptN, keystore.StandardScryptP
}

// Operator is an operator's identity: the key that votes, and its Ethereum address. Its text forms show the
// address only.
type Operator struct {
	key *ecdsa.PrivateKey
}

// CreateOperator makes a new operator key and stores it encrypted at path (mode 0600). It fails when the file exists
// or the password is empty.
func CreateOperator(path, password string, strength Strength) (*Operator, error) {
	key, err := generate()
	if err != nil {
		return nil, err
	}
	return ImportOperator(path, password, strength, key.key)
}

func generate() (*Operator, error) {
	key, err := crypto.GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("generate operator key: %w", err)
	}
	return NewOperator(key), nil
}

// NewOperator is the identity of a key that the caller keeps.
func NewOperator(key *ecdsa.PrivateKey) *Operator { return &Operator{key: key} }

// ImportOperator stores an existing key encrypted at path (mode 0600), on the terms of CreateOperator.
func ImportOperator(path, password string, strength Strength, key *ecdsa.PrivateKey) (*Operator, error) {
	if password == "" {
		return nil, errors.New("create operator key: the password is empty")
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("create operator key: %w", err)
	}
	n, p := strength.scrypt()
	sealed, err := keystore.EncryptKey(&keystore.Key{
		Id: id, Address: crypto.PubkeyToAddress(key.PublicKey), PrivateKey: key,
	}, password, n, p)
	if err != nil {
		return nil, fmt.Errorf("encrypt operator key: %w", err)
	}
	if err := writeNew(path, sealed); err != nil {
		return nil, fmt.Errorf("store operator key: %w", err)
	}
	return NewOperator(key), nil
}

// LoadOperator decrypts the operator key at path. Errors: fs.ErrNotExist, ErrExposed, ErrWrongPassword (by errors.Is),
// or a file that is no keystore.
func LoadOperator(path, password string) (*Operator, error) {
	sealed, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("load operator key: %w", err)
	}
	key, err := keystore.DecryptKey(sealed, password)
	if errors.Is(err, keystore.ErrDecrypt) {
		return nil, fmt.Errorf("load operator key %s: %w", path, ErrWrongPassword)
	}
	if err != nil {
		return nil, fmt.Errorf("load operator key %s: not a readable keystore: %w", path, err)
	}
	return NewOperator(key.PrivateKey), nil
}

// OperatorAddress reads the address of the keystore at path without its password. It is what the file says: only
// LoadOperator proves it.
func OperatorAddress(path string) (common.Address, error) {
	sealed, err := readPrivate(path)
	if err != nil {
		return common.Address{}, fmt.Errorf("read operator address: %w", err)
	}
	var file struct {
		Address string `json:"address"`
	}
	if err := json.Unmarshal(sealed, &file); err != nil {
		return common.Address{}, fmt.Errorf("read operator address %s: %w", path, err)
	}
	if !common.IsHexAddress(file.Address) {
		return common.Address{}, fmt.Errorf("read operator address %s: the keystore names none", path)
	}
	return common.HexToAddress(file.Address), nil
}

// Address is the operator's Ethereum address, and so its CometBFT validator address.
func (o *Operator) Address() common.Address { return crypto.PubkeyToAddress(o.key.PublicKey) }

// PublicKey is the 33-byte compressed public key, as a genesis operator record holds it.
func (o *Operator) PublicKey() []byte { return crypto.CompressPubkey(&o.key.PublicKey) }

// PrivateKey is the secret itself, for whoever signs. Handle with care.
func (o *Operator) PrivateKey() *ecdsa.PrivateKey { return o.key }

// String shows the address only.
func (o *Operator) String() string { return o.Address().Hex() }

// GoString shows the address only.
func (o *Operator) GoString() string { return "keys.Operator(" + o.Address().Hex() + ")" }
