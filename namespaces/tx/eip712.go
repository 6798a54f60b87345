package tx

import (
	"crypto/ecdsa"
	"encoding/binary"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
)

// The EIP-712 types of a transaction. The domain has neither chainId nor contract, because wallets refuse a chainId that is not their
// active one; chain_id is a string field of the message instead.
const (
	domainType = "EIP712Domain(string name,string version)"
	legType    = "Leg(bytes10 namespace,bytes data)"
	authType   = "Consent(bytes32 id,bytes10 namespace,uint8 kind,uint64 epoch,uint64 laneSeq)"
	txType     = "Tx(string chainId,address payer,uint64 salt,uint64 expiry,Leg[] legs,uint64 maxFeePerByte,uint64 tip)" + legType
)

// DomainName and DomainVersion are the two fields of the EIP-712 domain.
const (
	DomainName    = "Lockstep"
	DomainVersion = "1"
)

// hashes of the constants above, computed once: they are values, never changed.
var (
	legTypeHash = crypto.Keccak256Hash([]byte(legType))
	txTypeHash  = crypto.Keccak256Hash([]byte(txType))
	authHash    = crypto.Keccak256Hash([]byte(authType))
	domainHash  = hashWords(
		crypto.Keccak256Hash([]byte(domainType)),
		crypto.Keccak256Hash([]byte(DomainName)),
		crypto.Keccak256Hash([]byte(DomainVersion)),
	)
)

// LegHash is EIP-712's hashStruct of one leg, from the hash of its data.
func LegHash(ns namespaces.Namespace, dataHash common.Hash) common.Hash {
	var name common.Hash
	copy(name[:], ns[:])
	return hashWords(legTypeHash, name, dataHash)
}

// LegsHash is EIP-712's hash of the array of legs, the one word by which they enter the id. It is [LegHash] of each and keccak256 over all, with
// one hasher: every operator hashes every leg.
func LegsHash(legs []Leg) common.Hash {
	var leg [3 * common.HashLength]byte // type | namespace, filled up with zeros | hash of the data
	copy(leg[:], legTypeHash[:])
	words := make([]byte, len(legs)*common.HashLength)
	h := crypto.NewKeccakState()
	hash := func(data, out []byte) {
		h.Reset()
		_, _ = h.Write(data)
		_, _ = h.Read(out)
	}
	for i, l := range legs {
		copy(leg[common.HashLength:], l.Namespace[:])
		hash(l.Data, leg[2*common.HashLength:])
		hash(leg[:], words[i*common.HashLength:(i+1)*common.HashLength])
	}
	return crypto.Keccak256Hash(words)
}

func (f *Fields) id() common.Hash { return f.idFrom(LegsHash(f.Legs)) }

func (f *Fields) idFrom(legsHash common.Hash) common.Hash {
	var payer common.Hash
	copy(payer[common.HashLength-common.AddressLength:], f.Payer[:])
	message := hashWords(txTypeHash, crypto.Keccak256Hash([]byte(f.ChainID)), payer, word(f.Salt), word(f.Expiry), legsHash,
		word(f.MaxFeePerByte), word(f.Tip))
	return crypto.Keccak256Hash([]byte{0x19, 0x01}, domainHash[:], message[:])
}

func word(v uint64) (w common.Hash) {
	binary.BigEndian.PutUint64(w[24:], v)
	return w
}

func hashWords(words ...common.Hash) common.Hash {
	buf := make([]byte, 0, len(words)*common.HashLength)
	for i := range words {
		buf = append(buf, words[i][:]...)
	}
	return crypto.Keccak256Hash(buf)
}

// Verified is a transaction whose signature is its payer's.
type Verified struct{ *Tx }

// Verify recovers the signer, and who signed the auths. It is called before the transaction is shared. The error is a [*Reject] with [BadSignature].
func (t *Tx) Verify() (Verified, error) {
	signer, err := Recover(t.id, t.fields.Signature)
	if err != nil {
		return Verified{}, reject(BadSignature, "%v", err)
	}
	if signer != t.fields.Payer {
		return Verified{}, reject(BadSignature, "signed by %s, payer is %s", signer, t.fields.Payer)
	}
	if t.consents, err = t.recoverConsents(); err != nil {
		return Verified{}, err
	}
	return Verified{t}, nil
}

// Consents returns who signed each auth: what an auth is worth, the ledger says. The error is a [*Reject] with [BadSignature]; there is none
// after Verify.
func (t *Tx) Consents() ([]common.Address, error) {
	if t.consents != nil || len(t.fields.Auths) == 0 {
		return t.consents, nil
	}
	return t.recoverConsents()
}

func (t *Tx) recoverConsents() ([]common.Address, error) {
	if len(t.fields.Auths) == 0 {
		return nil, nil
	}
	out := make([]common.Address, len(t.fields.Auths))
	for i, a := range t.fields.Auths {
		var err error
		if out[i], err = Recover(a.Digest(t.id), a.Signature); err != nil {
			return nil, reject(BadSignature, "auth %d: %v", i, err)
		}
	}
	return out, nil
}

// Digest is what the signature of an auth for the transaction with this id is over.
func (a *Auth) Digest(id common.Hash) common.Hash {
	var name common.Hash
	copy(name[:], a.Namespace[:])
	message := hashWords(authHash, id, name, word(uint64(a.Kind)), word(a.Epoch), word(a.LaneSeq))
	return crypto.Keccak256Hash([]byte{0x19, 0x01}, domainHash[:], message[:])
}

// SignAuth sets the auth's signature for the transaction with this id.
func SignAuth(a Auth, id common.Hash, key *ecdsa.PrivateKey) (Auth, error) {
	digest := a.Digest(id)
	sig, err := crypto.Sign(digest[:], key)
	if err != nil {
		return Auth{}, reject(BadSignature, "sign auth: %v", err)
	}
	a.Signature = Signature(sig)
	return a, nil
}

// WithAuths returns the transaction with these auths: they stand outside the id, so its signature stays.
func (t *Tx) WithAuths(auths ...Auth) (*Tx, error) {
	f := t.fields
	f.Auths = auths
	return New(f)
}

// Recover returns the address that made the signature over the 32-byte digest. It refuses high S and V outside {0,1}, so each signature has
// one form.
func Recover(digest common.Hash, sig Signature) (common.Address, error) {
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:64])
	if !crypto.ValidateSignatureValues(sig[64], r, s, true) {
		return common.Address{}, errors.New("signature values out of range (low S, V of 0 or 1)")
	}
	pub, err := crypto.Ecrecover(digest[:], sig[:])
	if err != nil {
		return common.Address{}, err
	}
	return common.BytesToAddress(crypto.Keccak256(pub[1:])[12:]), nil
}

// Sign sets payer and signature from the key and returns the transaction.
func Sign(f Fields, key *ecdsa.PrivateKey) (Verified, error) {
	f.Payer = crypto.PubkeyToAddress(key.PublicKey)
	if err := f.validate(); err != nil {
		return Verified{}, err
	}
	id := f.id()
	sig, err := crypto.Sign(id[:], key)
	if err != nil {
		return Verified{}, reject(BadSignature, "sign: %v", err)
	}
	f.Signature = Signature(sig)
	t, err := New(f)
	if err != nil {
		return Verified{}, err
	}
	return Verified{t}, nil
}
