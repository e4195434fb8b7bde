# For an activated virtual environment with the test packages (CONTRIBUTING.md, "Set-up").
# `make check test` is what CI runs: both call the scripts of .ci/.

.PHONY: help check test demo bench screenshots

help:
	@echo "make check        lint, types, layer contracts, known vulnerabilities"
	@echo "make test         all tests, public clients too"
	@echo "make demo         the chat on a private practice instance"
	@echo "make bench        benchmarks, printed"
	@echo "make screenshots  the pictures of the README, made anew"

check:
	bash .ci/check

test:
	bash .ci/clients
	bash .ci/test

demo:
	irisops demo

bench:
	python -m tests.benchmarks.bench_round_trips
	python -m tests.benchmarks.bench_class_queries
	python -m tests.benchmarks.bench_simulator
	python -m tests.benchmarks.bench_sql
	python -m tests.benchmarks.bench_sentences
	python -m tests.benchmarks.bench_recording
	python -m tests.benchmarks.bench_ui

screenshots:
	python -m tests.tools.make_screenshots
	python -m tests.tools.make_ssh_screenshots
	python -m tests.tools.make_recording
