"""Checkpoints outside the database: `checkpoints/<size>.txt` and `latest.txt`, each whole or not there at all.

Beside them `epoch.txt` counts the restores that were accepted; `left-<epoch>/` keeps the checkpoints of the branch
that the restore which began this epoch left.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from refund_desk.domain.checkpoints import read_checkpoint, worth_keeping

_NAME = re.compile(r"(0|[1-9][0-9]{0,18})\.txt\Z")
_THIN_EVERY = 1_000


class CheckpointFiles:
    """The directory. Old files thin out; the newest always stay."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._written = 0

    def write(self, size: int, note: str) -> None:
        """Keep a note; on return it is on the disk."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (f"{size}.txt", "latest.txt"):
            self._replace(name, note)
        _sync(self.directory)
        if self._written % _THIN_EVERY == 0:
            self._thin()
        self._written += 1

    def latest(self) -> str | None:
        """The note of the last checkpoint written here."""
        return _read(self.directory / "latest.txt")

    def held(self) -> list[str]:
        """All notes that are here, by size; `latest.txt` comes last."""
        paths = [self.directory / f"{size}.txt" for size in self._sizes()]
        notes = [_read(path) for path in (*paths, self.directory / "latest.txt")]
        return [note for note in notes if note is not None]

    def left(self) -> list[str]:
        """All notes of branches that accepted restores left."""
        paths = sorted(self.directory.glob("left-*/*.txt"))
        return [note for note in map(_read, paths) if note is not None]

    def written_at(self, size: int) -> datetime | None:
        """When the checkpoint of this size was written here; None: it isn't here."""
        try:
            return datetime.fromtimestamp((self.directory / f"{size}.txt").stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def epoch(self) -> int | None:
        """The epoch that is kept here; None in a directory that never held anything."""
        kept = _read(self.directory / "epoch.txt")
        if kept is None:
            return 0 if self._sizes() or self.latest() is not None else None
        return int(kept) if kept.strip().isdecimal() else -1  # what can't be read agrees with nothing

    def set_epoch(self, epoch: int) -> None:
        """Keep the epoch; on return it is on the disk."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._replace("epoch.txt", f"{epoch}\n")
        _sync(self.directory)

    def leave(self, epoch: int, notes: Iterable[str]) -> None:
        """Put the checkpoints of a branch that is left aside, where they are kept; an epoch begins without them."""
        aside = CheckpointFiles(self.directory / f"left-{epoch}")
        aside.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for note in notes:
            size = read_checkpoint(note).size
            aside._replace(f"{size}.txt", note)
            _sync(aside.directory)
            for path in (self.directory / f"{size}.txt", self.directory / "latest.txt"):
                if _read(path) == note:
                    path.unlink()
        if self.latest() is None and (sizes := self._sizes()):
            self._replace("latest.txt", _read(self.directory / f"{sizes[-1]}.txt") or "")
        _sync(self.directory)

    def _sizes(self) -> list[int]:
        if not self.directory.is_dir():
            return []
        found = (_NAME.match(path.name) for path in self.directory.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def _thin(self) -> None:
        sizes = self._sizes()
        for size in set(sizes) - worth_keeping(sizes):
            with suppress(FileNotFoundError):
                (self.directory / f"{size}.txt").unlink()

    def _replace(self, name: str, note: str) -> None:
        descriptor, draft = tempfile.mkstemp(prefix=f".{name}.", dir=self.directory)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(note)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self.directory / name)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise


def _read(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return file.read(64 * 1024)
    except FileNotFoundError:
        return None


def _sync(directory: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
