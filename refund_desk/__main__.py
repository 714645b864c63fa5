"""`refund-desk` and `python -m refund_desk`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that the arguments name. The window without options has nothing to parse, and starts at once."""
    if sys.argv[1:] == ["desk"]:
        from refund_desk.commands.window import main as window

        sys.exit(window())
    from refund_desk.commands.app import run

    run()


if __name__ == "__main__":
    main()
