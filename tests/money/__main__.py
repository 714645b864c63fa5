"""`python -m tests.money`: see `run`."""

import sys

from tests.money.run import main

if __name__ == "__main__":
    sys.exit(main())
