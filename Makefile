# Everything a contributor runs. `make test` needs git, a C compiler and cargo, nothing else.

.DEFAULT_GOAL := check
CARGO ?= cargo

.PHONY: test check format lint docs bench deny

# All tests. They start what they need themselves, on free local ports.
test:
	$(CARGO) test --workspace --locked --no-fail-fast

# The whole gate, as the continuous integration runs it.
check: format lint docs test

format:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked --document-private-items

# Measures against a floor in the same run; takes a release build. See docs/performance.md.
bench:
	$(CARGO) bench --locked

# Licences, sources and known advisories; needs cargo-deny and the network.
deny:
	$(CARGO) deny check
