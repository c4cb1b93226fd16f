# The short way; CMake does the work (cmake --list-presets shows the builds).
.PHONY: build demo test bench experiments fuzz format tidy clean

build: ## the library and the command, into build/
	@scripts/install-deps
	@cmake --preset release -DRONDO_TESTS=OFF >/dev/null
	@cmake --build build

demo: build ## build, train a small model and use it
	@scripts/demo

.PHONY: guide
guide: ## the book (docs/guide) as HTML, into build/guide
	@scripts/guide

test: ## every test: release, sanitizers, NEON
	@scripts/install-deps --tests
	@scripts/test

bench: build ## the race against PyTorch, ONNX Runtime and oneDNN: five minutes; FULL=1: all of it, and docs/performance.md
	@cmake --build build --target bench_plot
	@[ -d build/peers ] || echo "bench/install-peers brings PyTorch, ONNX Runtime and oneDNN into build/peers"
	@python3 bench/race.py $(if $(FULL),--full) $(RACE)
	@python3 bench/report.py

experiments: build ## train the contenders of every claim, and write docs/experiments (three hours); QUICK=1: ten minutes
	@cmake --build build --target experiments_plot experiments_control
	@experiments/run $(if $(QUICK),--quick)

fuzz: ## libFuzzer over every reader, SECONDS=60 each
	@fuzz/run all $(or $(SECONDS),60)

format: ## lay all sources out as .clang-format says
	@scripts/check-format -i

tidy: test-build ## clang-tidy over the library
	@find src cli -name '*.c' ! -name avx512.c ! -name avx2.c ! -name neon.c -print0 | \
	    xargs -0 -n 4 -P "$$(nproc)" clang-tidy --quiet -p build

.PHONY: test-build
test-build:
	@cmake --preset release -DRONDO_TESTS=ON >/dev/null

clean: ## remove all builds
	rm -rf build build-*
