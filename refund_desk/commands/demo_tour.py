"""The tour: the real window on the demo, driven offscreen by clicks and keys, and pictured."""

from __future__ import annotations

from pathlib import Path

from refund_desk.settings import Settings


def take_tour(home: Path, settings: Settings, directory: Path) -> int:
    """Drive the window through a day and leave its pictures and tour.json in a directory; the exit code."""
    raise NotImplementedError
