"""A keeper process whose instance is the fake one in the file of its first argument."""

from __future__ import annotations

import sys
from pathlib import Path

from irisops.sharing.keeper import main
from tests.sharing.fake_instance import FakeConnector

if __name__ == "__main__":
    sys.exit(main(FakeConnector(Path(sys.argv[1]))))
