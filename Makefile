# Everything a contributor runs. `make test` needs git, a C compiler and cargo; PostgreSQL's
# server it finds, installs (as root on Debian), or names.

.DEFAULT_GOAL := check
CARGO ?= cargo

# What `make crash` and `make fuzz` begin with; how long crashes go on, and how many runs at most; how
# many texts each target of the fuzzer takes.
SEED ?=
MINUTES ?= 60
RUNS ?=
CASES ?= 20000

.PHONY: test crash fuzz check format lint docs bench deny

# All tests, and those that keep something once more on PostgreSQL. They start what they need
# themselves, on free local ports. The feature lets the crash tests end the program at chosen
# places; releases do not have it.
test:
	$(CARGO) test --workspace --locked --no-fail-fast --features kill-points -- --skip $(IMAGE)
	$(CARGO) test --locked --features kill-points --test it -- $(IMAGE)
	tests/with-services.sh $(CARGO) test --locked --no-fail-fast --features kill-points --test it -- $(ON_POSTGRES)

# The test that compiles the program once more, as the image does: by itself, since it takes all there is.
IMAGE = packaging::image::the_images_build_command

# The suites that have a database; a test looks for those that are missing here. Left out are those with
# the embedded one on purpose: the disk under it, and the sandbox, which has no other.
ON_POSTGRES = access:: canary:: crash::conservation:: crash::points:: crash::poison:: crash::random:: crash::redelivery:: crash::stops:: given_up:: groups:: hostile:: migrations:: operation:: packaging::supervisor:: postgres:: startup:: statements:: store:: talk:: terminal:: webhooks::

# Ends the program at random places and times for hours, and says the seed of what went wrong;
# `SEED=… RUNS=1 make crash` repeats it. See docs/reliability.md.
crash:
	CRASH_SEED=$(or $(SEED),1) CRASH_MINUTES=$(MINUTES) CRASH_RUNS=$(RUNS) \
	$(CARGO) test --locked --features kill-points --test it crash::hours -- --nocapture

# Markdown that nobody has tried yet, through every encoder and back. It says the smallest text that
# goes wrong; `SEED=…` tries the same ones again.
fuzz:
	@seed=$(or $(SEED),$(shell date +%s)) && echo "SEED=$$seed" && \
	PROPTEST_RNG_SEED=$$seed PROPTEST_CASES=$(CASES) \
	$(CARGO) test --locked --features kill-points --test it markdown::

# The whole gate, as the continuous integration runs it.
check: format lint docs test

format:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --workspace --all-targets --locked --features kill-points -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked --document-private-items

# Measures against a floor in the same run; takes a release build. See docs/performance.md.
bench:
	tests/with-services.sh $(CARGO) bench --locked --bench markdown --bench storage --bench end_to_end --bench storm

# Licences, sources and known advisories; needs cargo-deny and the network.
deny:
	$(CARGO) deny check
