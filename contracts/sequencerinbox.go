// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package contracts

import (
	"bytes"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// Reference imports to suppress errors if they are not otherwise used.
var (
	_ = bytes.Equal
	_ = errors.New
	_ = big.NewInt
	_ = common.Big1
	_ = types.BloomLookup
	_ = abi.ConvertType
)

// Batch is an auto generated low-level Go binding around an user-defined struct.
type Batch struct {
	First  uint64
	Root   [32]byte
	Kind   uint8
	Places []byte
}

// Header is an auto generated low-level Go binding around an user-defined struct.
type Header struct {
	Hash      [32]byte
	Height    *big.Int
	TimeMS    *big.Int
	Parent    [32]byte
	TxRoot    [32]byte
	Operators [32]byte
	Next      [32]byte
	DataRoot  *big.Int
}

// LaneProof is an auto generated low-level Go binding around an user-defined struct.
type LaneProof struct {
	Start    uint64
	End      uint64
	Nodes    []byte
	LeafHash []byte
}

// Membership is an auto generated low-level Go binding around an user-defined struct.
type Membership struct {
	Count uint64
	Paths []Path
}

// Path is an auto generated low-level Go binding around an user-defined struct.
type Path struct {
	Index    uint64
	Value    [32]byte
	Siblings [][32]byte
}

// Shown is an auto generated low-level Go binding around an user-defined struct.
type Shown struct {
	Headers   [][]byte
	Anchor    uint64
	BatchHash [32]byte
	Count     uint64
	Siblings  [][32]byte
}

// Tip is an auto generated low-level Go binding around an user-defined struct.
type Tip struct {
	Height        uint64
	TimeMS        uint64
	AcceptedAt    uint64
	FrozenAt      uint64
	HeaderHash    [32]byte
	OperatorsHash [32]byte
}

// SequencerInboxMetaData contains all meta data concerning the SequencerInbox contract.
var SequencerInboxMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"genesisHash_\",\"type\":\"bytes32\"},{\"internalType\":\"string\",\"name\":\"chainId_\",\"type\":\"string\"},{\"internalType\":\"uint64\",\"name\":\"genesisTimeMS\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"firstOperatorsHash\",\"type\":\"bytes32\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[],\"name\":\"BadChainId\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"BadLaneProof\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"BadPath\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"BadPlaces\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"operator\",\"type\":\"uint256\"}],\"name\":\"BadSignature\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"BadSize\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"}],\"name\":\"BrokenLink\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"Frozen\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"MalformedBitmap\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"MalformedCertificate\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"MalformedHeader\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"MalformedSet\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoEquivocation\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoFork\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoHeaders\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"signed\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"}],\"name\":\"NoQuorum\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NotRecorded\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NothingNew\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"OlderThanTip\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"OtherHeader\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ReservedNamespace\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"tip\",\"type\":\"uint64\"}],\"name\":\"Stale\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"UnexpectedOperators\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"WrongChain\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"WrongOperators\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"WrongParent\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"first\",\"type\":\"uint64\"}],\"name\":\"WrongRange\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"height\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"headerHash\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes\",\"name\":\"batch\",\"type\":\"bytes\"}],\"name\":\"Certified\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes10\",\"name\":\"namespace\",\"type\":\"bytes10\"},{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"index\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"bytes\",\"name\":\"data\",\"type\":\"bytes\"}],\"name\":\"Enqueued\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"height\",\"type\":\"uint64\"},{\"indexed\":false,\"internalType\":\"uint32\",\"name\":\"round\",\"type\":\"uint32\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"one\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes\",\"name\":\"oneSignature\",\"type\":\"bytes\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"other\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes\",\"name\":\"otherSignature\",\"type\":\"bytes\"}],\"name\":\"Equivocated\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"height\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"known\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes[]\",\"name\":\"rival\",\"type\":\"bytes[]\"},{\"indexed\":false,\"internalType\":\"bytes\",\"name\":\"certificate\",\"type\":\"bytes\"},{\"indexed\":false,\"internalType\":\"bytes\",\"name\":\"operators\",\"type\":\"bytes\"}],\"name\":\"Forked\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"height\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"operatorsHash\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes\",\"name\":\"operators\",\"type\":\"bytes\"}],\"name\":\"OperatorsChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"first\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"last\",\"type\":\"uint64\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"}],\"name\":\"Settled\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"MAX_ITEM\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_PLACES\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"age\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"chainId\",\"outputs\":[{\"internalType\":\"string\",\"name\":\"\",\"type\":\"string\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes10\",\"name\":\"namespace\",\"type\":\"bytes10\"},{\"internalType\":\"bytes\",\"name\":\"data\",\"type\":\"bytes\"}],\"name\":\"enqueue\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"genesisHash\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes10\",\"name\":\"\",\"type\":\"bytes10\"}],\"name\":\"queues\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"hash\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"count\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"name\":\"records\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes\",\"name\":\"operators\",\"type\":\"bytes\"},{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"},{\"internalType\":\"uint64\",\"name\":\"pos\",\"type\":\"uint64\"},{\"internalType\":\"uint32\",\"name\":\"round\",\"type\":\"uint32\"},{\"internalType\":\"bytes32\",\"name\":\"one\",\"type\":\"bytes32\"},{\"internalType\":\"bytes\",\"name\":\"oneSignature\",\"type\":\"bytes\"},{\"internalType\":\"bytes32\",\"name\":\"other\",\"type\":\"bytes32\"},{\"internalType\":\"bytes\",\"name\":\"otherSignature\",\"type\":\"bytes\"}],\"name\":\"reportEquivocation\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes[]\",\"name\":\"known\",\"type\":\"bytes[]\"},{\"internalType\":\"bytes32\",\"name\":\"batchHash\",\"type\":\"bytes32\"},{\"internalType\":\"bytes[]\",\"name\":\"rival\",\"type\":\"bytes[]\"},{\"internalType\":\"bytes\",\"name\":\"certificate\",\"type\":\"bytes\"},{\"internalType\":\"bytes\",\"name\":\"operators\",\"type\":\"bytes\"}],\"name\":\"reportFork\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes[]\",\"name\":\"headers\",\"type\":\"bytes[]\"},{\"internalType\":\"bytes32\",\"name\":\"batchHash\",\"type\":\"bytes32\"}],\"name\":\"settle\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"name\":\"settlements\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"count\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes\",\"name\":\"header\",\"type\":\"bytes\"},{\"internalType\":\"bytes\",\"name\":\"certificate\",\"type\":\"bytes\"},{\"internalType\":\"bytes\",\"name\":\"operators\",\"type\":\"bytes\"},{\"internalType\":\"bytes\",\"name\":\"next\",\"type\":\"bytes\"},{\"components\":[{\"internalType\":\"uint64\",\"name\":\"first\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"uint8\",\"name\":\"kind\",\"type\":\"uint8\"},{\"internalType\":\"bytes\",\"name\":\"places\",\"type\":\"bytes\"}],\"internalType\":\"structBatch\",\"name\":\"batch\",\"type\":\"tuple\"}],\"name\":\"submit\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"tip\",\"outputs\":[{\"components\":[{\"internalType\":\"uint64\",\"name\":\"height\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"timeMS\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"acceptedAt\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"frozenAt\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"headerHash\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"operatorsHash\",\"type\":\"bytes32\"}],\"internalType\":\"structTip\",\"name\":\"\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes[]\",\"name\":\"headers\",\"type\":\"bytes[]\"},{\"internalType\":\"uint64\",\"name\":\"anchor\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"batchHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"count\",\"type\":\"uint64\"},{\"internalType\":\"bytes32[]\",\"name\":\"siblings\",\"type\":\"bytes32[]\"}],\"internalType\":\"structShown\",\"name\":\"shown\",\"type\":\"tuple\"}],\"name\":\"verifyHeader\",\"outputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"hash\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"height\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"timeMS\",\"type\":\"uint256\"},{\"internalType\":\"bytes32\",\"name\":\"parent\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"txRoot\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"operators\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"next\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"dataRoot\",\"type\":\"uint256\"}],\"internalType\":\"structHeader\",\"name\":\"\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes[]\",\"name\":\"headers\",\"type\":\"bytes[]\"},{\"internalType\":\"uint64\",\"name\":\"anchor\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"batchHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"count\",\"type\":\"uint64\"},{\"internalType\":\"bytes32[]\",\"name\":\"siblings\",\"type\":\"bytes32[]\"}],\"internalType\":\"structShown\",\"name\":\"shown\",\"type\":\"tuple\"},{\"internalType\":\"bytes10\",\"name\":\"namespace\",\"type\":\"bytes10\"},{\"internalType\":\"uint256\",\"name\":\"size\",\"type\":\"uint256\"},{\"internalType\":\"bytes32\",\"name\":\"commitment\",\"type\":\"bytes32\"},{\"components\":[{\"internalType\":\"uint64\",\"name\":\"start\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"end\",\"type\":\"uint64\"},{\"internalType\":\"bytes\",\"name\":\"nodes\",\"type\":\"bytes\"},{\"internalType\":\"bytes\",\"name\":\"leafHash\",\"type\":\"bytes\"}],\"internalType\":\"structLaneProof\",\"name\":\"proof\",\"type\":\"tuple\"}],\"name\":\"verifyLane\",\"outputs\":[],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes[]\",\"name\":\"headers\",\"type\":\"bytes[]\"},{\"internalType\":\"uint64\",\"name\":\"anchor\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"batchHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"count\",\"type\":\"uint64\"},{\"internalType\":\"bytes32[]\",\"name\":\"siblings\",\"type\":\"bytes32[]\"}],\"internalType\":\"structShown\",\"name\":\"shown\",\"type\":\"tuple\"},{\"internalType\":\"bytes10\",\"name\":\"namespace\",\"type\":\"bytes10\"},{\"components\":[{\"internalType\":\"uint64\",\"name\":\"start\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"end\",\"type\":\"uint64\"},{\"internalType\":\"bytes\",\"name\":\"nodes\",\"type\":\"bytes\"},{\"internalType\":\"bytes\",\"name\":\"leafHash\",\"type\":\"bytes\"}],\"internalType\":\"structLaneProof\",\"name\":\"proof\",\"type\":\"tuple\"}],\"name\":\"verifyNoLane\",\"outputs\":[],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes[]\",\"name\":\"headers\",\"type\":\"bytes[]\"},{\"internalType\":\"uint64\",\"name\":\"anchor\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"batchHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"count\",\"type\":\"uint64\"},{\"internalType\":\"bytes32[]\",\"name\":\"siblings\",\"type\":\"bytes32[]\"}],\"internalType\":\"structShown\",\"name\":\"shown\",\"type\":\"tuple\"},{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"components\":[{\"internalType\":\"uint64\",\"name\":\"count\",\"type\":\"uint64\"},{\"components\":[{\"internalType\":\"uint64\",\"name\":\"index\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"value\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32[]\",\"name\":\"siblings\",\"type\":\"bytes32[]\"}],\"internalType\":\"structPath[]\",\"name\":\"paths\",\"type\":\"tuple[]\"}],\"internalType\":\"structMembership\",\"name\":\"m\",\"type\":\"tuple\"}],\"name\":\"verifyTx\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"present\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"}]",
	ID:  "SequencerInbox",
	Bin: "0x6101006040523461018d576142ee8038038061001a816101a5565b928339810160808282031261018d57815160208301519091906001600160401b03811161018d5783019080601f8301121561018d5781516001600160401b03811161019157610072601f8201601f19166020016101a5565b9281845260208401926020838301011161018d57815f926020809301855e840101526040840151936001600160401b038516850361018d57606001519180519182158015610183575b610174575f90519160208411610168575b5060e05260c05260a05260808281526002919091555f8054600193909355600160401b600160a81b0319909216604093841b6fffffffffffffffff000000000000000016174290911b64ffffffffff60801b161790555161412390816101cb823960805181610a74015260a05181818161052e0152612607015260c0518181816104d3015261262a015260e0518181816104f901526126500152f35b6040915001515f6100cc565b6349e1f2ad60e11b5f5260045ffd5b50603283116100bb565b5f80fd5b634e487b7160e01b5f52604160045260245ffd5b6040519190601f01601f191682016001600160401b038111838210176101915760405256fe60806040526004361015610011575f80fd5b5f3560e01c806301ca822714611f4c5780630af809e81461163f5780630b5533611461134f578063262a9dff146113025780632755cd2d1461120e57806327c8879d14610faf5780632baf9b7814610f585780633e7b720714610ce157806346a15bdd14610c455780637ab9b6c614610bc157806381bb51c614610b865780638d3f07d014610a9757806394391a6d14610a3f57806394867900146105675780639a8a05921461049d578063a2883e8514610464578063b50a41b31461038c5763cdebdede146100df575f80fd5b346103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc826004019236030112610388576101586120c5565b906044356084359167ffffffffffffffff831161038857826004019060807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc8536030112610388576101b760e06101ae836123da565b01519180612386565b1561035b57806101c691612335565b959094841590811561034e575b8115610335575b81156102c9575b506102a1575f8160209260b01c957fffffffff00000000000000000000000000000000000000000000000000000000604051916cffffffffffffffffffff0000008684019486865260981c16602184015260e01b16603e82015260643560428201526042815261025260628261219c565b604051918291518091835e8101838152039060025afa1561029657610294945f51946040519561028187612180565b8587528560208801526040870152613d74565b005b6040513d5f823e3d90fd5b7f7b71865a000000000000000000000000000000000000000000000000000000005f5260045ffd5b67ffffffffffffffff915060246102e0910161222b565b1667ffffffffffffffff6102f38561222b565b1690600182018092116103085714155f6101e1565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b90506103446064820185612335565b90501515906101da565b62c00000861191506101d3565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52603260045260245ffd5b5f80fd5b346103885760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc82360301126103885760443567ffffffffffffffff81116103885760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc82360301126103885760209161045a91608061044f602435936004016123da565b0151906004016135a2565b6040519015158152f35b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261038857602060405160408152f35b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610388576105636040517f000000000000000000000000000000000000000000000000000000000000000060208201527f000000000000000000000000000000000000000000000000000000000000000060408201526040815261052c60608261219c565b7f000000000000000000000000000000000000000000000000000000000000000081526040519182916020835260208301906120f4565b0390f35b346103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff8111610388576105b6903690600401612065565b9060443567ffffffffffffffff8111610388576105d7903690600401612065565b9060643567ffffffffffffffff8111610388576105f8903690600401612020565b909160843567ffffffffffffffff81116103885761061a903690600401612020565b9290938715808015610a37575b610a0f5761035b5761064a61063c8880612335565b6106446125f0565b91612677565b861561035b5761065d61063c8580612335565b602081015190602083019182518082149182610a02575b826109ef575b60018201809211610308571490816109df575b816109cd575b1590816109c4575b5061099c575f54998a60f81c80610985575b61095d576106d6908460209d8e92604051936106c9818661219c565b5f8552505f3681376132b4565b67ffffffffffffffff8c820151165f5260048c5260405f205490515f526024358c5260405f20036109355760a06107238c610714604051918261219c565b5f81525f368137838c8a6132b4565b910180515f5260068c5260405f2054908115908115610918575b506108f0577f0100000000000000000000000000000000000000000000000000000000000000926107a5827effffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff948b8d8b8b61ffff67ffffffffffffffff9960101c96169461291b565b5116998a7fffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000600354161760035516175f55519760405196806060890160608a5252608088019060808160051b8a01019580925f917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe1813603015b84841061087a5750505050505083879693879693610867937fd1cfa82a99dd74a95dc554e5c54e0b91db1ae4251796cb0ee18a9fe0518d85259a6108759803908901526122c4565b9184830360408601526122c4565b0390a3005b9091929394987fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff808d820301845289358281121561038857830187810191903567ffffffffffffffff8111610388578036038313610388576108e0899283926001956122c4565b9b0194019401929493919061081f565b7f20b863f9000000000000000000000000000000000000000000000000000000005f5260045ffd5b9050610925368a8c612260565b8d8151910120905114158d61073d565b7f5bd2451a000000000000000000000000000000000000000000000000000000005f5260045ffd5b7fa8cab3d1000000000000000000000000000000000000000000000000000000005f5260045ffd5b50825167ffffffffffffffff6003541611156106ad565b7f6ba03b5c000000000000000000000000000000000000000000000000000000005f5260045ffd5b9050158c61069b565b60a083015160c0860151149150610693565b606083015185511415915061068d565b915060a083015160a0860151149161067a565b8351865114159250610674565b7f888f2aac000000000000000000000000000000000000000000000000000000005f5260045ffd5b508615610627565b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760206040517f00000000000000000000000000000000000000000000000000000000000000008152f35b346103885760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc82600401923603011261038857610b106120c5565b6044359067ffffffffffffffff82116103885760807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc833603011261038857610b6660e0610b5d856123da565b01519380612386565b9390931561035b57610b7b8461029495612335565b9093600401936133d9565b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610388576020604051620100008152f35b346103885760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885767ffffffffffffffff610c0161204e565b165f52600560205260405f2067ffffffffffffffff6001825492015416906105636040519283928390929167ffffffffffffffff6020916040840195845216910152565b346103885760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610388577fffffffffffffffffffff00000000000000000000000000000000000000000000610c9d612096565b165f52600760205260405f2067ffffffffffffffff6001825492015416906105636040519283928390929167ffffffffffffffff6020916040840195845216910152565b346103885760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261038857610d18612096565b60243567ffffffffffffffff811161038857610d38903690600401612020565b918060b01c60ff811190811591610f46575b8115610f32575b8115610f1e575b50610ef65782158015610eea575b610ec2577fffffffffffffffffffff0000000000000000000000000000000000000000000016805f5260076020527f74bd0f0bd8d90002d924675dbf877137239a8e0f6ceab2d7b54de1323f44df38610ebd60405f20936001850180549567ffffffffffffffff871696815490610dde368b87612260565b602081519101207fffffffffffffffff00000000000000000000000000000000000000000000000060405192602084019485528a604085015260c01b16604a8301527fffffffffffffffff0000000000000000000000000000000000000000000000004360c01b1660528301523360601b605a830152606e820152606e8152610e68608e8261219c565b519020905567ffffffffffffffff610e7f87612240565b167fffffffffffffffffffffffffffffffffffffffffffffffff000000000000000082541617905560405191829160208352339760208401916122c4565b0390a4005b7f6cd3dc25000000000000000000000000000000000000000000000000000000005f5260045ffd5b50620100008311610d66565b7f6a225391000000000000000000000000000000000000000000000000000000005f5260045ffd5b696c6f636b73746570666991501484610d58565b696c6f636b73746570686481149150610d51565b676c6f636b7374657081149150610d4a565b346103885760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885767ffffffffffffffff610f9861204e565b165f526004602052602060405f2054604051908152f35b346103885760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff811161038857610ffe903690600401612065565b8015610a0f578061106b611022936110158361231d565b906040519586928361219c565b8382527fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe061104f8561231d565b0136602084013761106361063c8280612335565b9384916132b4565b915f5460f81c806111f4575b61095d5760208301926110a767ffffffffffffffff85511667ffffffffffffffff165f52600460205260405f2090565b5490515f5260243560205260405f20036109355767ffffffffffffffff8351165f52600560205260405f209360018501908267ffffffffffffffff83541610156111cc577f311b23f9b678ff4d7879ba340cc89b295bb782e267afd8bb5f55bcd1bc40297d9360209367ffffffffffffffff9384806111355f61112f83988051928391613c4b565b90613cb5565b9316167fffffffffffffffffffffffffffffffffffffffffffffffff00000000000000008254161790558755838101906111848383511667ffffffffffffffff165f52600460205260405f2090565b541561119c575b5051169351169354604051908152a3005b515f525f845260405f206111c58383511667ffffffffffffffff165f52600460205260405f2090565b558761118b565b7f351050a4000000000000000000000000000000000000000000000000000000005f5260045ffd5b50602083015167ffffffffffffffff600354161115611077565b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610388575f60a060405161124b81612137565b828152826020820152826040820152826060820152826080820152015260c05f5467ffffffffffffffff81169067ffffffffffffffff6003541667ffffffffffffffff600154918160025494816040516112a481612137565b88815260a06020820191838560401c16835264ffffffffff604082019560801c1685526060810196875260808101988952019788526040519889525116602088015251166040860152511660608401525160808301525160a0820152f35b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261038857602061134764ffffffffff5f5460801c1642612310565b604051908152f35b34610388576101007ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885761139f903690600401612020565b906044359067ffffffffffffffff8216809203610388576064359163ffffffff8316809303610388576084359260a43567ffffffffffffffff8111610388576113ec903690600401612020565b909460c4359560e43567ffffffffffffffff811161038857611412903690600401612020565b611420989198368b8a612260565b602081519101205f52600660205260405f2054156108f05760243599986114478a8a613acf565b90505b8b151580611636575b156114ac577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff41817fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff928c013560f81c01019b019a61144a565b8a99959697989981101561160e57868a848473ffffffffffffffffffffffffffffffffffffffff88958e9b013560501c169c8d938d8b888814978815611605575b88156115cd575b505050851561158b575b5050505050905061156357611550610875947f8c76f8405102153d8bc892e4a95fd026b02c8761f4409d987902f9325cf38eb8986040519889988952602089015260a0604089015260a08801916122c4565b92606086015284830360808601526122c4565b7ff6956d99000000000000000000000000000000000000000000000000000000005f5260045ffd5b73ffffffffffffffffffffffffffffffffffffffff9550956115b9916115be95976115b46125f0565b612e49565b6131e8565b1614158390898484898e6114fe565b839850916115f9916115b973ffffffffffffffffffffffffffffffffffffffff94878b976115b46125f0565b161415948d8b8e6114f4565b871598506114ed565b7f981f4dc5000000000000000000000000000000000000000000000000000000005f5260045ffd5b508a8110611453565b346103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885761168e903690600401612020565b9060243567ffffffffffffffff8111610388576116af903690600401612020565b91909260443567ffffffffffffffff8111610388576116d2903690600401612020565b9060643567ffffffffffffffff8111610388576116f3903690600401612020565b91906084359767ffffffffffffffff891161038857886004019560807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc8b36030112610388575f54978860f81c61095d57611750916106446125f0565b976020890197885167ffffffffffffffff821680911115611f21576117748961222b565b67ffffffffffffffff8061178784612240565b16911603611ee35750885167ffffffffffffffff6117a48a61222b565b161480611ed3575b611eab5760408a0196875167ffffffffffffffff8360401c1611611e835760a08b0195865160025414801590611e67575b6108f05767ffffffffffffffff8360a81c169361ffff8460e81c16938515611c96575b5061180b958d61291b565b60c0870180519251909214611c6757611825368483612260565b602081519101208251036108f05785519060018201809211610308575f91845f916118508285613acf565b929083010361160e579086917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff905b838310611b9357505014801590611b8b575b8015611b7a575b61160e577f25276910c4168197e15b6c6933ab72766f8af41838be8d4c92a508eff35e6be1928451806002555f547cffffffffffffffff0000000000000000000000000000000000000000008360a81b16907fff00000000000000000000ffffffffffffffffffffffffffffffffffffffffff7effff00000000000000000000000000000000000000000000000000000000008660e81b16911617175f555f52600660205260101b1760405f205567ffffffffffffffff87511692519361196c6040519283926020845260208401916122c4565b0390a35b8251905194845195866001555f549067ffffffffffffffff8416914260801b74ffffffffff0000000000000000000000000000000016907fffffffffffffffffffffff00000000000000000000000000000000000000000016179060401b6fffffffffffffffff00000000000000001617175f556119ed8361222b565b926119fa60448301612302565b90611a0490612d08565b9160405197889460208601967f0100000000000000000000000000000000000000000000000000000000000000885260c01b7fffffffffffffffff00000000000000000000000000000000000000000000000016602187015260c01b7fffffffffffffffff000000000000000000000000000000000000000000000000166029860152603185015260240135605184015260f81b7fff0000000000000000000000000000000000000000000000000000000000000016607183015280516020819201607284015e8101607281015f9052036072017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe081018552611b07908561219c565b82519084519020905f5260205260405f20815167ffffffffffffffff165f52600460205260405f20555167ffffffffffffffff1690519160405180916020825260208201611b54916120f4565b037f57cb4a3587363d1e0b932b985c89cae33ede25796fb964ca526cdc9ca51fcad591a3005b50670fffffffffffffff8311611898565b508015611891565b9250929490808501359373ffffffffffffffffffffffffffffffffffffffff8560501c169484611bc7601685018c8a6139b0565b97909360bf8273ffffffffffffffffffffffffffffffffffffffff038660a01b179684845c945d8a03018460f81c1493841594611c55575b508315611c4c575b8315611c41575b508215611c37575b505061160e576001919201950192610100841161160e57919087929161187f565b149050845f611c16565b85101592505f611c0e565b84159350611c07565b60f01c60ff166094141593505f611bff565b505015611970577f3e3a6d0d000000000000000000000000000000000000000000000000000000005f5260045ffd5b945092505f925f9583611ca98185613acf565b919082010361160e577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff5b858210611d9a57508414801590611d92575b8015611d81575b61160e578661180b979580977cffffffffffffffff0000000000000000000000000000000000000000008260a81b16907fff00000000000000000000ffffffffffffffffffffffffffffffffffffffffff7effff00000000000000000000000000000000000000000000000000000000008560e81b16911617175f558a515f52600660205260101b1760405f205595611800565b50670fffffffffffffff8511611ced565b508615611ce6565b8160bf99979286013573ffffffffffffffffffffffffffffffffffffffff8160501c16611dcb601684018a8a6139b0565b9c8d9591948373ffffffffffffffffffffffffffffffffffffffff038660a01b17966001855c955d03018360f81c1492831593611e55575b508215611e4c575b8215611e41575b508115611e36575b5061160e576001919201960197610100891161160e5790611cd4565b60019150145f611e1a565b84101591505f611e12565b83159250611e0b565b60f01c60ff166094141592505f611e03565b50611e73368383612260565b60208151910120875114156117dd565b7f8319d31d000000000000000000000000000000000000000000000000000000005f5260045ffd5b7f8a2c934f000000000000000000000000000000000000000000000000000000005f5260045ffd5b5060608a015160015414156117ac565b611ef567ffffffffffffffff91612240565b7f9b8fb044000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b7f60b83dc7000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b346103885760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc823603011261038857611fd161010091611fc86121dd565b506004016123da565b60e060405191805183526020810151602084015260408101516040840152606081015160608401526080810151608084015260a081015160a084015260c081015160c0840152015160e0820152f35b9181601f840112156103885782359167ffffffffffffffff8311610388576020838186019501011161038857565b6004359067ffffffffffffffff8216820361038857565b9181601f840112156103885782359167ffffffffffffffff8311610388576020808501948460051b01011161038857565b600435907fffffffffffffffffffff000000000000000000000000000000000000000000008216820361038857565b602435907fffffffffffffffffffff000000000000000000000000000000000000000000008216820361038857565b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f602080948051918291828752018686015e5f8582860101520116010190565b60c0810190811067ffffffffffffffff82111761215357604052565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b6060810190811067ffffffffffffffff82111761215357604052565b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff82111761215357604052565b60405190610100820182811067ffffffffffffffff821117612153576040525f60e0838281528260208201528260408201528260608201528260808201528260a08201528260c08201520152565b3567ffffffffffffffff811681036103885790565b67ffffffffffffffff60019116019067ffffffffffffffff821161030857565b92919267ffffffffffffffff821161215357604051916122a860207fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f840116018461219c565b829481845281830111610388578281602093845f960137010152565b601f82602094937fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe093818652868601375f8582860101520116010190565b3560ff811681036103885790565b9190820391821161030857565b67ffffffffffffffff81116121535760051b60200190565b9035907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe181360301821215610388570180359067ffffffffffffffff82116103885760200191813603831361038857565b9035907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe181360301821215610388570180359067ffffffffffffffff821161038857602001918160051b3603831361038857565b6123e26121dd565b506123ed8180612386565b8093915015610a0f576124008280612386565b1561035b5761063c8161241292612335565b915f5460f81c806125b8575b61095d576060810167ffffffffffffffff6124388261222b565b166124da57509091925061246f61244f8280612386565b91908560209360405192612463868561219c565b5f84525f3681376132b4565b9080820151928181019367ffffffffffffffff61248b8661222b565b1614938415946124a0575b5050505061093557565b6040929394506124b867ffffffffffffffff9161222b565b165f5260048352815f205493515f520135905260405f2014155f808080612496565b919360011480159061258f575b61093557602081019167ffffffffffffffff6125028461222b565b16600181018091116103085761252b9067ffffffffffffffff6125248461222b565b1690612310565b906020850191808351106109355767ffffffffffffffff9361257a9361255f9361257061256561255f89968c519551612310565b9261222b565b936080810190612386565b94909316916138c6565b165f52600560205260405f2054036109355790565b506125998261222b565b67ffffffffffffffff806125af6020850161222b565b169116116124e7565b50602083015167ffffffffffffffff60035416111561241e565b604051906125df82612180565b5f6040838281528260208201520152565b6125f86125d2565b5060405161260581612180565b7f000000000000000000000000000000000000000000000000000000000000000081527f000000000000000000000000000000000000000000000000000000000000000060208201527f0000000000000000000000000000000000000000000000000000000000000000604082015290565b9291926126826121dd565b937ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd830160081b63f900000101823560e01c036127db57600481519160018311801561290b575b6128cb575b60208310156128c457825b8285019060031b610100036020830151811c908235901c0361287a576020841191826128a2575b505061287a5761272791612716910184846139b0565b6020879392930192835284846139b0565b90604087015280830160a0813560f81c14801590612868575b8015612855575b8015612843575b8015612831575b801561281f575b801561280d575b6127db576127ab610116869360f68460016127b496013560608d01526038830160e08d0152609381013560808d015260d581013560a08d0152013560c08b01520183866139b0565b905082856139b0565b90501490811591612803575b506127db576127d0913691612260565b602081519101208252565b7f34ea3f6e000000000000000000000000000000000000000000000000000000005f5260045ffd5b905051155f6127c0565b5060a060f582013560f81c1415612763565b5060a060d482013560f81c141561275c565b5060a060b382013560f81c1415612755565b5060a0609282013560f81c141561274e565b5061b85a603682013560f01c1415612747565b506094602182013560f81c1415612740565b7f10dfc033000000000000000000000000000000000000000000000000000000005f5260045ffd5b909150602060408560031b61020003920151821c920135901c14155f80612700565b60206126d9565b90826080018185013560f81c036128e557506005906126ce565b7f10dfc033000000000000000000000000000000000000000000000000000000005f525ffd5b50607f60208201515f1a116126c9565b90918094959361292b8285613acf565b9290830114801590612cf7575b612a9d5761294d6001612957930187866139b0565b87869492946139b0565b93909263ffffffff84118015612ce6575b612a9d576020820190815114801590612cd5575b612cad57602185019360078801958660031c9681890160218101359260018a118015612ca0575b612c65575b50507ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8166101000390811c901b94610100891080612c5a575b612c325789966129f391018789613b88565b9690870103612a9d57612a1892612a0e9896959497986125f0565b9251905192612e49565b9194612a255f9886613acf565b905090604051936080850160405284525f956020850191604086019360608701925b888a10612ac5575050505050505050505003612a9d578160011b816003021115612a6f575050565b7fa07c49af000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b7f44074b20000000000000000000000000000000000000000000000000000000005f5260045ffd5b909192939495969798997fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff419c838301359d8e60f81c7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff40810195010193898d1b60ff1c15612c26578e60168203612c145760ff915060481c16905b019c81850161b84160428201355f1a601b81018a526040600284018c3760027f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a18a5110911016913560f01c14169081612bdc575b5015612bb0576043600191019a5b01989796959493929190612a47565b8a7fa1c97319000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b90505f805260205f60808c60015afa5073ffffffffffffffffffffffffffffffffffffffff5f519160501c168114901515165f612b93565b60b81b9060031b6101b0031c90612b3f565b509c5099600190612ba1565b7f890cef29000000000000000000000000000000000000000000000000000000005f5260045ffd5b5085891b15156129e1565b9192909750886080019060f81c03612c32576022809101960135906001881480612c95575b612c32575f806129a8565b508160ff1c15612c8a565b5060018460ff1c146129a3565b7f106e78a6000000000000000000000000000000000000000000000000000000005f5260045ffd5b50815160018688010135141561297c565b5060a08587013560f81c1415612968565b5060018285013560f81c1415612938565b60609060ff612d1960408301612302565b1690828101612d288183612335565b929050600284148015612e3f575b612df857505015801590612dee575b612dc35715612deb575f905b81498015612db6576020808093612d85936040519582879351918291018585015e820190838201520301808452018261219c565b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff81146103085760010190612d51565b50919050815115612dc357565b7f3ce6545e000000000000000000000000000000000000000000000000000000005f5260045ffd5b90565b5060018111612d45565b925092508015908115612e32575b8115612e26575b50612dc357612deb91612e1f91612335565b3691612260565b610a009150115f612e0d565b6028810615159150612e06565b5060038414612d36565b9060209293602e927fff000000000000000000000000000000000000000000000000000000000000008151871594855f146131df5760ff5f5b16820198602d8a019615612fea5750612f0791507fffffffffffffffff000000000000000000000000000000000000000000000000908060081b9060081c64ff000000ff65ff000000ff0065ffff0000ffff66ff00ff00ff00ff841667ff00ff00ff00ff0086161760101c16931691161760101b178060201c9060201b1760c01b1690565b7fffffffffffffffff00000000000000000000000000000000000000000000000083519160408986015195015195846040519860f81b168a8901527f0a20000000000000000000000000000000000000000000000000000000000000602189015260238801527f110000000000000000000000000000000000000000000000000000000000000060438801521660448601527f2200000000000000000000000000000000000000000000000000000000000000604c86015260f81b16604d840152604e830152606e820152606e8152612fe1608e8261219c565b925b0191012090565b7fffffffffffffffff0000000000000000000000000000000000000000000000006130f661308482947fffffffffffffffff000000000000000000000000000000000000000000000000908060081b9060081c64ff000000ff65ff000000ff0065ffff0000ffff66ff00ff00ff00ff841667ff00ff00ff00ff0086161760101c16931691161760101b178060201c9060201b1760c01b1690565b927fffffffffffffffff000000000000000000000000000000000000000000000000908060081b9060081c64ff000000ff65ff000000ff0065ffff0000ffff66ff00ff00ff00ff841667ff00ff00ff00ff0086161760101c16931691161760101b178060201c9060201b1760c01b1690565b9160408b88015197015197866040519a60f81b168c8b01527f0a2000000000000000000000000000000000000000000000000000000000000060218b015260238a01527f110000000000000000000000000000000000000000000000000000000000000060438a01521660448801527f1900000000000000000000000000000000000000000000000000000000000000604c88015216604d8601527f2200000000000000000000000000000000000000000000000000000000000000605586015260f81b16605684015260578301526077820152607781526131d960978261219c565b92612fe3565b60ff6009612e82565b917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffbf0161329a57602081013591604082013560f81c600181118015613271575b61326957601b019081601b11610308576020935f9360ff6080946040519485521686840152356040830152606082015282805260015afa15610296575f5190565b505050505f90565b507f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a08411613228565b50505f90565b805182101561035b5760209160051b010190565b9290926132bf6121dd565b508151151594856133c6575b6001935b858510156133bd576132e961063c8660051b850185612335565b9060608201518151149081159161339d575b811561338a575b8115613377575b8115613364575b506133385760019087613326575b9401936132cf565b805161333287876132a0565b5261331e565b847f990db01b000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b905060a08083015191015114155f613310565b60c081015160a082015114159150613309565b9050604082015160408201511190613302565b9050602082015160208201519060018201809211610308571415906132fb565b95509350505050565b835183511561035b5760208401526132cb565b93909260b01c916133e98261222b565b602083019067ffffffffffffffff806134018461222b565b169116146134ba576060830190605a61341a8386612335565b9050149081159161347e575b506102a1576134359083612335565b509361343f6125d2565b50603a6040519561344f87612180565b803560181c8752601d81013560181c60208801520135604086015284518410156102a15761347c95613d74565b565b67ffffffffffffffff91506134929061222b565b1667ffffffffffffffff6134a58561222b565b1690600182018092116103085714155f613426565b509093926134c89293613d26565b908151159081613595575b81613577575b82518110928315613569575b50508115613561575b5061100067ffffffffffffffff6135048461222b565b1611918215613548575b821561352d575b508115613524575b506102a157565b9050155f61351d565b61353d9192506060810190612335565b90501515905f613515565b91506135576040830183612335565b905015159161350e565b90505f6134ee565b602001511091505f806134e5565b9050604082015160205f808060025afa15610296575f5114906134d9565b60208301511591506134d3565b602081016135b08183612386565b8094915015613838575f5b8481106137a65750506135ce8183612386565b1561035b578035907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa181360301821215610388570192600181036136ec5750506020820135918383146136e35767ffffffffffffffff61362d8261222b565b1615806136da575b6132695767ffffffffffffffff61367561366f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff9361222b565b9361222b565b160167ffffffffffffffff81116103085767ffffffffffffffff80911691161491826136d0575b50506136cc57505b7f64325c91000000000000000000000000000000000000000000000000000000005f5260045ffd5b5f90565b1190505f8061369c565b50828410613635565b50505050600190565b929392600214613701575b50505050506136a4565b61370a91612386565b6001101561035b576020810135907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa18136030182121561038857016137566137518461222b565b612240565b67ffffffffffffffff806137698461222b565b169116149283613798575b508261378a575b50506136cc57808080806136f7565b602001351190505f8061377b565b60200135821192505f613774565b6137b08385612386565b82101561035b578160051b8101357fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa1823603018112156103885767ffffffffffffffff61382b918593016138038161222b565b61380c8961222b565b9160208461381d6040840184612386565b9690951693169101356138c6565b036136a4576001016135bb565b93505067ffffffffffffffff915061384f9061222b565b161590811591613863575b506136a4575f90565b905060405160208101907f020000000000000000000000000000000000000000000000000000000000000082525f60218201525f6029820152602981526138ab60498261219c565b51902014155f61385a565b919081101561035b5760051b0190565b9193928482108015906139a6575b6136a457927fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8501925f805360015260215f20935f915b80831061392357505050506136a457612deb91613cb5565b909192939485156136a457600180861614801561399d575b1561397f576139559061394f8584866138b6565b35613f4b565b945b6001851615613972576001905b811c94811c9301919061390b565b60011c9360011c93613957565b6139976001916139908685876138b6565b3590613f4b565b95613964565b5085851461393b565b50602084116138d4565b829392915001358060f81c9060808210613aac577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff808201908115613aa15760088211613a855760018260031b9160081b82610100031c92145f14613a5a575060805b8110613a3f5792017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff810190565b505090505f9070010000000000000000000000000000000090565b7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8600191011b613a12565b50505090505f9070010000000000000000000000000000000090565b50505060015f920190565b509182613ac9575070010000000000000000000000000000000090565b60010190565b90505f90358060f81c60c081101580613b7d575b613b525760f8811480613b3e575b613b365760f9149081613b22575b50613b1c57505f9070010000000000000000000000000000000090565b90600390565b60e81c61ffff1691505060ff81115f613aff565b505090600290565b50915060ff8160f01c169160378311613af1565b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff400192600192509050565b5060f7811115613ae3565b9050919091825f9101358060f81c60c081101580613c40575b613c145760f8811480613c00575b613bf65760f9149081613be2575b50613bdb57505f915070010000000000000000000000000000000090565b9160030190565b60e81c61ffff1691505060ff81115f613bbd565b5050600290920190565b50915060ff8160f01c169160378311613baf565b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff40019360010192915050565b5060f7811115613ba1565b909291928084039360018514613c9a5760015b8060011b9086821015613c715750613c5e565b9050613c869192939495508301809385613c4b565b91613c919293613c4b565b612deb91613f4b565b5090613ca79293506132a0565b515f805360015260215f2090565b90604051907fffffffffffffffff00000000000000000000000000000000000000000000000060208301937f0200000000000000000000000000000000000000000000000000000000000000855260c01b166021830152602982015260298152613d2060498261219c565b51902090565b829150613d316125d2565b500190601d8101811161030857603a81011061030857603a60405191613d5683612180565b803560181c8352601d81013560181c60208401520135604082015290565b9590939492613d866040820182612335565b92909361100067ffffffffffffffff613da16020860161222b565b16118015613f3f575b8015613f34575b8015613f26575b6102a1575f9667ffffffffffffffff613dd08561222b565b16805b613ef757508488116102a15767ffffffffffffffff613df48998999561222b565b16965b8715801590613eee575b15613e9557600188811603613e60577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa60197613e3e898789613d26565b908a602083015110156102a157613e5491613f64565b965b60011c9697613df7565b979685851015613e56579396613e77888789613d26565b908a825111156102a157605a91613e8d91613f64565b970193613e56565b509450945096915050613ea9939450613d26565b815181511491821592613eda575b8215613ec6575b50506102a157565b604091925081015191015114155f80613ebe565b915060208201516020820151141591613eb7565b50858510613e01565b97605a01977fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff81011680613dd3565b508551602087015110613db8565b506109248411613db1565b50605a84061515613daa565b6041916040519160018353600183015260218201522090565b613f6c6125d2565b50805160208201908151809111908115614114575b8115614109575b506102a1575f6020917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000845160181b16907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000815160181b16947cffffffffffffffffffffffffffffffffffffffffffffffffffffffffff6040820151917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000895160181b1692878a01937fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000855160181b169060408c0151926040519b8c9960218d8c019b7f01000000000000000000000000000000000000000000000000000000000000008d520152603e8d0152605b8c0152607b8b015260988a015260b589015260b588526140b860d58961219c565b519751148414614100575051935b604051918291518091835e8101838152039060025afa15610296575f5190604051926140f184612180565b83526020830152604082015290565b905051936140c6565b90508351105f613f88565b84516020860151109150613f8156",
}

// SequencerInbox is an auto generated Go binding around an Ethereum contract.
type SequencerInbox struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *SequencerInbox) GetABI() abi.ABI {
	return c.abi
}

// NewSequencerInbox creates a new instance of SequencerInbox.
func NewSequencerInbox() *SequencerInbox {
	parsed, err := SequencerInboxMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &SequencerInbox{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *SequencerInbox) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(bytes32 genesisHash_, string chainId_, uint64 genesisTimeMS, bytes32 firstOperatorsHash) returns()
func (sequencerInbox *SequencerInbox) PackConstructor(genesisHash_ [32]byte, chainId_ string, genesisTimeMS uint64, firstOperatorsHash [32]byte) []byte {
	enc, err := sequencerInbox.abi.Pack("", genesisHash_, chainId_, genesisTimeMS, firstOperatorsHash)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackMAXITEM is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x81bb51c6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_ITEM() view returns(uint256)
func (sequencerInbox *SequencerInbox) PackMAXITEM() []byte {
	enc, err := sequencerInbox.abi.Pack("MAX_ITEM")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXITEM is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x81bb51c6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_ITEM() view returns(uint256)
func (sequencerInbox *SequencerInbox) TryPackMAXITEM() ([]byte, error) {
	return sequencerInbox.abi.Pack("MAX_ITEM")
}

// UnpackMAXITEM is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x81bb51c6.
//
// Solidity: function MAX_ITEM() view returns(uint256)
func (sequencerInbox *SequencerInbox) UnpackMAXITEM(data []byte) (*big.Int, error) {
	out, err := sequencerInbox.abi.Unpack("MAX_ITEM", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackMAXPLACES is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa2883e85.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_PLACES() view returns(uint256)
func (sequencerInbox *SequencerInbox) PackMAXPLACES() []byte {
	enc, err := sequencerInbox.abi.Pack("MAX_PLACES")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXPLACES is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa2883e85.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_PLACES() view returns(uint256)
func (sequencerInbox *SequencerInbox) TryPackMAXPLACES() ([]byte, error) {
	return sequencerInbox.abi.Pack("MAX_PLACES")
}

// UnpackMAXPLACES is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa2883e85.
//
// Solidity: function MAX_PLACES() view returns(uint256)
func (sequencerInbox *SequencerInbox) UnpackMAXPLACES(data []byte) (*big.Int, error) {
	out, err := sequencerInbox.abi.Unpack("MAX_PLACES", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackAge is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x262a9dff.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function age() view returns(uint256)
func (sequencerInbox *SequencerInbox) PackAge() []byte {
	enc, err := sequencerInbox.abi.Pack("age")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAge is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x262a9dff.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function age() view returns(uint256)
func (sequencerInbox *SequencerInbox) TryPackAge() ([]byte, error) {
	return sequencerInbox.abi.Pack("age")
}

// UnpackAge is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x262a9dff.
//
// Solidity: function age() view returns(uint256)
func (sequencerInbox *SequencerInbox) UnpackAge(data []byte) (*big.Int, error) {
	out, err := sequencerInbox.abi.Unpack("age", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackChainId is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9a8a0592.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function chainId() view returns(string)
func (sequencerInbox *SequencerInbox) PackChainId() []byte {
	enc, err := sequencerInbox.abi.Pack("chainId")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackChainId is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9a8a0592.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function chainId() view returns(string)
func (sequencerInbox *SequencerInbox) TryPackChainId() ([]byte, error) {
	return sequencerInbox.abi.Pack("chainId")
}

// UnpackChainId is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x9a8a0592.
//
// Solidity: function chainId() view returns(string)
func (sequencerInbox *SequencerInbox) UnpackChainId(data []byte) (string, error) {
	out, err := sequencerInbox.abi.Unpack("chainId", data)
	if err != nil {
		return *new(string), err
	}
	out0 := *abi.ConvertType(out[0], new(string)).(*string)
	return out0, nil
}

// PackEnqueue is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3e7b7207.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function enqueue(bytes10 namespace, bytes data) returns()
func (sequencerInbox *SequencerInbox) PackEnqueue(namespace [10]byte, data []byte) []byte {
	enc, err := sequencerInbox.abi.Pack("enqueue", namespace, data)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackEnqueue is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3e7b7207.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function enqueue(bytes10 namespace, bytes data) returns()
func (sequencerInbox *SequencerInbox) TryPackEnqueue(namespace [10]byte, data []byte) ([]byte, error) {
	return sequencerInbox.abi.Pack("enqueue", namespace, data)
}

// PackGenesisHash is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94391a6d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function genesisHash() view returns(bytes32)
func (sequencerInbox *SequencerInbox) PackGenesisHash() []byte {
	enc, err := sequencerInbox.abi.Pack("genesisHash")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGenesisHash is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94391a6d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function genesisHash() view returns(bytes32)
func (sequencerInbox *SequencerInbox) TryPackGenesisHash() ([]byte, error) {
	return sequencerInbox.abi.Pack("genesisHash")
}

// UnpackGenesisHash is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x94391a6d.
//
// Solidity: function genesisHash() view returns(bytes32)
func (sequencerInbox *SequencerInbox) UnpackGenesisHash(data []byte) ([32]byte, error) {
	out, err := sequencerInbox.abi.Unpack("genesisHash", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackQueues is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x46a15bdd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function queues(bytes10 ) view returns(bytes32 hash, uint64 count)
func (sequencerInbox *SequencerInbox) PackQueues(arg0 [10]byte) []byte {
	enc, err := sequencerInbox.abi.Pack("queues", arg0)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackQueues is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x46a15bdd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function queues(bytes10 ) view returns(bytes32 hash, uint64 count)
func (sequencerInbox *SequencerInbox) TryPackQueues(arg0 [10]byte) ([]byte, error) {
	return sequencerInbox.abi.Pack("queues", arg0)
}

// QueuesOutput serves as a container for the return parameters of contract
// method Queues.
type QueuesOutput struct {
	Hash  [32]byte
	Count uint64
}

// UnpackQueues is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x46a15bdd.
//
// Solidity: function queues(bytes10 ) view returns(bytes32 hash, uint64 count)
func (sequencerInbox *SequencerInbox) UnpackQueues(data []byte) (QueuesOutput, error) {
	out, err := sequencerInbox.abi.Unpack("queues", data)
	outstruct := new(QueuesOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Hash = *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	outstruct.Count = *abi.ConvertType(out[1], new(uint64)).(*uint64)
	return *outstruct, nil
}

// PackRecords is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2baf9b78.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function records(uint64 ) view returns(bytes32)
func (sequencerInbox *SequencerInbox) PackRecords(arg0 uint64) []byte {
	enc, err := sequencerInbox.abi.Pack("records", arg0)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRecords is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2baf9b78.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function records(uint64 ) view returns(bytes32)
func (sequencerInbox *SequencerInbox) TryPackRecords(arg0 uint64) ([]byte, error) {
	return sequencerInbox.abi.Pack("records", arg0)
}

// UnpackRecords is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x2baf9b78.
//
// Solidity: function records(uint64 ) view returns(bytes32)
func (sequencerInbox *SequencerInbox) UnpackRecords(data []byte) ([32]byte, error) {
	out, err := sequencerInbox.abi.Unpack("records", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackReportEquivocation is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0b553361.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function reportEquivocation(bytes operators, uint256 index, uint64 pos, uint32 round, bytes32 one, bytes oneSignature, bytes32 other, bytes otherSignature) returns()
func (sequencerInbox *SequencerInbox) PackReportEquivocation(operators []byte, index *big.Int, pos uint64, round uint32, one [32]byte, oneSignature []byte, other [32]byte, otherSignature []byte) []byte {
	enc, err := sequencerInbox.abi.Pack("reportEquivocation", operators, index, pos, round, one, oneSignature, other, otherSignature)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackReportEquivocation is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0b553361.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function reportEquivocation(bytes operators, uint256 index, uint64 pos, uint32 round, bytes32 one, bytes oneSignature, bytes32 other, bytes otherSignature) returns()
func (sequencerInbox *SequencerInbox) TryPackReportEquivocation(operators []byte, index *big.Int, pos uint64, round uint32, one [32]byte, oneSignature []byte, other [32]byte, otherSignature []byte) ([]byte, error) {
	return sequencerInbox.abi.Pack("reportEquivocation", operators, index, pos, round, one, oneSignature, other, otherSignature)
}

// PackReportFork is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94867900.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function reportFork(bytes[] known, bytes32 batchHash, bytes[] rival, bytes certificate, bytes operators) returns()
func (sequencerInbox *SequencerInbox) PackReportFork(known [][]byte, batchHash [32]byte, rival [][]byte, certificate []byte, operators []byte) []byte {
	enc, err := sequencerInbox.abi.Pack("reportFork", known, batchHash, rival, certificate, operators)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackReportFork is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94867900.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function reportFork(bytes[] known, bytes32 batchHash, bytes[] rival, bytes certificate, bytes operators) returns()
func (sequencerInbox *SequencerInbox) TryPackReportFork(known [][]byte, batchHash [32]byte, rival [][]byte, certificate []byte, operators []byte) ([]byte, error) {
	return sequencerInbox.abi.Pack("reportFork", known, batchHash, rival, certificate, operators)
}

// PackSettle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x27c8879d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function settle(bytes[] headers, bytes32 batchHash) returns()
func (sequencerInbox *SequencerInbox) PackSettle(headers [][]byte, batchHash [32]byte) []byte {
	enc, err := sequencerInbox.abi.Pack("settle", headers, batchHash)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSettle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x27c8879d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function settle(bytes[] headers, bytes32 batchHash) returns()
func (sequencerInbox *SequencerInbox) TryPackSettle(headers [][]byte, batchHash [32]byte) ([]byte, error) {
	return sequencerInbox.abi.Pack("settle", headers, batchHash)
}

// PackSettlements is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7ab9b6c6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function settlements(uint64 ) view returns(bytes32 root, uint64 count)
func (sequencerInbox *SequencerInbox) PackSettlements(arg0 uint64) []byte {
	enc, err := sequencerInbox.abi.Pack("settlements", arg0)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSettlements is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7ab9b6c6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function settlements(uint64 ) view returns(bytes32 root, uint64 count)
func (sequencerInbox *SequencerInbox) TryPackSettlements(arg0 uint64) ([]byte, error) {
	return sequencerInbox.abi.Pack("settlements", arg0)
}

// SettlementsOutput serves as a container for the return parameters of contract
// method Settlements.
type SettlementsOutput struct {
	Root  [32]byte
	Count uint64
}

// UnpackSettlements is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x7ab9b6c6.
//
// Solidity: function settlements(uint64 ) view returns(bytes32 root, uint64 count)
func (sequencerInbox *SequencerInbox) UnpackSettlements(data []byte) (SettlementsOutput, error) {
	out, err := sequencerInbox.abi.Unpack("settlements", data)
	outstruct := new(SettlementsOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Root = *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	outstruct.Count = *abi.ConvertType(out[1], new(uint64)).(*uint64)
	return *outstruct, nil
}

// PackSubmit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0af809e8.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function submit(bytes header, bytes certificate, bytes operators, bytes next, (uint64,bytes32,uint8,bytes) batch) returns()
func (sequencerInbox *SequencerInbox) PackSubmit(header []byte, certificate []byte, operators []byte, next []byte, batch Batch) []byte {
	enc, err := sequencerInbox.abi.Pack("submit", header, certificate, operators, next, batch)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSubmit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0af809e8.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function submit(bytes header, bytes certificate, bytes operators, bytes next, (uint64,bytes32,uint8,bytes) batch) returns()
func (sequencerInbox *SequencerInbox) TryPackSubmit(header []byte, certificate []byte, operators []byte, next []byte, batch Batch) ([]byte, error) {
	return sequencerInbox.abi.Pack("submit", header, certificate, operators, next, batch)
}

// PackTip is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2755cd2d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function tip() view returns((uint64,uint64,uint64,uint64,bytes32,bytes32))
func (sequencerInbox *SequencerInbox) PackTip() []byte {
	enc, err := sequencerInbox.abi.Pack("tip")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTip is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2755cd2d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function tip() view returns((uint64,uint64,uint64,uint64,bytes32,bytes32))
func (sequencerInbox *SequencerInbox) TryPackTip() ([]byte, error) {
	return sequencerInbox.abi.Pack("tip")
}

// UnpackTip is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x2755cd2d.
//
// Solidity: function tip() view returns((uint64,uint64,uint64,uint64,bytes32,bytes32))
func (sequencerInbox *SequencerInbox) UnpackTip(data []byte) (Tip, error) {
	out, err := sequencerInbox.abi.Unpack("tip", data)
	if err != nil {
		return *new(Tip), err
	}
	out0 := *abi.ConvertType(out[0], new(Tip)).(*Tip)
	return out0, nil
}

// PackVerifyHeader is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ca8227.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function verifyHeader((bytes[],uint64,bytes32,uint64,bytes32[]) shown) view returns((bytes32,uint256,uint256,bytes32,bytes32,bytes32,bytes32,uint256))
func (sequencerInbox *SequencerInbox) PackVerifyHeader(shown Shown) []byte {
	enc, err := sequencerInbox.abi.Pack("verifyHeader", shown)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVerifyHeader is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ca8227.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function verifyHeader((bytes[],uint64,bytes32,uint64,bytes32[]) shown) view returns((bytes32,uint256,uint256,bytes32,bytes32,bytes32,bytes32,uint256))
func (sequencerInbox *SequencerInbox) TryPackVerifyHeader(shown Shown) ([]byte, error) {
	return sequencerInbox.abi.Pack("verifyHeader", shown)
}

// UnpackVerifyHeader is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x01ca8227.
//
// Solidity: function verifyHeader((bytes[],uint64,bytes32,uint64,bytes32[]) shown) view returns((bytes32,uint256,uint256,bytes32,bytes32,bytes32,bytes32,uint256))
func (sequencerInbox *SequencerInbox) UnpackVerifyHeader(data []byte) (Header, error) {
	out, err := sequencerInbox.abi.Unpack("verifyHeader", data)
	if err != nil {
		return *new(Header), err
	}
	out0 := *abi.ConvertType(out[0], new(Header)).(*Header)
	return out0, nil
}

// PackVerifyLane is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcdebdede.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function verifyLane((bytes[],uint64,bytes32,uint64,bytes32[]) shown, bytes10 namespace, uint256 size, bytes32 commitment, (uint64,uint64,bytes,bytes) proof) view returns()
func (sequencerInbox *SequencerInbox) PackVerifyLane(shown Shown, namespace [10]byte, size *big.Int, commitment [32]byte, proof LaneProof) []byte {
	enc, err := sequencerInbox.abi.Pack("verifyLane", shown, namespace, size, commitment, proof)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVerifyLane is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcdebdede.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function verifyLane((bytes[],uint64,bytes32,uint64,bytes32[]) shown, bytes10 namespace, uint256 size, bytes32 commitment, (uint64,uint64,bytes,bytes) proof) view returns()
func (sequencerInbox *SequencerInbox) TryPackVerifyLane(shown Shown, namespace [10]byte, size *big.Int, commitment [32]byte, proof LaneProof) ([]byte, error) {
	return sequencerInbox.abi.Pack("verifyLane", shown, namespace, size, commitment, proof)
}

// PackVerifyNoLane is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8d3f07d0.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function verifyNoLane((bytes[],uint64,bytes32,uint64,bytes32[]) shown, bytes10 namespace, (uint64,uint64,bytes,bytes) proof) view returns()
func (sequencerInbox *SequencerInbox) PackVerifyNoLane(shown Shown, namespace [10]byte, proof LaneProof) []byte {
	enc, err := sequencerInbox.abi.Pack("verifyNoLane", shown, namespace, proof)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVerifyNoLane is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8d3f07d0.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function verifyNoLane((bytes[],uint64,bytes32,uint64,bytes32[]) shown, bytes10 namespace, (uint64,uint64,bytes,bytes) proof) view returns()
func (sequencerInbox *SequencerInbox) TryPackVerifyNoLane(shown Shown, namespace [10]byte, proof LaneProof) ([]byte, error) {
	return sequencerInbox.abi.Pack("verifyNoLane", shown, namespace, proof)
}

// PackVerifyTx is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb50a41b3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function verifyTx((bytes[],uint64,bytes32,uint64,bytes32[]) shown, bytes32 id, (uint64,(uint64,bytes32,bytes32[])[]) m) view returns(bool present)
func (sequencerInbox *SequencerInbox) PackVerifyTx(shown Shown, id [32]byte, m Membership) []byte {
	enc, err := sequencerInbox.abi.Pack("verifyTx", shown, id, m)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVerifyTx is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb50a41b3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function verifyTx((bytes[],uint64,bytes32,uint64,bytes32[]) shown, bytes32 id, (uint64,(uint64,bytes32,bytes32[])[]) m) view returns(bool present)
func (sequencerInbox *SequencerInbox) TryPackVerifyTx(shown Shown, id [32]byte, m Membership) ([]byte, error) {
	return sequencerInbox.abi.Pack("verifyTx", shown, id, m)
}

// UnpackVerifyTx is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xb50a41b3.
//
// Solidity: function verifyTx((bytes[],uint64,bytes32,uint64,bytes32[]) shown, bytes32 id, (uint64,(uint64,bytes32,bytes32[])[]) m) view returns(bool present)
func (sequencerInbox *SequencerInbox) UnpackVerifyTx(data []byte) (bool, error) {
	out, err := sequencerInbox.abi.Unpack("verifyTx", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// SequencerInboxCertified represents a Certified event raised by the SequencerInbox contract.
type SequencerInboxCertified struct {
	Height     uint64
	HeaderHash [32]byte
	Batch      []byte
	Raw        *types.Log // Blockchain specific contextual infos
}

const SequencerInboxCertifiedEventName = "Certified"

// ContractEventName returns the user-defined event name.
func (SequencerInboxCertified) ContractEventName() string {
	return SequencerInboxCertifiedEventName
}

// UnpackCertifiedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Certified(uint64 indexed height, bytes32 indexed headerHash, bytes batch)
func (sequencerInbox *SequencerInbox) UnpackCertifiedEvent(log *types.Log) (*SequencerInboxCertified, error) {
	event := "Certified"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != sequencerInbox.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(SequencerInboxCertified)
	if len(log.Data) > 0 {
		if err := sequencerInbox.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range sequencerInbox.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// SequencerInboxEnqueued represents a Enqueued event raised by the SequencerInbox contract.
type SequencerInboxEnqueued struct {
	Namespace [10]byte
	Index     uint64
	Sender    common.Address
	Data      []byte
	Raw       *types.Log // Blockchain specific contextual infos
}

const SequencerInboxEnqueuedEventName = "Enqueued"

// ContractEventName returns the user-defined event name.
func (SequencerInboxEnqueued) ContractEventName() string {
	return SequencerInboxEnqueuedEventName
}

// UnpackEnqueuedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Enqueued(bytes10 indexed namespace, uint64 indexed index, address indexed sender, bytes data)
func (sequencerInbox *SequencerInbox) UnpackEnqueuedEvent(log *types.Log) (*SequencerInboxEnqueued, error) {
	event := "Enqueued"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != sequencerInbox.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(SequencerInboxEnqueued)
	if len(log.Data) > 0 {
		if err := sequencerInbox.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range sequencerInbox.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// SequencerInboxEquivocated represents a Equivocated event raised by the SequencerInbox contract.
type SequencerInboxEquivocated struct {
	Operator       common.Address
	Height         uint64
	Round          uint32
	One            [32]byte
	OneSignature   []byte
	Other          [32]byte
	OtherSignature []byte
	Raw            *types.Log // Blockchain specific contextual infos
}

const SequencerInboxEquivocatedEventName = "Equivocated"

// ContractEventName returns the user-defined event name.
func (SequencerInboxEquivocated) ContractEventName() string {
	return SequencerInboxEquivocatedEventName
}

// UnpackEquivocatedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Equivocated(address indexed operator, uint64 indexed height, uint32 round, bytes32 one, bytes oneSignature, bytes32 other, bytes otherSignature)
func (sequencerInbox *SequencerInbox) UnpackEquivocatedEvent(log *types.Log) (*SequencerInboxEquivocated, error) {
	event := "Equivocated"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != sequencerInbox.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(SequencerInboxEquivocated)
	if len(log.Data) > 0 {
		if err := sequencerInbox.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range sequencerInbox.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// SequencerInboxForked represents a Forked event raised by the SequencerInbox contract.
type SequencerInboxForked struct {
	Height      uint64
	Known       [32]byte
	Rival       [][]byte
	Certificate []byte
	Operators   []byte
	Raw         *types.Log // Blockchain specific contextual infos
}

const SequencerInboxForkedEventName = "Forked"

// ContractEventName returns the user-defined event name.
func (SequencerInboxForked) ContractEventName() string {
	return SequencerInboxForkedEventName
}

// UnpackForkedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Forked(uint64 indexed height, bytes32 indexed known, bytes[] rival, bytes certificate, bytes operators)
func (sequencerInbox *SequencerInbox) UnpackForkedEvent(log *types.Log) (*SequencerInboxForked, error) {
	event := "Forked"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != sequencerInbox.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(SequencerInboxForked)
	if len(log.Data) > 0 {
		if err := sequencerInbox.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range sequencerInbox.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// SequencerInboxOperatorsChanged represents a OperatorsChanged event raised by the SequencerInbox contract.
type SequencerInboxOperatorsChanged struct {
	Height        uint64
	OperatorsHash [32]byte
	Operators     []byte
	Raw           *types.Log // Blockchain specific contextual infos
}

const SequencerInboxOperatorsChangedEventName = "OperatorsChanged"

// ContractEventName returns the user-defined event name.
func (SequencerInboxOperatorsChanged) ContractEventName() string {
	return SequencerInboxOperatorsChangedEventName
}

// UnpackOperatorsChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event OperatorsChanged(uint64 indexed height, bytes32 indexed operatorsHash, bytes operators)
func (sequencerInbox *SequencerInbox) UnpackOperatorsChangedEvent(log *types.Log) (*SequencerInboxOperatorsChanged, error) {
	event := "OperatorsChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != sequencerInbox.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(SequencerInboxOperatorsChanged)
	if len(log.Data) > 0 {
		if err := sequencerInbox.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range sequencerInbox.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// SequencerInboxSettled represents a Settled event raised by the SequencerInbox contract.
type SequencerInboxSettled struct {
	First uint64
	Last  uint64
	Root  [32]byte
	Raw   *types.Log // Blockchain specific contextual infos
}

const SequencerInboxSettledEventName = "Settled"

// ContractEventName returns the user-defined event name.
func (SequencerInboxSettled) ContractEventName() string {
	return SequencerInboxSettledEventName
}

// UnpackSettledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Settled(uint64 indexed first, uint64 indexed last, bytes32 root)
func (sequencerInbox *SequencerInbox) UnpackSettledEvent(log *types.Log) (*SequencerInboxSettled, error) {
	event := "Settled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != sequencerInbox.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(SequencerInboxSettled)
	if len(log.Data) > 0 {
		if err := sequencerInbox.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range sequencerInbox.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// UnpackError attempts to decode the provided error data using user-defined
// error definitions.
func (sequencerInbox *SequencerInbox) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["BadChainId"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackBadChainIdError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["BadLaneProof"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackBadLaneProofError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["BadPath"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackBadPathError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["BadPlaces"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackBadPlacesError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["BadSignature"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackBadSignatureError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["BadSize"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackBadSizeError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["BrokenLink"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackBrokenLinkError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["Frozen"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackFrozenError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["MalformedBitmap"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackMalformedBitmapError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["MalformedCertificate"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackMalformedCertificateError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["MalformedHeader"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackMalformedHeaderError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["MalformedSet"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackMalformedSetError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["NoEquivocation"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackNoEquivocationError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["NoFork"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackNoForkError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["NoHeaders"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackNoHeadersError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["NoQuorum"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackNoQuorumError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["NotRecorded"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackNotRecordedError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["NothingNew"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackNothingNewError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["OlderThanTip"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackOlderThanTipError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["OtherHeader"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackOtherHeaderError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["ReservedNamespace"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackReservedNamespaceError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["Stale"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackStaleError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["UnexpectedOperators"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackUnexpectedOperatorsError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["WrongChain"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackWrongChainError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["WrongOperators"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackWrongOperatorsError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["WrongParent"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackWrongParentError(raw[4:])
	}
	if bytes.Equal(raw[:4], sequencerInbox.abi.Errors["WrongRange"].ID.Bytes()[:4]) {
		return sequencerInbox.UnpackWrongRangeError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// SequencerInboxBadChainId represents a BadChainId error raised by the SequencerInbox contract.
type SequencerInboxBadChainId struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadChainId()
func SequencerInboxBadChainIdErrorID() common.Hash {
	return common.HexToHash("0x93c3e55a01cc02d3c733f2b5bbf40167c387f2b63635621364c99d066ca94233")
}

// UnpackBadChainIdError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadChainId()
func (sequencerInbox *SequencerInbox) UnpackBadChainIdError(raw []byte) (*SequencerInboxBadChainId, error) {
	out := new(SequencerInboxBadChainId)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "BadChainId", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxBadLaneProof represents a BadLaneProof error raised by the SequencerInbox contract.
type SequencerInboxBadLaneProof struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadLaneProof()
func SequencerInboxBadLaneProofErrorID() common.Hash {
	return common.HexToHash("0x7b71865a097ff840f4a045fa999b373074b35da65a041b27ca1b5b126f3b6547")
}

// UnpackBadLaneProofError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadLaneProof()
func (sequencerInbox *SequencerInbox) UnpackBadLaneProofError(raw []byte) (*SequencerInboxBadLaneProof, error) {
	out := new(SequencerInboxBadLaneProof)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "BadLaneProof", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxBadPath represents a BadPath error raised by the SequencerInbox contract.
type SequencerInboxBadPath struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadPath()
func SequencerInboxBadPathErrorID() common.Hash {
	return common.HexToHash("0x64325c91f108520b461bf37f7e682ef85952d4d50489069c2e798b1861f04e29")
}

// UnpackBadPathError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadPath()
func (sequencerInbox *SequencerInbox) UnpackBadPathError(raw []byte) (*SequencerInboxBadPath, error) {
	out := new(SequencerInboxBadPath)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "BadPath", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxBadPlaces represents a BadPlaces error raised by the SequencerInbox contract.
type SequencerInboxBadPlaces struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadPlaces()
func SequencerInboxBadPlacesErrorID() common.Hash {
	return common.HexToHash("0x3ce6545ecab9a0c0c54244f910a50bdc7d7039eec6f3a2feeb7908376c219889")
}

// UnpackBadPlacesError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadPlaces()
func (sequencerInbox *SequencerInbox) UnpackBadPlacesError(raw []byte) (*SequencerInboxBadPlaces, error) {
	out := new(SequencerInboxBadPlaces)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "BadPlaces", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxBadSignature represents a BadSignature error raised by the SequencerInbox contract.
type SequencerInboxBadSignature struct {
	Operator *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadSignature(uint256 operator)
func SequencerInboxBadSignatureErrorID() common.Hash {
	return common.HexToHash("0xa1c973190ea39240abfd4da3039e0d94cea4d1e689acfee87f4e7dbabee0f307")
}

// UnpackBadSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadSignature(uint256 operator)
func (sequencerInbox *SequencerInbox) UnpackBadSignatureError(raw []byte) (*SequencerInboxBadSignature, error) {
	out := new(SequencerInboxBadSignature)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "BadSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxBadSize represents a BadSize error raised by the SequencerInbox contract.
type SequencerInboxBadSize struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadSize()
func SequencerInboxBadSizeErrorID() common.Hash {
	return common.HexToHash("0x6cd3dc2583a6f0c331e1abbb52492e156750f3ad09d63ba002f6902c4e23e0ce")
}

// UnpackBadSizeError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadSize()
func (sequencerInbox *SequencerInbox) UnpackBadSizeError(raw []byte) (*SequencerInboxBadSize, error) {
	out := new(SequencerInboxBadSize)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "BadSize", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxBrokenLink represents a BrokenLink error raised by the SequencerInbox contract.
type SequencerInboxBrokenLink struct {
	Index *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BrokenLink(uint256 index)
func SequencerInboxBrokenLinkErrorID() common.Hash {
	return common.HexToHash("0x990db01b4206610eae0f1644defab86afb327bdce7daa365ed2e3ade05baf9bb")
}

// UnpackBrokenLinkError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BrokenLink(uint256 index)
func (sequencerInbox *SequencerInbox) UnpackBrokenLinkError(raw []byte) (*SequencerInboxBrokenLink, error) {
	out := new(SequencerInboxBrokenLink)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "BrokenLink", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxFrozen represents a Frozen error raised by the SequencerInbox contract.
type SequencerInboxFrozen struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Frozen()
func SequencerInboxFrozenErrorID() common.Hash {
	return common.HexToHash("0xa8cab3d1893ed53071b052fafa843143492f25d1d6b0170d460789f7ab1954be")
}

// UnpackFrozenError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Frozen()
func (sequencerInbox *SequencerInbox) UnpackFrozenError(raw []byte) (*SequencerInboxFrozen, error) {
	out := new(SequencerInboxFrozen)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "Frozen", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxMalformedBitmap represents a MalformedBitmap error raised by the SequencerInbox contract.
type SequencerInboxMalformedBitmap struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error MalformedBitmap()
func SequencerInboxMalformedBitmapErrorID() common.Hash {
	return common.HexToHash("0x890cef29ce4fdaf769fcbceb52112793a6a3207b6540e83d8114a9e5dcdd463d")
}

// UnpackMalformedBitmapError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error MalformedBitmap()
func (sequencerInbox *SequencerInbox) UnpackMalformedBitmapError(raw []byte) (*SequencerInboxMalformedBitmap, error) {
	out := new(SequencerInboxMalformedBitmap)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "MalformedBitmap", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxMalformedCertificate represents a MalformedCertificate error raised by the SequencerInbox contract.
type SequencerInboxMalformedCertificate struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error MalformedCertificate()
func SequencerInboxMalformedCertificateErrorID() common.Hash {
	return common.HexToHash("0x44074b2014bd456279cca70b8e118005bf3b776780c7dbc4b39b9ce3be96e92a")
}

// UnpackMalformedCertificateError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error MalformedCertificate()
func (sequencerInbox *SequencerInbox) UnpackMalformedCertificateError(raw []byte) (*SequencerInboxMalformedCertificate, error) {
	out := new(SequencerInboxMalformedCertificate)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "MalformedCertificate", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxMalformedHeader represents a MalformedHeader error raised by the SequencerInbox contract.
type SequencerInboxMalformedHeader struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error MalformedHeader()
func SequencerInboxMalformedHeaderErrorID() common.Hash {
	return common.HexToHash("0x34ea3f6ee72990850ba14992e1ca7072114ad0ff043c3976a3ed651411aa9d8c")
}

// UnpackMalformedHeaderError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error MalformedHeader()
func (sequencerInbox *SequencerInbox) UnpackMalformedHeaderError(raw []byte) (*SequencerInboxMalformedHeader, error) {
	out := new(SequencerInboxMalformedHeader)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "MalformedHeader", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxMalformedSet represents a MalformedSet error raised by the SequencerInbox contract.
type SequencerInboxMalformedSet struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error MalformedSet()
func SequencerInboxMalformedSetErrorID() common.Hash {
	return common.HexToHash("0x981f4dc59fd80bf7dad9fa71cdef255bfd681166df3f64c3406fe09b23a5c864")
}

// UnpackMalformedSetError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error MalformedSet()
func (sequencerInbox *SequencerInbox) UnpackMalformedSetError(raw []byte) (*SequencerInboxMalformedSet, error) {
	out := new(SequencerInboxMalformedSet)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "MalformedSet", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxNoEquivocation represents a NoEquivocation error raised by the SequencerInbox contract.
type SequencerInboxNoEquivocation struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoEquivocation()
func SequencerInboxNoEquivocationErrorID() common.Hash {
	return common.HexToHash("0xf6956d99459153f0888a509b9ac0f632261231eb030ffc05ba465140990de07f")
}

// UnpackNoEquivocationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoEquivocation()
func (sequencerInbox *SequencerInbox) UnpackNoEquivocationError(raw []byte) (*SequencerInboxNoEquivocation, error) {
	out := new(SequencerInboxNoEquivocation)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "NoEquivocation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxNoFork represents a NoFork error raised by the SequencerInbox contract.
type SequencerInboxNoFork struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoFork()
func SequencerInboxNoForkErrorID() common.Hash {
	return common.HexToHash("0x6ba03b5c33dd0f9b19906ee4505f6e5c64a57c38ac53403499bbf915693424f1")
}

// UnpackNoForkError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoFork()
func (sequencerInbox *SequencerInbox) UnpackNoForkError(raw []byte) (*SequencerInboxNoFork, error) {
	out := new(SequencerInboxNoFork)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "NoFork", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxNoHeaders represents a NoHeaders error raised by the SequencerInbox contract.
type SequencerInboxNoHeaders struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoHeaders()
func SequencerInboxNoHeadersErrorID() common.Hash {
	return common.HexToHash("0x888f2aac1688dd458f18f440d7f80312a2a6bc7b42f34161fe913e3abf0f4b6b")
}

// UnpackNoHeadersError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoHeaders()
func (sequencerInbox *SequencerInbox) UnpackNoHeadersError(raw []byte) (*SequencerInboxNoHeaders, error) {
	out := new(SequencerInboxNoHeaders)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "NoHeaders", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxNoQuorum represents a NoQuorum error raised by the SequencerInbox contract.
type SequencerInboxNoQuorum struct {
	Signed *big.Int
	Total  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoQuorum(uint256 signed, uint256 total)
func SequencerInboxNoQuorumErrorID() common.Hash {
	return common.HexToHash("0xa07c49af08b421a301c72d9d0dd4ebec6a52f25fd56250523cef4fe70de605e4")
}

// UnpackNoQuorumError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoQuorum(uint256 signed, uint256 total)
func (sequencerInbox *SequencerInbox) UnpackNoQuorumError(raw []byte) (*SequencerInboxNoQuorum, error) {
	out := new(SequencerInboxNoQuorum)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "NoQuorum", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxNotRecorded represents a NotRecorded error raised by the SequencerInbox contract.
type SequencerInboxNotRecorded struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotRecorded()
func SequencerInboxNotRecordedErrorID() common.Hash {
	return common.HexToHash("0x5bd2451a0f82298e6ccc57b6d131f5d5a3cee7e14ec8bc73f658e6a72bec47d1")
}

// UnpackNotRecordedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotRecorded()
func (sequencerInbox *SequencerInbox) UnpackNotRecordedError(raw []byte) (*SequencerInboxNotRecorded, error) {
	out := new(SequencerInboxNotRecorded)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "NotRecorded", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxNothingNew represents a NothingNew error raised by the SequencerInbox contract.
type SequencerInboxNothingNew struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NothingNew()
func SequencerInboxNothingNewErrorID() common.Hash {
	return common.HexToHash("0x351050a4452bf085e0796c4108b0948f2a666260ad471beb5da085b4e5f38349")
}

// UnpackNothingNewError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NothingNew()
func (sequencerInbox *SequencerInbox) UnpackNothingNewError(raw []byte) (*SequencerInboxNothingNew, error) {
	out := new(SequencerInboxNothingNew)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "NothingNew", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxOlderThanTip represents a OlderThanTip error raised by the SequencerInbox contract.
type SequencerInboxOlderThanTip struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OlderThanTip()
func SequencerInboxOlderThanTipErrorID() common.Hash {
	return common.HexToHash("0x8319d31d43d0f6e5e9893e02fc4084ec0d0904d7cb694654d4f029189bde074f")
}

// UnpackOlderThanTipError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OlderThanTip()
func (sequencerInbox *SequencerInbox) UnpackOlderThanTipError(raw []byte) (*SequencerInboxOlderThanTip, error) {
	out := new(SequencerInboxOlderThanTip)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "OlderThanTip", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxOtherHeader represents a OtherHeader error raised by the SequencerInbox contract.
type SequencerInboxOtherHeader struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OtherHeader()
func SequencerInboxOtherHeaderErrorID() common.Hash {
	return common.HexToHash("0x106e78a64f299cb6700e3201136a700c460eee4093b2eab0bfb26453c53ab331")
}

// UnpackOtherHeaderError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OtherHeader()
func (sequencerInbox *SequencerInbox) UnpackOtherHeaderError(raw []byte) (*SequencerInboxOtherHeader, error) {
	out := new(SequencerInboxOtherHeader)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "OtherHeader", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxReservedNamespace represents a ReservedNamespace error raised by the SequencerInbox contract.
type SequencerInboxReservedNamespace struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ReservedNamespace()
func SequencerInboxReservedNamespaceErrorID() common.Hash {
	return common.HexToHash("0x6a2253912b98b48d22a838f6315dfab8dd5ee0ae508a594054d4b95519634815")
}

// UnpackReservedNamespaceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ReservedNamespace()
func (sequencerInbox *SequencerInbox) UnpackReservedNamespaceError(raw []byte) (*SequencerInboxReservedNamespace, error) {
	out := new(SequencerInboxReservedNamespace)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "ReservedNamespace", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxStale represents a Stale error raised by the SequencerInbox contract.
type SequencerInboxStale struct {
	Tip uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Stale(uint64 tip)
func SequencerInboxStaleErrorID() common.Hash {
	return common.HexToHash("0x60b83dc7e17c6b59e0ee0a32caf43802c39bfd1d69e65860f16eb65f449caf46")
}

// UnpackStaleError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Stale(uint64 tip)
func (sequencerInbox *SequencerInbox) UnpackStaleError(raw []byte) (*SequencerInboxStale, error) {
	out := new(SequencerInboxStale)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "Stale", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxUnexpectedOperators represents a UnexpectedOperators error raised by the SequencerInbox contract.
type SequencerInboxUnexpectedOperators struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error UnexpectedOperators()
func SequencerInboxUnexpectedOperatorsErrorID() common.Hash {
	return common.HexToHash("0x3e3a6d0dde982e42e40600d042e34fb1f9413eb91801d04f2155b934b621781d")
}

// UnpackUnexpectedOperatorsError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error UnexpectedOperators()
func (sequencerInbox *SequencerInbox) UnpackUnexpectedOperatorsError(raw []byte) (*SequencerInboxUnexpectedOperators, error) {
	out := new(SequencerInboxUnexpectedOperators)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "UnexpectedOperators", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxWrongChain represents a WrongChain error raised by the SequencerInbox contract.
type SequencerInboxWrongChain struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongChain()
func SequencerInboxWrongChainErrorID() common.Hash {
	return common.HexToHash("0x10dfc0335c19295c382cb53aae6de08649b5ae251dfaadd00512a35c8db090ed")
}

// UnpackWrongChainError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongChain()
func (sequencerInbox *SequencerInbox) UnpackWrongChainError(raw []byte) (*SequencerInboxWrongChain, error) {
	out := new(SequencerInboxWrongChain)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "WrongChain", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxWrongOperators represents a WrongOperators error raised by the SequencerInbox contract.
type SequencerInboxWrongOperators struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongOperators()
func SequencerInboxWrongOperatorsErrorID() common.Hash {
	return common.HexToHash("0x20b863f9d5e85475367e6f3bb60916f23c61f59e55b60a3c9410b8d21f3f192b")
}

// UnpackWrongOperatorsError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongOperators()
func (sequencerInbox *SequencerInbox) UnpackWrongOperatorsError(raw []byte) (*SequencerInboxWrongOperators, error) {
	out := new(SequencerInboxWrongOperators)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "WrongOperators", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxWrongParent represents a WrongParent error raised by the SequencerInbox contract.
type SequencerInboxWrongParent struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongParent()
func SequencerInboxWrongParentErrorID() common.Hash {
	return common.HexToHash("0x8a2c934f981192f1c08ce53bddcc469444e9d0c627ca5cfba53adda7b5973d21")
}

// UnpackWrongParentError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongParent()
func (sequencerInbox *SequencerInbox) UnpackWrongParentError(raw []byte) (*SequencerInboxWrongParent, error) {
	out := new(SequencerInboxWrongParent)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "WrongParent", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// SequencerInboxWrongRange represents a WrongRange error raised by the SequencerInbox contract.
type SequencerInboxWrongRange struct {
	First uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongRange(uint64 first)
func SequencerInboxWrongRangeErrorID() common.Hash {
	return common.HexToHash("0x9b8fb044e626d317487ba73e1e856adf469c6d262b375f0f3c5077858c2deae8")
}

// UnpackWrongRangeError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongRange(uint64 first)
func (sequencerInbox *SequencerInbox) UnpackWrongRangeError(raw []byte) (*SequencerInboxWrongRange, error) {
	out := new(SequencerInboxWrongRange)
	if err := sequencerInbox.abi.UnpackIntoInterface(out, "WrongRange", raw); err != nil {
		return nil, err
	}
	return out, nil
}
