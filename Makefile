# The short way; CMake does the work (cmake --list-presets shows the builds).
.PHONY: build demo test bench format tidy clean

build: ## the library and the command, into build/
	@scripts/install-deps
	@cmake --preset release -DRONDO_TESTS=OFF >/dev/null
	@cmake --build build

demo: build ## build, train a small model and use it
	@scripts/demo

test: ## every test: release, sanitizers, NEON
	@scripts/install-deps --tests
	@scripts/test

bench: build ## time one training pass of each cell
	@for cell in elman jordan lstm gru; do \
	    build/rondo bench cell --cell $$cell --input-size 256 --hidden-size 256 --batch 32 --steps 64 --pass train || exit 1; \
	done

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
