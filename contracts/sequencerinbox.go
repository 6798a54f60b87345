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
	Bin: "0x6101006040523461018d576142af8038038061001a816101a5565b928339810160808282031261018d57815160208301519091906001600160401b03811161018d5783019080601f8301121561018d5781516001600160401b03811161019157610072601f8201601f19166020016101a5565b9281845260208401926020838301011161018d57815f926020809301855e840101526040840151936001600160401b038516850361018d57606001519180519182158015610183575b610174575f90519160208411610168575b5060e05260c05260a05260808281526002919091555f8054600193909355600160401b600160a81b0319909216604093841b6fffffffffffffffff000000000000000016174290911b64ffffffffff60801b16179055516140e490816101cb823960805181610a74015260a05181818161052e01526125c8015260c0518181816104d301526125eb015260e0518181816104f901526126110152f35b6040915001515f6100cc565b6349e1f2ad60e11b5f5260045ffd5b50603283116100bb565b5f80fd5b634e487b7160e01b5f52604160045260245ffd5b6040519190601f01601f191682016001600160401b038111838210176101915760405256fe60806040526004361015610011575f80fd5b5f3560e01c806301ca822714611f325780630af809e8146116255780630b5533611461134f578063262a9dff146113025780632755cd2d1461120e57806327c8879d14610faf5780632baf9b7814610f585780633e7b720714610ce157806346a15bdd14610c455780637ab9b6c614610bc157806381bb51c614610b865780638d3f07d014610a9757806394391a6d14610a3f57806394867900146105675780639a8a05921461049d578063a2883e8514610464578063b50a41b31461038c5763cdebdede146100df575f80fd5b346103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc826004019236030112610388576101586120ab565b906044356084359167ffffffffffffffff831161038857826004019060807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc8536030112610388576101b760e06101ae836123c0565b0151918061236c565b1561035b57806101c69161231b565b959094841590811561034e575b8115610335575b81156102c9575b506102a1575f8160209260b01c957fffffffff00000000000000000000000000000000000000000000000000000000604051916cffffffffffffffffffff0000008684019486865260981c16602184015260e01b16603e820152606435604282015260428152610252606282612182565b604051918291518091835e8101838152039060025afa1561029657610294945f51946040519561028187612166565b8587528560208801526040870152613d35565b005b6040513d5f823e3d90fd5b7f7b71865a000000000000000000000000000000000000000000000000000000005f5260045ffd5b67ffffffffffffffff915060246102e09101612211565b1667ffffffffffffffff6102f385612211565b1690600182018092116103085714155f6101e1565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b9050610344606482018561231b565b90501515906101da565b62c00000861191506101d3565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52603260045260245ffd5b5f80fd5b346103885760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc82360301126103885760443567ffffffffffffffff81116103885760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc82360301126103885760209161045a91608061044f602435936004016123c0565b015190600401613563565b6040519015158152f35b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261038857602060405160408152f35b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610388576105636040517f000000000000000000000000000000000000000000000000000000000000000060208201527f000000000000000000000000000000000000000000000000000000000000000060408201526040815261052c606082612182565b7f000000000000000000000000000000000000000000000000000000000000000081526040519182916020835260208301906120da565b0390f35b346103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff8111610388576105b690369060040161204b565b9060443567ffffffffffffffff8111610388576105d790369060040161204b565b9060643567ffffffffffffffff8111610388576105f8903690600401612006565b909160843567ffffffffffffffff81116103885761061a903690600401612006565b9290938715808015610a37575b610a0f5761035b5761064a61063c888061231b565b6106446125b1565b91612638565b861561035b5761065d61063c858061231b565b602081015190602083019182518082149182610a02575b826109ef575b60018201809211610308571490816109df575b816109cd575b1590816109c4575b5061099c575f54998a60f81c80610985575b61095d576106d6908460209d8e92604051936106c98186612182565b5f8552505f368137613275565b67ffffffffffffffff8c820151165f5260048c5260405f205490515f526024358c5260405f20036109355760a06107238c6107146040519182612182565b5f81525f368137838c8a613275565b910180515f5260068c5260405f2054908115908115610918575b506108f0577f0100000000000000000000000000000000000000000000000000000000000000926107a5827effffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff948b8d8b8b61ffff67ffffffffffffffff9960101c9616946128dc565b5116998a7fffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000600354161760035516175f55519760405196806060890160608a5252608088019060808160051b8a01019580925f917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe1813603015b84841061087a5750505050505083879693879693610867937fd1cfa82a99dd74a95dc554e5c54e0b91db1ae4251796cb0ee18a9fe0518d85259a6108759803908901526122aa565b9184830360408601526122aa565b0390a3005b9091929394987fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff808d820301845289358281121561038857830187810191903567ffffffffffffffff8111610388578036038313610388576108e0899283926001956122aa565b9b0194019401929493919061081f565b7f20b863f9000000000000000000000000000000000000000000000000000000005f5260045ffd5b9050610925368a8c612246565b8d8151910120905114158d61073d565b7f5bd2451a000000000000000000000000000000000000000000000000000000005f5260045ffd5b7fa8cab3d1000000000000000000000000000000000000000000000000000000005f5260045ffd5b50825167ffffffffffffffff6003541611156106ad565b7f6ba03b5c000000000000000000000000000000000000000000000000000000005f5260045ffd5b9050158c61069b565b60a083015160c0860151149150610693565b606083015185511415915061068d565b915060a083015160a0860151149161067a565b8351865114159250610674565b7f888f2aac000000000000000000000000000000000000000000000000000000005f5260045ffd5b508615610627565b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760206040517f00000000000000000000000000000000000000000000000000000000000000008152f35b346103885760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc82600401923603011261038857610b106120ab565b6044359067ffffffffffffffff82116103885760807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc833603011261038857610b6660e0610b5d856123c0565b0151938061236c565b9390931561035b57610b7b846102949561231b565b90936004019361339a565b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610388576020604051620100008152f35b346103885760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885767ffffffffffffffff610c01612034565b165f52600560205260405f2067ffffffffffffffff6001825492015416906105636040519283928390929167ffffffffffffffff6020916040840195845216910152565b346103885760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610388577fffffffffffffffffffff00000000000000000000000000000000000000000000610c9d61207c565b165f52600760205260405f2067ffffffffffffffff6001825492015416906105636040519283928390929167ffffffffffffffff6020916040840195845216910152565b346103885760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261038857610d1861207c565b60243567ffffffffffffffff811161038857610d38903690600401612006565b918060b01c60ff811190811591610f46575b8115610f32575b8115610f1e575b50610ef65782158015610eea575b610ec2577fffffffffffffffffffff0000000000000000000000000000000000000000000016805f5260076020527f74bd0f0bd8d90002d924675dbf877137239a8e0f6ceab2d7b54de1323f44df38610ebd60405f20936001850180549567ffffffffffffffff871696815490610dde368b87612246565b602081519101207fffffffffffffffff00000000000000000000000000000000000000000000000060405192602084019485528a604085015260c01b16604a8301527fffffffffffffffff0000000000000000000000000000000000000000000000004360c01b1660528301523360601b605a830152606e820152606e8152610e68608e82612182565b519020905567ffffffffffffffff610e7f87612226565b167fffffffffffffffffffffffffffffffffffffffffffffffff000000000000000082541617905560405191829160208352339760208401916122aa565b0390a4005b7f6cd3dc25000000000000000000000000000000000000000000000000000000005f5260045ffd5b50620100008311610d66565b7f6a225391000000000000000000000000000000000000000000000000000000005f5260045ffd5b696c6f636b73746570666991501484610d58565b696c6f636b73746570686481149150610d51565b676c6f636b7374657081149150610d4a565b346103885760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885767ffffffffffffffff610f98612034565b165f526004602052602060405f2054604051908152f35b346103885760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff811161038857610ffe90369060040161204b565b8015610a0f578061106b6110229361101583612303565b9060405195869283612182565b8382527fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe061104f85612303565b0136602084013761106361063c828061231b565b938491613275565b915f5460f81c806111f4575b61095d5760208301926110a767ffffffffffffffff85511667ffffffffffffffff165f52600460205260405f2090565b5490515f5260243560205260405f20036109355767ffffffffffffffff8351165f52600560205260405f209360018501908267ffffffffffffffff83541610156111cc577f311b23f9b678ff4d7879ba340cc89b295bb782e267afd8bb5f55bcd1bc40297d9360209367ffffffffffffffff9384806111355f61112f83988051928391613c0c565b90613c76565b9316167fffffffffffffffffffffffffffffffffffffffffffffffff00000000000000008254161790558755838101906111848383511667ffffffffffffffff165f52600460205260405f2090565b541561119c575b5051169351169354604051908152a3005b515f525f845260405f206111c58383511667ffffffffffffffff165f52600460205260405f2090565b558761118b565b7f351050a4000000000000000000000000000000000000000000000000000000005f5260045ffd5b50602083015167ffffffffffffffff600354161115611077565b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610388575f60a060405161124b8161211d565b828152826020820152826040820152826060820152826080820152015260c05f5467ffffffffffffffff81169067ffffffffffffffff6003541667ffffffffffffffff600154918160025494816040516112a48161211d565b88815260a06020820191838560401c16835264ffffffffff604082019560801c1685526060810196875260808101988952019788526040519889525116602088015251166040860152511660608401525160808301525160a0820152f35b34610388575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261038857602061134764ffffffffff5f5460801c16426122f6565b604051908152f35b34610388576101007ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885761139f903690600401612006565b906044359167ffffffffffffffff8316809303610388576064359163ffffffff8316809303610388576084359060a43567ffffffffffffffff8111610388576113ec903690600401612006565b9360c4359060e43567ffffffffffffffff811161038857611411903690600401612006565b9161141d368288612246565b602081519101205f52600660205260405f2054156108f05760243590816114448289613a90565b9050925b6115d057508110156115a857868a848473ffffffffffffffffffffffffffffffffffffffff88958e9b013560501c169c8d938d8b88881497881561159f575b8815611567575b5050508515611525575b505050505090506114fd576114ea610875947f8c76f8405102153d8bc892e4a95fd026b02c8761f4409d987902f9325cf38eb8986040519889988952602089015260a0604089015260a08801916122aa565b92606086015284830360808601526122aa565b7ff6956d99000000000000000000000000000000000000000000000000000000005f5260045ffd5b73ffffffffffffffffffffffffffffffffffffffff95509561155391611558959761154e6125b1565b612e0a565b6131a9565b1614158390898484898e611498565b839850916115939161155373ffffffffffffffffffffffffffffffffffffffff94878b9761154e6125b1565b161415948d8b8e61148e565b87159850611487565b7f981f4dc5000000000000000000000000000000000000000000000000000000005f5260045ffd5b917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff41817fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff928a013560f81c0101920180611448565b346103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff811161038857611674903690600401612006565b9060243567ffffffffffffffff811161038857611695903690600401612006565b91909260443567ffffffffffffffff8111610388576116b8903690600401612006565b9060643567ffffffffffffffff8111610388576116d9903690600401612006565b91906084359767ffffffffffffffff891161038857886004019560807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc8b36030112610388575f54978860f81c61095d57611736916106446125b1565b976020890197885167ffffffffffffffff821680911115611f075761175a89612211565b67ffffffffffffffff8061176d84612226565b16911603611ec95750885167ffffffffffffffff61178a8a612211565b161480611eb9575b611e915760408a0196875167ffffffffffffffff8360401c1611611e695760a08b0195865160025414801590611e4d575b6108f05767ffffffffffffffff8360a81c169361ffff8460e81c16938515611c7c575b506117f1958d6128dc565b60c0870180519251909214611c4d5761180b368483612246565b602081519101208251036108f05785519060018201809211610308575f91845f916118368285613a90565b92908301036115a8579086917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff905b838310611b7957505014801590611b71575b8015611b60575b6115a8577f25276910c4168197e15b6c6933ab72766f8af41838be8d4c92a508eff35e6be1928451806002555f547cffffffffffffffff0000000000000000000000000000000000000000008360a81b16907fff00000000000000000000ffffffffffffffffffffffffffffffffffffffffff7effff00000000000000000000000000000000000000000000000000000000008660e81b16911617175f555f52600660205260101b1760405f205567ffffffffffffffff8751169251936119526040519283926020845260208401916122aa565b0390a35b8251905194845195866001555f549067ffffffffffffffff8416914260801b74ffffffffff0000000000000000000000000000000016907fffffffffffffffffffffff00000000000000000000000000000000000000000016179060401b6fffffffffffffffff00000000000000001617175f556119d383612211565b926119e0604483016122e8565b906119ea90612cc9565b9160405197889460208601967f0100000000000000000000000000000000000000000000000000000000000000885260c01b7fffffffffffffffff00000000000000000000000000000000000000000000000016602187015260c01b7fffffffffffffffff000000000000000000000000000000000000000000000000166029860152603185015260240135605184015260f81b7fff0000000000000000000000000000000000000000000000000000000000000016607183015280516020819201607284015e8101607281015f9052036072017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe081018552611aed9085612182565b82519084519020905f5260205260405f20815167ffffffffffffffff165f52600460205260405f20555167ffffffffffffffff1690519160405180916020825260208201611b3a916120da565b037f57cb4a3587363d1e0b932b985c89cae33ede25796fb964ca526cdc9ca51fcad591a3005b50670fffffffffffffff831161187e565b508015611877565b9250929490808501359373ffffffffffffffffffffffffffffffffffffffff8560501c169484611bad601685018c8a613971565b97909360bf8273ffffffffffffffffffffffffffffffffffffffff038660a01b179684845c945d8a03018460f81c1493841594611c3b575b508315611c32575b8315611c27575b508215611c1d575b50506115a857600191920195019261010084116115a8579190879291611865565b149050845f611bfc565b85101592505f611bf4565b84159350611bed565b60f01c60ff166094141593505f611be5565b505015611956577f3e3a6d0d000000000000000000000000000000000000000000000000000000005f5260045ffd5b945092505f925f9583611c8f8185613a90565b91908201036115a8577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff5b858210611d8057508414801590611d78575b8015611d67575b6115a857866117f1979580977cffffffffffffffff0000000000000000000000000000000000000000008260a81b16907fff00000000000000000000ffffffffffffffffffffffffffffffffffffffffff7effff00000000000000000000000000000000000000000000000000000000008560e81b16911617175f558a515f52600660205260101b1760405f2055956117e6565b50670fffffffffffffff8511611cd3565b508615611ccc565b8160bf99979286013573ffffffffffffffffffffffffffffffffffffffff8160501c16611db1601684018a8a613971565b9c8d9591948373ffffffffffffffffffffffffffffffffffffffff038660a01b17966001855c955d03018360f81c1492831593611e3b575b508215611e32575b8215611e27575b508115611e1c575b506115a857600191920196019761010089116115a85790611cba565b60019150145f611e00565b84101591505f611df8565b83159250611df1565b60f01c60ff166094141592505f611de9565b50611e59368383612246565b60208151910120875114156117c3565b7f8319d31d000000000000000000000000000000000000000000000000000000005f5260045ffd5b7f8a2c934f000000000000000000000000000000000000000000000000000000005f5260045ffd5b5060608a01516001541415611792565b611edb67ffffffffffffffff91612226565b7f9b8fb044000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b7f60b83dc7000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b346103885760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126103885760043567ffffffffffffffff81116103885760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc823603011261038857611fb761010091611fae6121c3565b506004016123c0565b60e060405191805183526020810151602084015260408101516040840152606081015160608401526080810151608084015260a081015160a084015260c081015160c0840152015160e0820152f35b9181601f840112156103885782359167ffffffffffffffff8311610388576020838186019501011161038857565b6004359067ffffffffffffffff8216820361038857565b9181601f840112156103885782359167ffffffffffffffff8311610388576020808501948460051b01011161038857565b600435907fffffffffffffffffffff000000000000000000000000000000000000000000008216820361038857565b602435907fffffffffffffffffffff000000000000000000000000000000000000000000008216820361038857565b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f602080948051918291828752018686015e5f8582860101520116010190565b60c0810190811067ffffffffffffffff82111761213957604052565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b6060810190811067ffffffffffffffff82111761213957604052565b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff82111761213957604052565b60405190610100820182811067ffffffffffffffff821117612139576040525f60e0838281528260208201528260408201528260608201528260808201528260a08201528260c08201520152565b3567ffffffffffffffff811681036103885790565b67ffffffffffffffff60019116019067ffffffffffffffff821161030857565b92919267ffffffffffffffff8211612139576040519161228e60207fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f8401160184612182565b829481845281830111610388578281602093845f960137010152565b601f82602094937fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe093818652868601375f8582860101520116010190565b3560ff811681036103885790565b9190820391821161030857565b67ffffffffffffffff81116121395760051b60200190565b9035907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe181360301821215610388570180359067ffffffffffffffff82116103885760200191813603831361038857565b9035907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe181360301821215610388570180359067ffffffffffffffff821161038857602001918160051b3603831361038857565b906123c96121c3565b506123d4828061236c565b8093915015610a0f576123e7818061236c565b1561035b5761063c816123f99261231b565b925f5460f81c80612579575b61095d576060820167ffffffffffffffff61241f82612211565b166124be575050612453612433828061236c565b919085602093604051926124478685612182565b5f84525f368137613275565b9080820151928181019367ffffffffffffffff61246f86612211565b161493841594612484575b5050505061093557565b60409293945061249c67ffffffffffffffff91612211565b165f5260048352815f205493515f520135905260405f2014155f80808061247a565b9091602081959495019267ffffffffffffffff6124da85612211565b16600181018091116103085761250560019167ffffffffffffffff6124fe87612211565b16906122f6565b911480159061256c575b6109355767ffffffffffffffff6125579261253c92829561254d61254261253c8b519460208d01516122f6565b92612211565b93608081019061236c565b9490931691613887565b165f52600560205260405f2054036109355790565b508060208601511061250f565b50602084015167ffffffffffffffff600354161115612405565b604051906125a082612166565b5f6040838281528260208201520152565b6125b9612593565b506040516125c681612166565b7f000000000000000000000000000000000000000000000000000000000000000081527f000000000000000000000000000000000000000000000000000000000000000060208201527f0000000000000000000000000000000000000000000000000000000000000000604082015290565b9291926126436121c3565b937ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd830160081b63f900000101823560e01c0361279c5760048151916001831180156128cc575b61288c575b602083101561288557825b8285019060031b610100036020830151811c908235901c0361283b57602084119182612863575b505061283b576126e8916126d791018484613971565b602087939293019283528484613971565b90604087015280830160a0813560f81c14801590612829575b8015612816575b8015612804575b80156127f2575b80156127e0575b80156127ce575b61279c5761276c610116869360f684600161277596013560608d01526038830160e08d0152609381013560808d015260d581013560a08d0152013560c08b0152018386613971565b90508285613971565b905014908115916127c4575b5061279c57612791913691612246565b602081519101208252565b7f34ea3f6e000000000000000000000000000000000000000000000000000000005f5260045ffd5b905051155f612781565b5060a060f582013560f81c1415612724565b5060a060d482013560f81c141561271d565b5060a060b382013560f81c1415612716565b5060a0609282013560f81c141561270f565b5061b85a603682013560f01c1415612708565b506094602182013560f81c1415612701565b7f10dfc033000000000000000000000000000000000000000000000000000000005f5260045ffd5b909150602060408560031b61020003920151821c920135901c14155f806126c1565b602061269a565b90826080018185013560f81c036128a6575060059061268f565b7f10dfc033000000000000000000000000000000000000000000000000000000005f525ffd5b50607f60208201515f1a1161268a565b9091809495936128ec8285613a90565b9290830114801590612cb8575b612a5e5761290e600161291893018786613971565b8786949294613971565b93909263ffffffff84118015612ca7575b612a5e576020820190815114801590612c96575b612c6e57602185019360078801958660031c9681890160218101359260018a118015612c61575b612c26575b50507ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8166101000390811c901b94610100891080612c1b575b612bf35789966129b491018789613b49565b9690870103612a5e576129d9926129cf9896959497986125b1565b9251905192612e0a565b91946129e65f9886613a90565b905090604051936080850160405284525f956020850191604086019360608701925b888a10612a86575050505050505050505003612a5e578160011b816003021115612a30575050565b7fa07c49af000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b7f44074b20000000000000000000000000000000000000000000000000000000005f5260045ffd5b909192939495969798997fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff419c838301359d8e60f81c7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff40810195010193898d1b60ff1c15612be7578e60168203612bd55760ff915060481c16905b019c81850161b84160428201355f1a601b81018a526040600284018c3760027f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a18a5110911016913560f01c14169081612b9d575b5015612b71576043600191019a5b01989796959493929190612a08565b8a7fa1c97319000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b90505f805260205f60808c60015afa5073ffffffffffffffffffffffffffffffffffffffff5f519160501c168114901515165f612b54565b60b81b9060031b6101b0031c90612b00565b509c5099600190612b62565b7f890cef29000000000000000000000000000000000000000000000000000000005f5260045ffd5b5085891b15156129a2565b9192909750886080019060f81c03612bf3576022809101960135906001881480612c56575b612bf3575f80612969565b508160ff1c15612c4b565b5060018460ff1c14612964565b7f106e78a6000000000000000000000000000000000000000000000000000000005f5260045ffd5b50815160018688010135141561293d565b5060a08587013560f81c1415612929565b5060018285013560f81c14156128f9565b60609060ff612cda604083016122e8565b1690828101612ce9818361231b565b929050600284148015612e00575b612db957505015801590612daf575b612d845715612dac575f905b81498015612d77576020808093612d46936040519582879351918291018585015e8201908382015203018084520182612182565b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff81146103085760010190612d12565b50919050815115612d8457565b7f3ce6545e000000000000000000000000000000000000000000000000000000005f5260045ffd5b90565b5060018111612d06565b925092508015908115612df3575b8115612de7575b50612d8457612dac91612de09161231b565b3691612246565b610a009150115f612dce565b6028810615159150612dc7565b5060038414612cf7565b9060209293602e927fff000000000000000000000000000000000000000000000000000000000000008151871594855f146131a05760ff5f5b16820198602d8a019615612fab5750612ec891507fffffffffffffffff000000000000000000000000000000000000000000000000908060081b9060081c64ff000000ff65ff000000ff0065ffff0000ffff66ff00ff00ff00ff841667ff00ff00ff00ff0086161760101c16931691161760101b178060201c9060201b1760c01b1690565b7fffffffffffffffff00000000000000000000000000000000000000000000000083519160408986015195015195846040519860f81b168a8901527f0a20000000000000000000000000000000000000000000000000000000000000602189015260238801527f110000000000000000000000000000000000000000000000000000000000000060438801521660448601527f2200000000000000000000000000000000000000000000000000000000000000604c86015260f81b16604d840152604e830152606e820152606e8152612fa2608e82612182565b925b0191012090565b7fffffffffffffffff0000000000000000000000000000000000000000000000006130b761304582947fffffffffffffffff000000000000000000000000000000000000000000000000908060081b9060081c64ff000000ff65ff000000ff0065ffff0000ffff66ff00ff00ff00ff841667ff00ff00ff00ff0086161760101c16931691161760101b178060201c9060201b1760c01b1690565b927fffffffffffffffff000000000000000000000000000000000000000000000000908060081b9060081c64ff000000ff65ff000000ff0065ffff0000ffff66ff00ff00ff00ff841667ff00ff00ff00ff0086161760101c16931691161760101b178060201c9060201b1760c01b1690565b9160408b88015197015197866040519a60f81b168c8b01527f0a2000000000000000000000000000000000000000000000000000000000000060218b015260238a01527f110000000000000000000000000000000000000000000000000000000000000060438a01521660448801527f1900000000000000000000000000000000000000000000000000000000000000604c88015216604d8601527f2200000000000000000000000000000000000000000000000000000000000000605586015260f81b166056840152605783015260778201526077815261319a609782612182565b92612fa4565b60ff6009612e43565b917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffbf0161325b57602081013591604082013560f81c600181118015613232575b61322a57601b019081601b11610308576020935f9360ff6080946040519485521686840152356040830152606082015282805260015afa15610296575f5190565b505050505f90565b507f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a084116131e9565b50505f90565b805182101561035b5760209160051b010190565b9290926132806121c3565b50815115159485613387575b6001935b8585101561337e576132aa61063c8660051b85018561231b565b9060608201518151149081159161335e575b811561334b575b8115613338575b8115613325575b506132f957600190876132e7575b940193613290565b80516132f38787613261565b526132df565b847f990db01b000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b905060a08083015191015114155f6132d1565b60c081015160a0820151141591506132ca565b90506040820151604082015111906132c3565b9050602082015160208201519060018201809211610308571415906132bc565b95509350505050565b835183511561035b57602084015261328c565b93909260b01c916133aa82612211565b602083019067ffffffffffffffff806133c284612211565b1691161461347b576060830190605a6133db838661231b565b9050149081159161343f575b506102a1576133f6908361231b565b5093613400612593565b50603a6040519561341087612166565b803560181c8752601d81013560181c60208801520135604086015284518410156102a15761343d95613d35565b565b67ffffffffffffffff915061345390612211565b1667ffffffffffffffff61346685612211565b1690600182018092116103085714155f6133e7565b509093926134899293613ce7565b908151159081613556575b81613538575b8251811092831561352a575b50508115613522575b5061100067ffffffffffffffff6134c584612211565b1611918215613509575b82156134ee575b5081156134e5575b506102a157565b9050155f6134de565b6134fe919250606081019061231b565b90501515905f6134d6565b9150613518604083018361231b565b90501515916134cf565b90505f6134af565b602001511091505f806134a6565b9050604082015160205f808060025afa15610296575f51149061349a565b6020830151159150613494565b60208101613571818361236c565b80949150156137f9575f5b84811061376757505061358f818361236c565b1561035b578035907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa181360301821215610388570192600181036136ad5750506020820135918383146136a45767ffffffffffffffff6135ee82612211565b16158061369b575b61322a5767ffffffffffffffff6136366136307fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff93612211565b93612211565b160167ffffffffffffffff81116103085767ffffffffffffffff8091169116149182613691575b505061368d57505b7f64325c91000000000000000000000000000000000000000000000000000000005f5260045ffd5b5f90565b1190505f8061365d565b508284106135f6565b50505050600190565b9293926002146136c2575b5050505050613665565b6136cb9161236c565b6001101561035b576020810135907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa181360301821215610388570161371761371284612211565b612226565b67ffffffffffffffff8061372a84612211565b169116149283613759575b508261374b575b505061368d57808080806136b8565b602001351190505f8061373c565b60200135821192505f613735565b613771838561236c565b82101561035b578160051b8101357fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa1823603018112156103885767ffffffffffffffff6137ec918593016137c481612211565b6137cd89612211565b916020846137de604084018461236c565b969095169316910135613887565b036136655760010161357c565b93505067ffffffffffffffff915061381090612211565b161590811591613824575b50613665575f90565b905060405160208101907f020000000000000000000000000000000000000000000000000000000000000082525f60218201525f60298201526029815261386c604982612182565b51902014155f61381b565b919081101561035b5760051b0190565b919392848210801590613967575b61366557927fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8501925f805360015260215f20935f915b8083106138e4575050505061366557612dac91613c76565b9091929394851561366557600180861614801561395e575b156139405761391690613910858486613877565b35613f0c565b945b6001851615613933576001905b811c94811c930191906138cc565b60011c9360011c93613918565b613958600191613951868587613877565b3590613f0c565b95613925565b508585146138fc565b5060208411613895565b829392915001358060f81c9060808210613a6d577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff808201908115613a625760088211613a465760018260031b9160081b82610100031c92145f14613a1b575060805b8110613a005792017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff810190565b505090505f9070010000000000000000000000000000000090565b7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8600191011b6139d3565b50505090505f9070010000000000000000000000000000000090565b50505060015f920190565b509182613a8a575070010000000000000000000000000000000090565b60010190565b90505f90358060f81c60c081101580613b3e575b613b135760f8811480613aff575b613af75760f9149081613ae3575b50613add57505f9070010000000000000000000000000000000090565b90600390565b60e81c61ffff1691505060ff81115f613ac0565b505090600290565b50915060ff8160f01c169160378311613ab2565b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff400192600192509050565b5060f7811115613aa4565b9050919091825f9101358060f81c60c081101580613c01575b613bd55760f8811480613bc1575b613bb75760f9149081613ba3575b50613b9c57505f915070010000000000000000000000000000000090565b9160030190565b60e81c61ffff1691505060ff81115f613b7e565b5050600290920190565b50915060ff8160f01c169160378311613b70565b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff40019360010192915050565b5060f7811115613b62565b909291928084039360018514613c5b5760015b8060011b9086821015613c325750613c1f565b9050613c479192939495508301809385613c0c565b91613c529293613c0c565b612dac91613f0c565b5090613c68929350613261565b515f805360015260215f2090565b90604051907fffffffffffffffff00000000000000000000000000000000000000000000000060208301937f0200000000000000000000000000000000000000000000000000000000000000855260c01b166021830152602982015260298152613ce1604982612182565b51902090565b829150613cf2612593565b500190601d8101811161030857603a81011061030857603a60405191613d1783612166565b803560181c8352601d81013560181c60208401520135604082015290565b9590939492613d47604082018261231b565b92909361100067ffffffffffffffff613d6260208601612211565b16118015613f00575b8015613ef5575b8015613ee7575b6102a1575f9667ffffffffffffffff613d9185612211565b16805b613eb857508488116102a15767ffffffffffffffff613db589989995612211565b16965b8715801590613eaf575b15613e5657600188811603613e21577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa60197613dff898789613ce7565b908a602083015110156102a157613e1591613f25565b965b60011c9697613db8565b979685851015613e17579396613e38888789613ce7565b908a825111156102a157605a91613e4e91613f25565b970193613e17565b509450945096915050613e6a939450613ce7565b815181511491821592613e9b575b8215613e87575b50506102a157565b604091925081015191015114155f80613e7f565b915060208201516020820151141591613e78565b50858510613dc2565b97605a01977fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff81011680613d94565b508551602087015110613d79565b506109248411613d72565b50605a84061515613d6b565b6041916040519160018353600183015260218201522090565b613f2d612593565b508051602082019081518091119081156140d5575b81156140ca575b506102a1575f6020917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000845160181b16907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000815160181b16947cffffffffffffffffffffffffffffffffffffffffffffffffffffffffff6040820151917fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000895160181b1692878a01937fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000855160181b169060408c0151926040519b8c9960218d8c019b7f01000000000000000000000000000000000000000000000000000000000000008d520152603e8d0152605b8c0152607b8b015260988a015260b589015260b5885261407960d589612182565b5197511484146140c1575051935b604051918291518091835e8101838152039060025afa15610296575f5190604051926140b284612166565b83526020830152604082015290565b90505193614087565b90508351105f613f49565b84516020860151109150613f4256",
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
