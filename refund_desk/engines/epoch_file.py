"""The count of submissions outside the database: a small file beside the signing keys, never inside a home.

Not synced with each payout: after a power cut it may be behind the store, which is no restore. It is written
whole and put in place at once, so it is never half of one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from refund_desk.domain.errors import Unavailable
from refund_desk.service.ports.gateways import Epoch


class FileEpoch:
    """Fills `service.ports.gateways.EpochFile`. desk: whose count it is; another desk's is unreadable."""

    def __init__(self, path: Path, desk: str) -> None:
        self._path, self._desk = path, desk

    def read(self) -> Epoch | None:
        """Raises Unavailable `epoch.unreadable`."""
        try:
            plain = json.loads(self._path.read_text("utf-8"))
            if plain["desk"] != self._desk:
                raise ValueError("another desk's")
            return Epoch(int(plain["before"]), int(plain["now"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable("epoch.unreadable", path=str(self._path)) from error

    def write(self, epoch: Epoch) -> None:
        """Raises Unavailable `epoch.unreadable` where it can't be written: then nothing is submitted."""
        said = json.dumps({"desk": self._desk, "before": epoch.before, "now": epoch.now})
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(said, "utf-8")
            beside.replace(self._path)
        except OSError as error:
            raise Unavailable("epoch.unreadable", path=str(self._path)) from error
