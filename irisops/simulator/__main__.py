"""`python -m irisops.simulator`: the same as `irisops simulator`."""

from __future__ import annotations

import argparse
import sys

from irisops.simulator.main import add_arguments, main

if __name__ == "__main__":
    _parser = argparse.ArgumentParser(prog="irisops simulator")
    add_arguments(_parser)
    sys.exit(main(_parser.parse_args()))
