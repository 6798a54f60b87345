package feed

import (
	"context"
	"errors"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/p2p"
)

// A spell without certificates that is longer than an answer: its links lead down to where a follower stands, and along their marks it takes
// the steps, which come without a certificate.
func TestLongRunIsServedInPieces(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	for range 700 {
		n.Commit(t, s)
	}
	n.Certify(t, s, 5, 691, 700)
	if s.Certified() != 700 {
		t.Fatalf("certified to %d", s.Certified())
	}
	genesis, err := n.Genesis.Trust()
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Run(1, 5)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := genesis.Advance(first)
	if err != nil {
		t.Fatal(err)
	}
	var marks cert.Marks
	ask := func(r feed.LinksRequest, most int) (answers int) {
		t.Helper()
		enough := errors.New("enough")
		err := ServeLinks(s)(t.Context(), "", r.Encode(), func(raw []byte) error {
			l, err := feed.DecodeLinks(raw)
			if err == nil {
				err = marks.Take(trust, l, 0)
			}
			if answers++; err == nil && answers == most {
				return enough
			}
			return err
		})
		if err != nil && !errors.Is(err, enough) {
			t.Fatal(err)
		}
		return answers
	}
	ask(feed.LinksRequest{From: 6}, 1)
	lowest, _, _ := marks.Lowest()
	if more := ask(feed.LinksRequest{From: 6, To: lowest}, 0); more != 2 || marks.Len() != 691/cert.MarkEvery {
		t.Fatalf("%d more answers, %d marks", more, marks.Len())
	}
	sets := func(common.Hash) (cert.Set, error) { return n.Genesis.Set() }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var run cert.Run
	err = NewServer(s, s, sets).Serve(ctx, "", feed.Request{From: 6, Namespaces: []namespaces.Namespace{namespaces.Ledger()}}.Encode(), func(raw []byte) error {
		step, err := feed.DecodeStep(raw)
		if err != nil {
			return err
		}
		run.Headers = append(run.Headers, step.Header)
		_, marked := marks.At(step.Header.Height)
		switch {
		case step.Certificate != nil:
			run.Certificate = *step.Certificate
			trust, err = trust.Advance(run)
		case marked:
			trust, err = trust.Along(&marks, run.Headers)
		case len(run.Headers) > cert.MarkEvery:
			return errors.New("no mark comes")
		default:
			return nil
		}
		if run = (cert.Run{}); trust.Height == 700 {
			cancel()
		}
		return err
	})
	if trust.Height != 700 {
		t.Fatalf("followed to %d: %v", trust.Height, err)
	}
	var refused *p2p.Error
	if err := ServeLinks(s)(t.Context(), "", feed.LinksRequest{From: 701}.Encode(), nil); !errors.As(err, &refused) || refused.Code != p2p.CodeNotFound {
		t.Errorf("a height to come: %v", err)
	}
}

// A peer shows true links from a later certificate than others answer from, and breaks off: that must not keep the others from helping.
func TestLinksGoOnBelowAnotherCertificate(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	for range 100 {
		n.Commit(t, s)
	}
	n.Certify(t, s, 70, 100)
	trust, err := n.Genesis.Trust()
	if err != nil {
		t.Fatal(err)
	}
	var marks cert.Marks
	later := cert.Links{}
	if later.Headers, err = s.Headers(81, 100); err != nil {
		t.Fatal(err)
	}
	if later.Certificate, err = s.Certificate(100); err != nil {
		t.Fatal(err)
	}
	if err := marks.Take(trust, later, 0); err != nil {
		t.Fatal(err)
	}
	lowest, _, _ := marks.Lowest()
	err = ServeLinks(s)(t.Context(), "", feed.LinksRequest{From: 1, To: lowest}.Encode(), func(raw []byte) error {
		l, err := feed.DecodeLinks(raw)
		if err == nil {
			err = marks.Take(trust, l, 0)
		}
		return err
	})
	if _, linked := marks.At(cert.MarkAfter(1)); err != nil || !linked {
		t.Errorf("asked from mark %d on: %v, marks to the tip: %t", lowest, err, linked)
	}
}
