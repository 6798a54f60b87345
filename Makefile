# Lockstep: how to build, run and check it. `make help` lists the targets.
#
# Needs Go and make; gcc where it is there (faster signature checks; everything builds with CGO_ENABLED=0 too);
# Node 20 or newer for the L1 (Anvil), the wallet (viem) and the contract's compiler (solc) of `make test` (SKIP_ANVIL=1, SKIP_VIEM=1 and SKIP_SOLC=1
# leave those tests out).

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO      ?= go
FUZZTIME ?= 10s
ARGS    ?=

BIN   := bin
TOOLS := $(BIN)/tools
VIEM  := internal/e2e/viem
ANVIL := internal/anvil
SOLC  := contracts

# Version stamping asks git; where git cannot answer (a tarball, another user's checkout) the build goes on without it.
BUILDVCS := $(shell git status --porcelain >/dev/null 2>&1 && echo true || echo false)

# The end-to-end tests start real processes and run after everything else, one package at a time.
UNIT = $$($(GO) list ./... | grep -v '/internal/e2e')
E2E  = $$($(GO) list ./... | grep '/internal/e2e' || true)

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

.PHONY: build
build: ## Build bin/lockstep.
	@mkdir -p $(BIN)
	$(GO) build -buildvcs=$(BUILDVCS) -o $(BIN)/lockstep ./cmd/lockstep

.PHONY: devnet
devnet: build ## Run four operators, a DA layer and two EVM rollups here (ARGS="--reset" begins anew).
	@exec $(BIN)/lockstep devnet $(ARGS)

# ---- checks ----------------------------------------------------------------------------------------------------------

.PHONY: check
check: format-check vet lint short ## Format, vet, lint and short unit tests: before each commit.

.PHONY: format-check
format-check: $(TOOLS)/gofumpt
	@out=$$(git ls-files -co --exclude-standard '*.go' | while read -r f; do [ ! -e "$$f" ] || echo "$$f"; done | xargs -r $(TOOLS)/gofumpt -d 2>&1) || true; \
	if [ -n "$$out" ]; then echo "$$out"; echo 'format: run `make fmt`' >&2; exit 1; fi

.PHONY: vet
vet:
	$(GO) vet ./...

.PHONY: lint
lint: $(TOOLS)/golangci-lint ## Lint with the rules of .golangci.yml.
	$(TOOLS)/golangci-lint run ./...

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint ## Format all Go files (gofumpt, import groups).
	$(TOOLS)/golangci-lint fmt ./...

.PHONY: vuln
vuln: $(TOOLS)/govulncheck ## Look for known vulnerabilities (asks vuln.go.dev).
	$(TOOLS)/govulncheck ./...

# ---- tests -----------------------------------------------------------------------------------------------------------

.PHONY: short
short:
	$(GO) test -short $(UNIT)

.PHONY: unit
unit: anvil
	$(GO) test -timeout 15m $(UNIT)

.PHONY: e2e
e2e: viem
	@pkgs="$(E2E)"; [ -z "$$pkgs" ] || { set -x; $(GO) test -p 1 -timeout 20m $$pkgs; }

.PHONY: test
test: vet solc unit e2e ## All tests, end to end included; installs what they need.

.PHONY: race
race: anvil ## Unit tests under the race detector (needs gcc).
	@command -v $${CC:-gcc} >/dev/null || { echo 'race: the race detector needs a C compiler: install gcc' >&2; exit 1; }
	CGO_ENABLED=1 $(GO) test -race -timeout 30m $(UNIT)

.PHONY: soak
soak: viem ## The long tests (names with "Soak"), skipped elsewhere; LOCKSTEP_SOAK_ROUNDS=60.
	LOCKSTEP_SOAK=1 $(GO) test -p 1 -count 1 -timeout 4h -v -run Soak ./...

.PHONY: fuzz
fuzz: ## Each fuzz target for FUZZTIME (10s), one by one.
	@GO='$(GO)' tools/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: build ## The open-loop benchmark (ARGS are `lockstep bench` flags).
	@exec $(BIN)/lockstep bench $(ARGS)

# Golden tests take -update where their package's tests use internal/golden or define the flag themselves.
.PHONY: golden
golden: ## Write specs/vectors and golden files anew: read the difference before you commit it.
	@dirs=$$($(GO) list -f '{{$$d := .Dir}}{{range .TestGoFiles}}{{$$d}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$$d}}/{{.}} {{end}}' ./... \
	  | xargs -r grep -lE '/internal/golden"|flag\.Bool\("update"' | grep -v '/internal/lawtest/' | xargs -r -n 1 dirname | sort -u); \
	[ -n "$$dirs" ] || { echo 'golden: no test takes -update'; exit 0; }; \
	$(GO) test -count 1 -run 'Golden|Vector' $$dirs -update

# ---- generated code --------------------------------------------------------------------------------------------------

.PHONY: contracts
contracts: solc ## Compile the L1 contract and write its Go bindings anew.
	@out=$$(mktemp -d) && trap 'rm -r "$$out"' EXIT && cd contracts && node compile.mjs "$$out" && \
	$(GO) tool abigen --v2 --abi "$$out/SequencerInbox.abi" --bin "$$out/SequencerInbox.bin" \
	  --pkg contracts --type SequencerInbox --out sequencerinbox.go

# ---- what tests and checks need --------------------------------------------------------------------------------------

# Tools are built at the exact versions of tools/go.mod, a module of its own, so that they never move ours.
$(TOOLS)/%: tools/go.mod tools/go.sum
	@mkdir -p $(TOOLS)
	@tool=$$(cd tools && $(GO) list tool | grep '/$*$$') && echo "build $$tool" && \
	cd tools && $(GO) build -buildvcs=false -o ../$(TOOLS)/$* $$tool && touch ../$(TOOLS)/$*

# The wallet's library, and the compiler of the contract.
.PHONY: viem
ifeq ($(SKIP_VIEM),1)
viem:
	@echo 'viem: left out (SKIP_VIEM=1)'
else
viem: $(if $(wildcard $(VIEM)/package.json),$(VIEM)/node_modules/.package-lock.json)
endif

.PHONY: solc
ifeq ($(SKIP_SOLC),1)
solc:
	@echo 'solc: left out (SKIP_SOLC=1)'
else
solc: $(SOLC)/node_modules/.package-lock.json ## Install the compiler of the contract.
endif

%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { \
	  echo '$*: this needs Node 18 or newer with npm, and there is none on PATH: install it, or run `make test SKIP_VIEM=1 SKIP_SOLC=1`' >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' || { \
	  echo "$*: this needs Node 18 or newer, this is $$(node --version): update it, or run \`make test SKIP_VIEM=1 SKIP_SOLC=1\`" >&2; exit 1; }
	cd $* && npm ci --no-audit --no-fund
	@mkdir -p $(@D) && touch $@

# The L1 of tests and of the devnet. npm gets the executable for this machine, so that a complete lock, which `npm ci` wants, is not at hand
# everywhere; what the lock names is checked. No script of the package runs.
.PHONY: anvil
ifeq ($(SKIP_ANVIL),1)
anvil:
	@echo 'anvil: left out (SKIP_ANVIL=1)'
else
anvil: $(ANVIL)/node_modules/.package-lock.json ## Install Anvil, the L1 of tests.
endif

$(ANVIL)/node_modules/.package-lock.json: $(ANVIL)/package.json $(ANVIL)/package-lock.json
	@command -v npm >/dev/null || { \
	  echo 'anvil: the tests on an L1 need npm (Node 20 or newer), and there is none on PATH: install it, or run `make test SKIP_ANVIL=1`' >&2; exit 1; }
	cd $(ANVIL) && npm install --no-save --no-audit --no-fund --ignore-scripts
	@mkdir -p $(@D) && touch $@

.PHONY: clean
clean: ## Remove what was built (not a devnet's data).
	rm -rf $(BIN) $(VIEM)/node_modules $(ANVIL)/node_modules $(SOLC)/node_modules
