package contracts

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"math/big"
	"strings"
	"testing"

	goethereum "github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/ethclient/simulated"
	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// l1 is a simulated L1, by the rules of Osaka, with the contract on it.
type l1 struct {
	t        testing.TB
	sim      *simulated.Backend
	key      *ecdsa.PrivateKey
	blobKey  *ecdsa.PrivateKey // an account may not mix blob transactions and others
	inbox    *SequencerInbox
	address  common.Address
	network  network
	deployed *types.Receipt
	trust    cert.Trust // what Go's verifier trusts after all that was submitted
}

func newL1(t testing.TB, n network) *l1 {
	t.Helper()
	key, blobKey := payer(t, "who pays"), payer(t, "who pays for blobs")
	rich := types.Account{Balance: new(big.Int).Mul(big.NewInt(1_000_000), big.NewInt(params.Ether))}
	alloc := types.GenesisAlloc{crypto.PubkeyToAddress(key.PublicKey): rich, crypto.PubkeyToAddress(blobKey.PublicKey): rich}
	sim := simulated.NewBackend(alloc, func(_ *node.Config, conf *ethconfig.Config) {
		osaka := *params.MergedTestChainConfig
		osaka.ChainID = big.NewInt(1337)
		conf.Genesis.Config = &osaka
		conf.Genesis.GasLimit, conf.Miner.GasCeil = 60_000_000, 60_000_000
	})
	t.Cleanup(func() { _ = sim.Close() })
	c := &l1{t: t, sim: sim, key: key, blobKey: blobKey, inbox: NewSequencerInbox(), network: n, trust: n.trust()}
	input := append(common.FromHex(SequencerInboxMetaData.Bin), c.inbox.PackConstructor(genesisHash(), n.chain, genesisTime, n.set.Hash())...)
	receipt := c.transact(nil, input, nil)
	c.address, c.deployed = receipt.ContractAddress, receipt
	return c
}

func payer(t testing.TB, name string) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte(name)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// transact sends a transaction, which must succeed.
func (c *l1) transact(to *common.Address, input []byte, sidecar *types.BlobTxSidecar) *types.Receipt {
	c.t.Helper()
	key := c.key
	if sidecar != nil {
		key = c.blobKey
	}
	client, from := c.sim.Client(), crypto.PubkeyToAddress(key.PublicKey)
	nonce, err := client.PendingNonceAt(context.Background(), from)
	if err != nil {
		c.t.Fatal(err)
	}
	head, err := client.HeaderByNumber(context.Background(), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	price := new(big.Int).Add(big.NewInt(params.GWei), new(big.Int).Mul(big.NewInt(2), head.BaseFee))
	var data types.TxData = &types.DynamicFeeTx{
		ChainID: big.NewInt(1337), Nonce: nonce, To: to, Data: input, Gas: 16_000_000, GasFeeCap: price, GasTipCap: big.NewInt(params.GWei),
	}
	if sidecar != nil {
		data = blobTx(nonce, *to, input, price, sidecar)
	}
	signed, err := types.SignNewTx(key, types.LatestSignerForChainID(big.NewInt(1337)), data)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := client.SendTransaction(context.Background(), signed); err != nil {
		c.t.Fatal(err)
	}
	c.sim.Commit()
	receipt, err := client.TransactionReceipt(context.Background(), signed.Hash())
	if err != nil {
		c.t.Fatal(err)
	}
	if receipt.Status != types.ReceiptStatusSuccessful {
		c.t.Fatalf("transaction reverted: %s", c.refused(input))
	}
	return receipt
}

// do calls the contract in a transaction that must succeed.
func (c *l1) do(input []byte) *types.Receipt {
	c.t.Helper()
	return c.transact(&c.address, input, nil)
}

// call asks the contract without a transaction.
func (c *l1) call(input []byte) ([]byte, error) {
	msg := goethereum.CallMsg{From: crypto.PubkeyToAddress(c.key.PublicKey), To: &c.address, Data: input, Gas: 30_000_000}
	return c.sim.Client().CallContract(context.Background(), msg, nil)
}

// refused is the name of the error that a call ends with; empty if it ends well.
func (c *l1) refused(input []byte) string {
	c.t.Helper()
	_, err := c.call(input)
	return c.errorName(err)
}

func (c *l1) errorName(err error) string {
	c.t.Helper()
	if err == nil {
		return ""
	}
	var data interface{ ErrorData() any }
	if !errors.As(err, &data) {
		c.t.Fatalf("not the contract's word: %v", err)
	}
	text, _ := data.ErrorData().(string)
	raw, err2 := hexutil.Decode(text)
	if err2 != nil || len(raw) < 4 {
		c.t.Fatalf("reverted without an error of ours: %v, %v", err, data.ErrorData())
	}
	contract := c.inbox.GetABI()
	e, err2 := contract.ErrorByID([4]byte(raw))
	if err2 != nil {
		c.t.Fatalf("unknown error %x: %v", raw, err)
	}
	return e.Name
}

// mustRefuse checks that a call ends with an error of this name.
func (c *l1) mustRefuse(what, want string, input []byte) {
	c.t.Helper()
	if got := c.refused(input); got != want {
		c.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// submission is all that goes into submit.
type submission struct {
	header, certificate, operators, next []byte
	committed                            Committed
}

func (c *l1) submission(run []made, certificate cert.Certificate, next *cert.Set) submission {
	last := run[len(run)-1]
	s := submission{header: last.Encode(), certificate: certificate.Encode(), operators: EncodeSet(c.trust.Set)}
	if next != nil {
		s.next = EncodeSet(*next)
	}
	s.committed = Committed{
		First: c.trust.Height + 1, Last: last.Height, HeaderHash: last.Hash(), Root: HeadersRoot(hashes(run)), Kind: KindCelestia,
		Places: []Place{{77, common.Hash{7}}},
	}
	return s
}

func (c *l1) pack(s submission) []byte {
	return c.inbox.PackSubmit(s.header, s.certificate, s.operators, s.next, s.committed.Batch())
}

// submit commits a run, certified by a quorum, and moves Go's trust along.
func (c *l1) submit(run []made) (submission, *types.Receipt) {
	c.t.Helper()
	last := run[len(run)-1]
	s := c.submission(run, c.network.certify(c.t, last.Header, 0, c.network.quorum()...), nil)
	receipt := c.do(c.pack(s))
	c.advance(run, nil)
	return s, receipt
}

func (c *l1) advance(run []made, next *network) {
	c.t.Helper()
	last := run[len(run)-1]
	r := cert.Run{Certificate: c.network.certify(c.t, last.Header, 0, c.network.quorum()...)}
	for _, m := range run {
		r.Headers = append(r.Headers, m.Header)
	}
	if next != nil {
		r.Next = next.set.Operators()
		c.network = *next
	}
	var err error
	if c.trust, err = c.trust.Advance(r); err != nil {
		c.t.Fatal(err)
	}
}

func (c *l1) tip() Tip {
	c.t.Helper()
	out, err := c.call(c.inbox.PackTip())
	if err != nil {
		c.t.Fatal(err)
	}
	tip, err := c.inbox.UnpackTip(out)
	if err != nil {
		c.t.Fatal(err)
	}
	return tip
}

// goTakes says whether Go's verifier takes what is submitted, on top of the trust: headers between may be left out (specs/08-rpc.md, "Proof
// document", rule 2).
func goTakes(trust cert.Trust, s submission) error {
	h, err := block.DecodeHeader(s.header)
	if err != nil {
		return err
	}
	run := cert.Run{Headers: []block.Header{h}}
	if run.Certificate, err = cert.Decode(s.certificate); err != nil {
		return err
	}
	if h.Height > trust.Height+1 {
		trust.Height, trust.Hash = h.Height-1, h.ParentHash
	}
	if set, err := decodeSet(s.operators); err != nil || set.Hash() != trust.Set.Hash() {
		return errors.New("not the trusted set")
	}
	if len(s.next) > 0 {
		if h.NextOperatorsHash == h.OperatorsHash {
			return errors.New("operators that are not announced")
		}
		set, err := decodeSet(s.next)
		if err != nil {
			return err
		}
		run.Next = set.Operators()
	}
	_, err = trust.Advance(run)
	return err
}

// decodeSet reads a set from its one encoding.
func decodeSet(raw []byte) (cert.Set, error) {
	var ops []cert.Operator
	if err := rlp.DecodeBytes(raw, &ops); err != nil {
		return cert.Set{}, err
	}
	set, err := cert.NewSet(ops)
	if err == nil && !bytes.Equal(EncodeSet(set), raw) {
		err = errors.New("operators out of order")
	}
	return set, err
}

func event[E bind.ContractEvent](c *l1, receipt *types.Receipt, unpack func(*types.Log) (*E, error)) *E {
	c.t.Helper()
	for _, l := range receipt.Logs {
		if e, err := unpack(l); err == nil {
			return e
		} else if !strings.Contains(err.Error(), "event signature mismatch") {
			c.t.Fatal(err)
		}
	}
	c.t.Fatal("no such event")
	return nil
}

// blobTx is a transaction that carries blobs.
func blobTx(nonce uint64, to common.Address, input []byte, price *big.Int, sidecar *types.BlobTxSidecar) types.TxData {
	return &types.BlobTx{
		ChainID: uint256.NewInt(1337), Nonce: nonce, To: to, Data: input, Gas: 2_000_000, GasFeeCap: uint256.MustFromBig(price),
		GasTipCap: uint256.NewInt(params.GWei), BlobFeeCap: uint256.NewInt(params.GWei), BlobHashes: sidecar.BlobHashes(), Sidecar: sidecar,
	}
}
