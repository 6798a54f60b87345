package ethereum

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
)

// TestBeaconsNeedNoTrust: whatever the first beacon node does, what is read is right, or comes from the second, or is awaited.
func TestBeaconsNeedNoTrust(t *testing.T) {
	l1 := startL1(t)
	c := l1.config(1)
	data := []string{strings.Repeat("a", 100_000), strings.Repeat("b", 150_000)}
	height, err := open(t, c).Submit(t.Context(), append(blobs(nsA(), data[0]), blobs(nsB(), data[1])...))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []struct {
		name   string
		alone  error // what a reader of B hears without another beacon node
		change func(path string, blobs []string) []string
	}{
		{"reorders", nil, func(_ string, b []string) []string { slices.Reverse(b); return b }},
		{"lacks the last", da.ErrUnavailable, func(_ string, b []string) []string { return b[:len(b)-1] }},
		{"lacks the first", da.ErrUnavailable, func(_ string, b []string) []string { return b[1:] }},
		{"lags", da.ErrUnavailable, func(string, []string) []string { return nil }},
		{"has none", da.ErrUnavailable, func(string, []string) []string { return []string{} }},
		{"lies about one", da.ErrUnavailable, func(_ string, b []string) []string { b[1] = b[1][:100] + "77" + b[1][102:]; return b }},
		{"gives one twice", da.ErrUnavailable, func(_ string, b []string) []string { b[1] = b[0]; return b }},
		{"gives what is no blob", da.ErrUnavailable, func(_ string, b []string) []string {
			b[0] = "0x" + strings.Repeat("ff", len(b[0])/2-1)
			return b
		}},
		{"gives text", da.ErrUnavailable, func(_ string, b []string) []string { b[0] = "blob"; return b }},
		{"gives too many", da.ErrUnavailable, func(_ string, b []string) []string { return append(b, b...) }},
	} {
		t.Run(b.name, func(t *testing.T) {
			bad := c
			bad.Beacons = []string{beaconBefore(t, l1.URL, b.change)}
			if _, err := open(t, bad).Read(t.Context(), height, nsB()); b.alone != nil || err != nil {
				wantErr(t, err, b.alone)
			}
			bad.Beacons = append(bad.Beacons, l1.URL)
			l := open(t, bad)
			want(t, l, height, nsB(), data[1])
			want(t, l, height, nsA(), data[0])
		})
	}
}

// TestPrunedBlobsAreGone: what no beacon node has is awaited while it is young and gone when it is old.
func TestPrunedBlobsAreGone(t *testing.T) {
	l1 := startL1(t)
	c := l1.config(1)
	height, err := open(t, c).Submit(t.Context(), blobs(nsA(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	c.Beacons = []string{beaconBefore(t, l1.URL, func(string, []string) []string { return nil })}
	_, err = open(t, c).Read(t.Context(), height, nsA())
	wantErr(t, err, da.ErrUnavailable)
	c.Retention = time.Nanosecond
	eventually(t, "the blob is old", func() bool {
		_, err = open(t, c).Read(t.Context(), height, nsA())
		return err != nil && !strings.Contains(err.Error(), da.ErrUnavailable.Error())
	})
	wantErr(t, err, da.ErrGone)
	c.Beacons = nil
	_, err = open(t, c).Read(t.Context(), height, nsA())
	wantErr(t, err, da.ErrUnavailable)
}

// TestSlotOfABlock: a beacon node with slots is asked by slot, from the block's time.
func TestSlotOfABlock(t *testing.T) {
	l1 := startL1(t)
	c := l1.config(1)
	writer := open(t, c)
	height, err := writer.Submit(t.Context(), blobs(nsA(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := writer.chain.at(t.Context(), height)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Uint64
	const slot = 4
	target := beaconBefore(t, l1.URL, func(_ string, b []string) []string { return b })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n, ok := strings.CutPrefix(r.URL.Path, "/eth/v1/beacon/blobs/"); {
		case r.URL.Path == "/eth/v1/config/spec":
			_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"SECONDS_PER_SLOT": strconv.Itoa(slot), "BLOB_SCHEDULE": []int{1}}})
		case r.URL.Path == "/eth/v1/beacon/genesis":
			_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"genesis_time": strconv.FormatUint(b.time-slot*1000-1, 10)}})
		case ok:
			at, _ := strconv.ParseUint(n, 10, 64)
			asked.Store(at)
			http.Redirect(w, r, fmt.Sprintf("%s/eth/v1/beacon/blobs/%d", target, height), http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(s.Close)
	c.Beacons = []string{s.URL}
	want(t, open(t, c), height, nsA(), "x")
	if asked.Load() != 1000 {
		t.Errorf("asked for slot %d, want 1000", asked.Load())
	}
}

// TestReaderTakesOnlyItsBlobs: of a container of many blobs a reader of one namespace checks the first and its own.
func TestReaderTakesOnlyItsBlobs(t *testing.T) {
	l1 := startL1(t)
	c := l1.config(1)
	big := string(make([]byte, 2*blobBytes))
	height, err := open(t, c).Submit(t.Context(), append(blobs(nsA(), big), blobs(nsB(), "small")...))
	if err != nil {
		t.Fatal(err)
	}
	l := open(t, c)
	want(t, l, height, nsB(), "small")
	if n := len(l.blobs.kept); n != 2 {
		t.Errorf("%d blobs were taken for a frame in the last of three, want 2", n)
	}
}
