package p2p

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// readAll reads a response to its end.
func readAll(data []byte, limit int) (frames [][]byte, err error) {
	r := bufio.NewReader(bytes.NewReader(data))
	for {
		frame, err := readResponse(r, limit, nil)
		if err != nil {
			return frames, err
		}
		frames = append(frames, frame)
	}
}

// Every response that is cut anywhere is malformed, and is never taken for one that has ended.
func TestTruncatedResponses(t *testing.T) {
	frame := append(head([]byte{statusFrame}, 300), make([]byte, 300)...)
	for what, whole := range map[string][]byte{
		"end":   append(bytes.Clone(frame), statusEnd),
		"error": append(bytes.Clone(frame), encodeError(&Error{Code: CodeBusy, Text: "later"})...),
	} {
		_, err := readAll(whole, 300)
		if _, coded := errors.AsType[*Error](err); !errors.Is(err, io.EOF) && !coded {
			t.Fatalf("%s: the whole response: %v", what, err)
		}
		for n := range whole {
			if _, err := readAll(whole[:n], 300); !errors.Is(err, errMalformed) {
				t.Errorf("%s: cut at %d: %v", what, n, err)
			}
		}
		if _, err := readAll(whole, 299); !errors.Is(err, errMalformed) {
			t.Errorf("%s: above the limit: %v", what, err)
		}
	}
}

// A length is refused before memory is taken for it, and the memory that is taken is asked for.
func TestLengthIsCheckedBeforeAllocation(t *testing.T) {
	huge := bytes.NewReader([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	asked := 0
	mem := func(n int) error { asked += n; return nil }
	if _, err := readPayload(bufio.NewReader(huge), 1<<20, mem); !errors.Is(err, errMalformed) || asked != 0 {
		t.Errorf("got %v and %d bytes", err, asked)
	}
	full := errors.New("no memory")
	_, err := readPayload(bufio.NewReader(bytes.NewReader([]byte{3, 1, 2, 3})), 3, func(int) error { return full })
	if !errors.Is(err, full) || errors.Is(err, errMalformed) {
		t.Errorf("got %v, want our own fault", err)
	}
}

// Whatever bytes arrive, a response is read within its limit, and what was read is encoded to the same bytes.
func FuzzReadResponse(f *testing.F) {
	f.Add([]byte{statusFrame, 1, 'x', statusEnd})
	f.Add([]byte{statusFrame, 0x80, 0x00})
	f.Add(encodeError(&Error{Code: CodeNotFound, Text: "not yet"}))
	f.Add([]byte{statusFrame, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 64
		frames, err := readAll(data, limit)
		var again []byte
		for _, frame := range frames {
			if len(frame) > limit {
				t.Fatalf("frame of %d bytes", len(frame))
			}
			again = append(append(again, head([]byte{statusFrame}, len(frame))...), frame...)
		}
		coded, isCoded := errors.AsType[*Error](err)
		switch {
		case errors.Is(err, io.EOF):
			again = append(again, statusEnd)
		case isCoded:
			if strings.Contains(coded.Text, "?") {
				return // perhaps in the place of bytes that are no text
			}
			again = append(again, encodeError(coded)...)
		case !errors.Is(err, errMalformed):
			t.Fatalf("neither an answer nor malformed: %v", err)
		}
		if !bytes.HasPrefix(data, again) {
			t.Fatalf("read %x as %x", data, again)
		}
	})
}

// Whatever bytes arrive, a request is read within its limit or is malformed.
func FuzzReadRequest(f *testing.F) {
	f.Add([]byte{3, 'a', 'b', 'c'})
	f.Add([]byte{0x80, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 64
		request, err := readPayload(bufio.NewReader(bytes.NewReader(data)), limit, nil)
		switch {
		case err == nil && (len(request) > limit || !bytes.HasPrefix(data, append(head(nil, len(request)), request...))):
			t.Fatalf("read %x as %x", data, request)
		case err != nil && !errors.Is(err, errMalformed):
			t.Fatalf("neither a request nor malformed: %v", err)
		}
	})
}
