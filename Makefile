# make help lists the targets.
SHELL := /bin/bash
GO ?= go
export GOFLAGS ?= -buildvcs=false

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X github.com/slipway-deploy/slipway/internal/cli.version=$(VERSION) -X github.com/slipway-deploy/slipway/internal/cli.commit=$(COMMIT)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what is missing, from Debian's packages (root)
	@scripts/setup.sh

.PHONY: helper
helper: ## build slipway-host for linux/amd64 and linux/arm64, to be embedded
	@internal/host/binary/build.sh

.PHONY: build
build: helper ## build bin/slipway, one static program with the helper inside
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/slipway ./cmd/slipway

.PHONY: demo
demo: setup build ## a lab of 6 hosts with load on it: a good release, and a bad one that is taken back
	bin/slipway demo

.PHONY: test
test: setup build ## everything: vet, unit and race, simulation, command line, lab hosts
	@scripts/test.sh

.PHONY: test-long
test-long: setup build ## test, with millions of seeds, longer fuzzing, the whole matrix and race of everything
	@scripts/setup.sh bench
	@SEEDS=5000000 FUZZTIME=5m MATRIX=all JUDGE_RUNS=100 scripts/test.sh

.PHONY: sim
sim: ## simulate SEEDS rollouts (default 1000000)
	$(GO) test ./internal/rollout/sim -run TestSeeds -v -timeout 0 -seeds $${SEEDS:-1000000}

.PHONY: fuzz
fuzz: ## fuzz each parser for FUZZTIME (default 30s)
	@scripts/fuzz.sh $${FUZZTIME:-30s}

.PHONY: golden
golden: ## rewrite golden files; explain each changed line in the commit
	$(GO) test ./internal/... -update

.PHONY: bench
bench: setup build ## Slipway beside Capistrano, a stock playbook and the floor, on 20 lab hosts; the engine alone on 10,000
	@scripts/setup.sh bench
	@scripts/bench.sh

.PHONY: bench-judge
bench-judge: ## Slipway's judge beside Flagger's, Argo Rollouts', Kayenta's and others, on seeded traffic
	@scripts/bench-judge.sh

.PHONY: bench-notify
bench-notify: build ## rollouts with channels that fail beside one without, on local fleets; the table of docs/notify.md
	$(GO) run ./lab/notifybench/cmd/notifybench

.PHONY: judge-lab
judge-lab: setup build ## the judge on lab hosts under load: errors, latency, a leak, bursts; ROUNDS (default 10) of each
	$(GO) run ./lab/judgelab/cmd/judgelab -rounds $${ROUNDS:-10}

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist internal/host/binary/embed/*.gz
