package engine

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

func TestRecentVotesAreBounded(t *testing.T) {
	var r Recent
	add := func(height uint64, operator byte, round uint32) {
		r.add(HeightVote{Height: height, Vote: cert.Vote{Operator: common.Address{operator}, Round: round}})
	}
	for round := range uint32(2 * recentRounds) {
		add(1, 7, round)
	}
	add(1, 8, 0)
	if votes := r.Votes(1); len(votes) != recentRounds+1 || votes[recentRounds].Operator != (common.Address{8}) {
		t.Fatalf("%d votes of height 1, want %d of one operator and one of another", len(votes), recentRounds)
	}
	for h := uint64(2); h <= 100; h++ {
		add(h, 7, 0)
		add(h-2, 9, 0) // late
		add(h-min(h, recentHeights), 9, 1)
	}
	if len(r.heights) != recentHeights {
		t.Fatalf("%d heights are kept, want %d", len(r.heights), recentHeights)
	}
	if votes := r.Votes(98); len(votes) != 2 || votes[1].Operator != (common.Address{9}) {
		t.Fatalf("votes of height 98: %v, want one in time and one late", votes)
	}
	if votes := r.Votes(96); len(votes) != 0 {
		t.Fatalf("votes of height 96 are kept: %v", votes)
	}
}
