"""What audit use cases need from below: a log that can be read in order, and whoever gives entries their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

LeafRow = tuple[int, int, bytes, bytes | None, int, str, str | None, str]
"""position, entry id, leaf hash, entry bytes (None: no such entry), and the copies at (µs), action, case, actor.

As they are stored: whoever reads them checks their types too, since somebody may have changed them.
"""


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A row of the checkpoint table, believed in nothing."""

    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry with its place in the tree, None while it has none."""

    id: int
    position: int | None
    bytes: bytes


class AuditReader(Protocol):
    """One consistent picture of a log. Raises Invalid `audit.unreadable` where the database gives no rows."""

    def size(self) -> int:
        """Leaves that there should be: the highest position plus one."""

    def leaves(self) -> int:
        """Leaves that there are."""

    def entries(self) -> int:
        """Entries, with a place or without."""

    def rows(self, start: int = 0) -> Iterator[Sequence[LeafRow]]:
        """Leaves from a position on, in order, in chunks; a chunk ends early where a position is missing."""

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """All of them by size, smallest first."""

    def latest_checkpoint(self) -> StoredCheckpoint | None: ...

    def places(self, entry_id: int) -> int:
        """How many leaves an entry has; one, in an honest log."""

    def of_case(self, ref: str) -> Sequence[StoredEntry]:
        """The entries of a case in the order of their ids."""

    def of_action(self, action: str) -> Sequence[StoredEntry]:
        """The entries of an action in the order of their ids: a long look, for what is rare."""

    def range_hash(self, lo: int, hi: int) -> bytes:
        """Merkle tree hash over leaves lo..hi-1, from the stored hashes."""


class Integrating(Protocol):
    """Gives entries their place and signs checkpoints. The worker calls `step` some times a second."""

    def step(self) -> bool:
        """One bounded piece of work; whether more is waiting."""

    def close(self) -> None:
        """Everything that waits, and a checkpoint over it."""
