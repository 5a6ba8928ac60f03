# Works with GNU make 3.81 (macOS) and later, and with any POSIX shell.

GO       ?= go
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS  := $(if $(VERSION),-X main.version=$(VERSION))
TOOL     := $(GO) tool -modfile=tools/go.mod
LIBDIR   := $(DESTDIR)$(PREFIX)/lib/lookalike
# RACE= runs the tests without the race detector, about three times faster.
RACE     ?= -race
TESTS    ?= ./...
PHOTOS   ?=
CSV      ?=

# Recipes read these from the environment, where quotes and spaces in them do no harm.
export PHOTOS CSV PYTHON

.DEFAULT_GOAL := help
.PHONY: help
help: ## print this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z\/]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: runtime build ## set everything up, draw a catalogue, ask three questions (PHOTOS=DIR or CSV=FILE: your own)
	@bin/lookalike demo $${PHOTOS:+--photos "$$PHOTOS"} $${CSV:+--csv "$$CSV"}

.PHONY: build
build: check/go check/cc ## make bin/lookalike
	@$(GO) build -buildvcs=false -trimpath -ldflags '$(LDFLAGS)' -o bin/lookalike ./cmd/lookalike

.PHONY: runtime
runtime: ## install the native parts (PostgreSQL, pgvector, ONNX Runtime, weights) into .runtime, once
	@sh runtime/install.sh

.PHONY: test
test: check/go check/cc runtime ## run all tests (TESTS=./repo/...: some of them)
	$(GO) vet ./...
	$(GO) test $(RACE) -timeout 15m $(TESTS)

.PHONY: bench/ingest
bench/ingest: check/go check/cc runtime ## measure an ingest of photos against bare inference
	$(GO) test -run '^$$' -bench Ingest -benchtime 1x ./cmd/lookalike

.PHONY: bench/pca
bench/pca: check/go check/cc runtime ## measure the PCA fit against scikit-learn side by side
	sh bench/pca/run.sh

.PHONY: lint
lint: check/go ## run the linters and check the format (make fmt mends it)
	$(TOOL) golangci-lint run
	$(TOOL) golangci-lint fmt --diff

.PHONY: fmt
fmt: check/go ## format the code
	$(TOOL) golangci-lint fmt

.PHONY: generate/sqlc
generate/sqlc: check/go ## generate repo/internal/db from sql/ and migrations/
	$(TOOL) sqlc generate

.PHONY: verify
verify: verify/sqlc verify/tidy verify/vuln ## check all that is generated, tidied or known to be vulnerable

.PHONY: verify/sqlc
verify/sqlc: check/go ## check that repo/internal/db is what sqlc generates
	$(TOOL) sqlc diff

.PHONY: verify/tidy
verify/tidy: check/go ## check that both go.mod are tidy
	$(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff

# govulncheck ends with 3 when it has found something, and with another number when it could not look.
.PHONY: verify/vuln
verify/vuln: check/go ## look the modules up in the Go vulnerability database (needs the network)
	@$(TOOL) govulncheck ./... || { code=$$?; \
		[ $$code -eq 3 ] || echo "make: NOTHING WAS CHECKED: govulncheck could not run; it needs the Go vulnerability database, or GOVULNDB=file:///a/mirror" >&2; \
		exit $$code; }

# The native parts lie beside the binary, where it finds them whoever starts it; PREFIX/bin holds a link to it.
.PHONY: install
install: ## install into PREFIX (/usr/local), after make build (PREFIX=~/.local needs no root)
	@[ -x bin/lookalike ] || { echo "make: bin/lookalike is missing: run make build first" >&2; exit 1; }
	mkdir -p "$(LIBDIR)" "$(DESTDIR)$(PREFIX)/bin"
	sh runtime/install.sh "$(LIBDIR)/.runtime"
	cp bin/lookalike "$(LIBDIR)/lookalike.new" && mv -f "$(LIBDIR)/lookalike.new" "$(LIBDIR)/lookalike"
	ln -sf ../lib/lookalike/lookalike "$(DESTDIR)$(PREFIX)/bin/lookalike"

.PHONY: uninstall
uninstall: ## remove what make install installed
	rm -rf "$(LIBDIR)" "$(DESTDIR)$(PREFIX)/bin/lookalike"

.PHONY: clean
clean: ## remove what make build made
	rm -rf bin cover.out

.PHONY: distclean
distclean: clean ## remove the native parts too
	rm -rf .runtime .runtime.partial.*

.PHONY: check/go
check/go:
	@v=$$($(GO) env GOVERSION 2>/dev/null); case "$$v" in \
	go1.2[6-9]* | go1.[3-9][0-9]* | go[2-9]* | devel*) ;; \
	*) echo "make: Go 1.26 or later is needed (found: $${v:-none}): install it" >&2; exit 1 ;; esac

.PHONY: check/cc
check/cc:
	@cc=$$($(GO) env CC); [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v $${cc%% *} >/dev/null || { \
	echo "make: a C compiler is needed (ONNX Runtime is called through cgo): install gcc or clang (Debian and Ubuntu: apt install gcc libc6-dev; macOS: xcode-select --install), and leave CGO_ENABLED unset" >&2; exit 1; }
