"""`python -m irisops` is `irisops`."""

import sys

from irisops.cli import main

sys.exit(main())
