package p2p

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/multiformats/go-varint"
)

// The bytes on a request stream (specs/02-gossip.md, "Requests"):
//
//	stream   = request response            ; the client half-closes after the request
//	request  = length payload              ; length = canonical uvarint, the bytes of payload
//	response = *( %x00 length payload )    ; a frame
//	           end
//	end      = %x01                        ; all frames were sent
//	         / code length text            ; code = %x02-%x05, text = UTF-8, at most 256 bytes
const (
	statusFrame = 0
	statusEnd   = 1
	// maxErrorText bounds the text of an error, in bytes: enough for one sentence.
	maxErrorText = 256
	// maxFrameBytes bounds what a Protocol may allow for one request or frame: what is larger has to be several frames.
	maxFrameBytes = 16 << 20
)

// Code is why a request was not answered.
type Code byte

// The codes of a response. Every other byte is malformed.
const (
	// CodeBadRequest: the request makes no sense; the same bytes will never be answered. It is charged as malformed, so a handler says it only of
	// what no honest client sends, whatever this node's state.
	CodeBadRequest Code = 2
	// CodeNotFound: the server does not have it: not yet, or not any more.
	CodeNotFound Code = 3
	// CodeBusy: the server is at its limit of concurrent requests; ask later or elsewhere.
	CodeBusy Code = 4
	// CodeInternal: the server failed; ask elsewhere.
	CodeInternal Code = 5
)

// String names the code as metrics do.
func (c Code) String() string {
	switch c {
	case CodeBadRequest:
		return "bad_request"
	case CodeNotFound:
		return "not_found"
	case CodeBusy:
		return "busy"
	case CodeInternal:
		return "internal"
	default:
		return "unknown"
	}
}

// Error is an answer without content. A Handler returns one to say more than "internal"; Request returns what it received.
type Error struct {
	Code Code
	// Text is for people; at most 256 bytes of it travel.
	Text string
}

// Error says the code and the text.
func (e *Error) Error() string { return e.Code.String() + ": " + e.Text }

// errMalformed marks bytes that break the grammar above: their sender is charged.
var errMalformed = errors.New("malformed")

// byteReader is what a decoder reads from: a bufio.Reader.
type byteReader interface {
	io.Reader
	io.ByteReader
}

// reserve is asked for memory before a payload of n bytes is read, and refuses with an error.
type reserve func(n int) error

// readPayload reads a length and that many bytes; a length above limit is refused before anything is allocated.
func readPayload(r byteReader, limit int, mem reserve) ([]byte, error) {
	n, err := varint.ReadUvarint(r)
	switch {
	case errors.Is(err, varint.ErrOverflow), errors.Is(err, varint.ErrNotMinimal):
		return nil, fmt.Errorf("%w: length: %w", errMalformed, err)
	case err != nil:
		return nil, fmt.Errorf("read length: %w", truncated(err))
	case n > uint64(limit):
		return nil, fmt.Errorf("%w: length %d above %d", errMalformed, n, limit)
	}
	if mem != nil {
		if err := mem(int(n)); err != nil {
			return nil, fmt.Errorf("reserve %d bytes: %w", n, err)
		}
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		return nil, fmt.Errorf("read %d bytes: %w", n, truncated(err))
	}
	return payload, nil
}

// truncated marks an orderly end of the stream inside a message as malformed; a reset or a time-out is not.
func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", errMalformed, io.ErrUnexpectedEOF)
	}
	return err
}

// readResponse reads one part of a response: a frame's payload, or io.EOF for the end, or the *Error that was sent.
func readResponse(r byteReader, limit int, mem reserve) ([]byte, error) {
	status, err := r.ReadByte()
	if err != nil {
		return nil, fmt.Errorf("read status: %w", truncated(err))
	}
	switch {
	case status == statusFrame:
		return readPayload(r, limit, mem)
	case status == statusEnd:
		return nil, io.EOF
	case Code(status) >= CodeBadRequest && Code(status) <= CodeInternal:
		text, err := readPayload(r, maxErrorText, nil)
		if err != nil {
			return nil, fmt.Errorf("read error text: %w", err)
		}
		return nil, &Error{Code: Code(status), Text: strings.ToValidUTF8(string(text), "?")}
	default:
		return nil, fmt.Errorf("%w: status %d", errMalformed, status)
	}
}

// head returns the bytes before a payload of n bytes: an optional status and the length.
func head(status []byte, n int) []byte {
	return binary.AppendUvarint(status, uint64(n))
}

// encodeError returns the last bytes of a failed response.
func encodeError(e *Error) []byte {
	text := e.Text
	if len(text) > maxErrorText {
		text = text[:maxErrorText]
	}
	return append(head([]byte{byte(e.Code)}, len(text)), text...)
}
