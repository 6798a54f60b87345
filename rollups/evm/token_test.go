package evm

import (
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/crypto"
)

// tokenCode is the creation code of this ERC-20, by solc 0.8.37 with evmVersion prague,
// optimizer on (200 runs), no metadata (bytecodeHash none, appendCBOR false):
//
//	contract Token {
//	    mapping(address => uint256) public balanceOf;
//	    mapping(address => mapping(address => uint256)) public allowance;
//	    uint256 public totalSupply;
//
//	    event Transfer(address indexed from, address indexed to, uint256 value);
//	    event Approval(address indexed owner, address indexed spender, uint256 value);
//
//	    constructor(uint256 supply) {
//	        totalSupply = supply;
//	        balanceOf[msg.sender] = supply;
//	        emit Transfer(address(0), msg.sender, supply);
//	    }
//
//	    function transfer(address to, uint256 value) external returns (bool) {
//	        return move(msg.sender, to, value);
//	    }
//
//	    function approve(address spender, uint256 value) external returns (bool) {
//	        allowance[msg.sender][spender] = value;
//	        emit Approval(msg.sender, spender, value);
//	        return true;
//	    }
//
//	    function transferFrom(address from, address to, uint256 value) external returns (bool) {
//	        allowance[from][msg.sender] -= value;
//	        return move(from, to, value);
//	    }
//
//	    function move(address from, address to, uint256 value) private returns (bool) {
//	        balanceOf[from] -= value;
//	        balanceOf[to] += value;
//	        emit Transfer(from, to, value);
//	        return true;
//	    }
//	}
const tokenCode = "" +
	"6080604052348015600e575f5ffd5b5060405161042b38038061042b833981016040819052602b916076565b6002819055335f81815260" +
	"208181526040808320859055518481527fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef910160405180" +
	"910390a350608c565b5f602082840312156085575f5ffd5b5051919050565b610392806100995f395ff3fe608060405234801561000f57" +
	"5f5ffd5b5060043610610060575f3560e01c8063095ea7b31461006457806318160ddd1461008c57806323b872dd146100a357806370a0" +
	"8231146100b6578063a9059cbb146100d5578063dd62ed3e146100e8575b5f5ffd5b6100776100723660046102ac565b610112565b6040" +
	"5190151581526020015b60405180910390f35b61009560025481565b604051908152602001610083565b6100776100b13660046102d456" +
	"5b61017e565b6100956100c436600461030e565b5f6020819052908152604090205481565b6100776100e33660046102ac565b6101cb56" +
	"5b6100956100f6366004610327565b600160209081525f928352604080842090915290825290205481565b335f81815260016020908152" +
	"60408083206001600160a01b038716808552925280832085905551919290917f8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b229" +
	"1e5b200ac8c7c3b9259061016c9086815260200190565b60405180910390a35060015b92915050565b6001600160a01b0383165f908152" +
	"6001602090815260408083203384529091528120805483919083906101b290849061036c565b909155506101c390508484846101de565b" +
	"949350505050565b5f6101d73384846101de565b9392505050565b6001600160a01b0383165f9081526020819052604081208054839190" +
	"839061020790849061036c565b90915550506001600160a01b0383165f908152602081905260408120805484929061023390849061037f" +
	"565b92505081905550826001600160a01b0316846001600160a01b03167fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628" +
	"f55a4df523b3ef8460405161027f91815260200190565b60405180910390a35060019392505050565b80356001600160a01b0381168114" +
	"6102a7575f5ffd5b919050565b5f5f604083850312156102bd575f5ffd5b6102c683610291565b946020939093013593505050565b5f5f" +
	"5f606084860312156102e6575f5ffd5b6102ef84610291565b92506102fd60208501610291565b92959294505050604091909101359056" +
	"5b5f6020828403121561031e575f5ffd5b6101d782610291565b5f5f60408385031215610338575f5ffd5b61034183610291565b915061" +
	"034f60208401610291565b90509250929050565b634e487b7160e01b5f52601160045260245ffd5b818103818111156101785761017861" +
	"0358565b808201808211156101785761017861035856"

// deployToken is the creation code with the constructor's argument.
func deployToken(supply int64) []byte {
	return append(common.FromHex(tokenCode), math.U256Bytes(big.NewInt(supply))...)
}

// callToken encodes a call of the token: a signature as in Solidity, and its arguments.
func callToken(signature string, args ...any) []byte {
	data := crypto.Keccak256([]byte(signature))[:4]
	for _, arg := range args {
		switch arg := arg.(type) {
		case common.Address:
			data = append(data, common.LeftPadBytes(arg[:], 32)...)
		case int:
			data = append(data, math.U256Bytes(big.NewInt(int64(arg)))...)
		}
	}
	return data
}
