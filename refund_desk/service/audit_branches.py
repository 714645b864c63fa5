"""Branches of a log: what an accepted restore left, as its own entry tells it, and which checkpoints belong there.

A checkpoint that doesn't fit is of such a branch only if the key one trusts signed it for an epoch before the
restore, and if it covers more than the log and the branch have in common but no more than the restore named. A
checkpoint of the log as it goes on carries its epoch and is never excused: whoever cuts that log is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from refund_desk.domain.checkpoints import Checkpoint
from refund_desk.service.ports.audit import StoredEntry

ACTION = "audit.restore_accepted"
BEGINNING = b'{"action":"audit.restore_accepted",'
"""How the bytes of such an entry begin."""


@dataclass(frozen=True, slots=True)
class Restore:
    """An accepted restore. good: entries that log and branch certainly share; last: of the last checkpoint it left."""

    epoch: int
    good: int
    last: int
    position: int
    entry: int
    at: str

    def left(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint that doesn't fit the log may be of the branch."""
        return checkpoint.epoch < self.epoch and self.good < checkpoint.size <= self.last


@dataclass(frozen=True, slots=True)
class Branch:
    """What of a branch was shown to the verifier: sizes of its checkpoints, and the restore that left it."""

    sizes: tuple[int, ...]
    restore: Restore

    def to_params(self) -> dict[str, Any]:
        """Values for the sentence, and for JSON."""
        one = self.restore
        return {
            "count": len(self.sizes),
            "first": self.sizes[0],
            "last": self.sizes[-1],
            "good": one.good,
            "epoch": one.epoch,
            "position": one.position,
            "entry": one.entry,
            "at": one.at,
        }


def read_restore(position: int, entry: int, raw: bytes) -> Restore | None:
    """A restore from its entry; None for one that doesn't say what we write."""
    try:
        said = json.loads(raw)
        data = said["data"]
        epoch, good, last = (int(data[name]) for name in ("epoch", "good", "last"))
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=said["at"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    return Restore(epoch, good, last, position, entry, at.isoformat()) if said["action"] == ACTION else None


def read_restores(entries: Iterable[StoredEntry], covered: int) -> list[Restore]:
    """The restores among entries that a checkpoint over `covered` entries vouches for."""
    placed = [one for one in entries if one.position is not None and one.position < covered]
    found = (read_restore(one.position or 0, one.id, one.bytes) for one in placed)
    return [restore for restore in found if restore is not None]


def branches(restores: Sequence[Restore], left: Iterable[Checkpoint]) -> tuple[Branch, ...]:
    """Checkpoints that don't fit, by the first restore that left them."""
    sizes: dict[Restore, set[int]] = {}
    for checkpoint in left:
        for restore in restores:
            if restore.left(checkpoint):
                sizes.setdefault(restore, set()).add(checkpoint.size)
                break
    return tuple(Branch(tuple(sorted(found)), restore) for restore, found in sizes.items())
