# The project's commands. Each installs the Debian packages that it needs, and says so, when they are missing.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Root, which packages and the lab need: as it is, or through sudo.
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo --preserve-env=PATH,HOME,XDG_CACHE_HOME,XDG_STATE_HOME)
CARGO := cargo
# Cargo itself never runs as root for a user; only the test programs that make namespaces do.
TEST_AS_ROOT := $(if $(AS_ROOT),--config "target.'cfg(unix)'.runner='$(AS_ROOT)'")

# What `lvsprov lab` calls, and what the tests' shells and the comparison need beside it.
LAB_PACKAGES := user-mode-linux mmdebstrap e2fsprogs dpkg-dev kmod iproute2 ethtool openssh-client util-linux gcc libc6-dev
TEST_PACKAGES := dash bash busybox-static original-awk curl openssl util-linux mount iproute2 kmod openssh-client openssh-server
BENCH_PACKAGES := openssh-server python3 python3-venv time

# Only what dpkg does not know as installed is installed.
define need
@missing=""; for package in $(1); do \
	[ "$$(dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null)" = installed ] || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
	echo "== installing the missing Debian packages:$$missing"; \
	$(AS_ROOT) apt-get update -q=2 && \
	$(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -q=2 --no-install-recommends $$missing >/dev/null; \
fi
endef

# Where the lab keeps images and machines. Made here, or a user's ~/.cache would belong to the root that sudo makes it as.
define kept
@mkdir -p "$${XDG_CACHE_HOME:-$$HOME/.cache}" "$${XDG_STATE_HOME:-$$HOME/.local/state}"
endef

.PHONY: help demo test test-fast test-lab lint bench

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: ## rehearse the tutorial's cluster on real kernels: deploy, deploy again, reboot, verify
	$(call need,$(LAB_PACKAGES))
	$(call kept)
	$(CARGO) build --release --locked
	$(AS_ROOT) $${CARGO_TARGET_DIR:-target}/release/lvsprov rehearse inventories/tutorial.yaml

test: lint test-fast test-lab ## everything that CI runs

lint: ## format, clippy, documentation; warnings are errors
	@echo "== lint"
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

# Shells, sudo stubs and dpkg wait more than they compute.
test-fast: export RUST_TEST_THREADS ?= 6
test-fast: ## the tests without machines: pure ones, and every probe and change under real shells
	$(call need,$(TEST_PACKAGES))
	@echo "== fast tests"
	$(CARGO) test --locked --lib --bins
	$(CARGO) test --locked --doc
	$(CARGO) test --locked $(TEST_AS_ROOT) $(foreach test,$(filter-out lab,$(basename $(notdir $(wildcard tests/*.rs))) $(notdir $(patsubst %/,%,$(dir $(wildcard tests/*/main.rs))))),--test $(test))

test-lab: ## the tests on real kernels: sshd, systemd, apache, ipvsadm and IPVS
	$(call need,$(LAB_PACKAGES))
	$(call kept)
	@echo "== lab tests"
	$(CARGO) test --locked --test lab --no-run
	$(CARGO) test --locked $(TEST_AS_ROOT) --test lab -- --nocapture --test-threads=1

bench: ## compare with plain ssh, pyinfra and Ansible on the same lab
	$(call need,$(LAB_PACKAGES) $(BENCH_PACKAGES))
	$(call kept)
	$(CARGO) build --release --locked
	$(AS_ROOT) env "PATH=$$PATH" bench/run.sh
