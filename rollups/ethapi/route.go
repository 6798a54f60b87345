package ethapi

import (
	"net/http"
	"strings"

	"github.com/rs/cors"
)

// corsAge is how long a browser may remember what an origin may do, in seconds.
const corsAge = 600

// route sends upgrades to the WebSocket and everything else to HTTP, after a look at the origin: a browser names it with every request that a page
// makes. It is refused here and not left to the browser, which would let a page in whose name was made to point at this node (DNS rebinding).
func (s *Server) route() http.Handler {
	origins := cors.New(cors.Options{
		AllowedOrigins: s.cfg.Origins, AllowedMethods: []string{http.MethodPost, http.MethodGet}, AllowedHeaders: []string{"*"}, MaxAge: corsAge,
	})
	if len(s.cfg.Origins) == 0 {
		origins = cors.New(cors.Options{AllowOriginFunc: func(string) bool { return false }})
	}
	plain, socket := origins.Handler(s.rpc), s.rpc.WebsocketHandler([]string{"*"})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.gate.RLock()
		defer s.gate.RUnlock()
		origin := r.Header.Get("Origin")
		switch {
		case s.closed:
			http.Error(w, "the node stops", http.StatusServiceUnavailable)
		case origin != "" && !extension(origin) && !origins.OriginAllowed(r):
			s.metrics.refused.WithLabelValues("origins").Inc()
			http.Error(w, "origin not allowed: the operator of this node lists the origins that are", http.StatusForbidden)
		case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
			socket.ServeHTTP(w, r)
		default:
			plain.ServeHTTP(w, r)
		}
	})
}

// extension says that a request is a browser extension's own, such as a wallet's: a page cannot name such an origin.
func extension(origin string) bool {
	for _, scheme := range []string{"chrome-extension://", "moz-extension://", "safari-web-extension://"} {
		if strings.HasPrefix(origin, scheme) {
			return true
		}
	}
	return false
}
