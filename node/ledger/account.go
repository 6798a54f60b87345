package ledger

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// account is the record of an address that holds something: rlp([balance]) (specs/05-ledger.md, "Accounts").
type account struct{ Balance *uint256.Int }

// AccountKey is the key of an address's record.
func AccountKey(a common.Address) state.Key { return state.NewKey(state.Account, a[:]) }

// Balance is what the address holds, in wei; zero for an unknown one.
func Balance(r state.Reader, a common.Address) (uint256.Int, error) {
	record, found, err := state.Load[account](r, AccountKey(a))
	if err != nil || !found {
		return uint256.Int{}, err
	}
	return *record.Balance, nil
}

// SetBalance writes what the address holds. An account without balance has no record.
func SetBalance(s *state.State, a common.Address, balance *uint256.Int) {
	if balance.IsZero() {
		s.Delete(AccountKey(a))
		return
	}
	s.Set(AccountKey(a), &account{balance})
}
