package celestiatest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// Fault is what goes wrong with one request. The zero value: nothing.
type Fault struct {
	Message string // the node refuses with this text
	Status  int    // the answer has this HTTP status and no JSON
	Body    string // the answer is this, with the request's id for $id
	Hang    bool   // no answer comes, until the client goes
	Late    bool   // the request is carried out all the same, before what is above
}

// Interfere asks f before each answer, with the method and its number since the start, from 1. Nil ends it.
func (n *Node) Interfere(f func(method string, number int) Fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = f
}

const (
	largestRequest = 100 << 20 // bytes, as a celestia-node's
	refused        = 1         // the code of all that a node says no to
)

type wireError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// ServeHTTP answers one request.
func (n *Node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	have, known := n.have(r)
	if !known {
		http.Error(w, "", http.StatusUnauthorized)
		return
	}
	var req struct {
		ID     json.RawMessage   `json:"id"`
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestRequest))
	if err == nil {
		err = json.Unmarshal(raw, &req)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := map[string]any{"jsonrpc": "2.0", "id": req.ID}
	refuse := func(text string) {
		answer["error"] = wireError{refused, text}
		reply(w, answer)
	}
	fault := n.fault(req.Method)
	wrong := fault.Message != "" || fault.Status != 0 || fault.Body != "" || fault.Hang
	need := rights(req.Method)
	if have != "write" && have != need {
		refuse("missing permission to invoke '" + req.Method + "' (need '" + need + "')")
		return
	}
	if !wrong || fault.Late {
		result, err := n.call(req.Method, req.Params)
		if err != nil && !wrong {
			refuse(err.Error())
			return
		}
		answer["result"] = result
	}
	switch {
	case fault.Hang:
		<-r.Context().Done()
	case fault.Message != "":
		delete(answer, "result")
		refuse(fault.Message)
	case fault.Status != 0:
		w.WriteHeader(fault.Status)
	case fault.Body != "":
		_, _ = w.Write([]byte(strings.ReplaceAll(fault.Body, "$id", string(req.ID)))) // the client may have gone
	default:
		reply(w, answer)
	}
}

func reply(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	raw, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(raw) // the client may have gone
}

// have is the right that a request's token gives; false: the token is not this node's.
func (n *Node) have(r *http.Request) (right string, known bool) {
	switch got := r.Header.Get("Authorization"); {
	case n.cfg.Token == "" || got == "Bearer "+n.cfg.Token:
		return "write", true
	case got == "":
		return "public", true
	case n.cfg.ReadToken != "" && got == "Bearer "+n.cfg.ReadToken:
		return "read", true
	}
	return "", false
}

func (n *Node) fault(method string) Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls[method]++
	if n.faults == nil {
		return Fault{}
	}
	return n.faults(method, n.calls[method])
}
