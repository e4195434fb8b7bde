"""Every parser of foreign text against mutated real samples.

20 s in all by default (`--fuzz-seconds`), with the same seeds at every run. An hour by hand, from other seeds:
`python -m pytest tests/fuzz -p no:randomly --fuzz-seconds 3600 --fuzz-seed 7`. The number of examples is printed.
"""
