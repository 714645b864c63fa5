"""`refund-desk` and `python -m refund_desk`."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments name."""
    from refund_desk.commands.app import run

    run()


if __name__ == "__main__":
    main()
