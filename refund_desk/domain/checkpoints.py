"""Checkpoints: a log's origin, size and root as a note (C2SP tlog-checkpoint), and holding on to one.

Reading a note's text needs no key; whether it was signed is said by a `NoteVerifier` that the caller brings.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.merkle import verify_consistency

NoteVerifier = Callable[[str, str], str]
"""(note, verifier key) -> the note's text if that key signed it. Raises Invalid otherwise."""

Prove = Callable[[int, int], Sequence[bytes]]
"""(old size, new size) -> consistency proof, asked of the log."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}\Z")
_EPOCH = re.compile(r"epoch ([1-9][0-9]{0,8})\Z")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed root: the tree of `size` leaves of the log named `origin` has this root (32 bytes).

    epoch: how many restores of its database were accepted before; above 0 it stands in a line of its own, so
    that a checkpoint says to which branch it belongs.
    """

    origin: str
    size: int
    root: bytes
    epoch: int = 0

    def text(self) -> str:
        """The note's text, to be signed."""
        more = f"epoch {self.epoch}\n" if self.epoch else ""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n{more}"


def read_checkpoint(note: str) -> Checkpoint:
    """The checkpoint in a note, its signatures unchecked. Raises Invalid `audit.note_malformed`.

    Of lines after the root, extensions of the format, one that names the epoch is read; others are passed over.
    """
    lines = note.partition("\n\n")[0].split("\n")
    if len(lines) < 3 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise Invalid("audit.note_malformed")
    try:
        root = b64decode(lines[2], validate=True)
    except ValueError:
        raise Invalid("audit.note_malformed") from None
    if len(root) != 32 or b64encode(root).decode() != lines[2]:
        raise Invalid("audit.note_malformed")
    epochs = [int(found[1]) for found in map(_EPOCH.match, lines[3:]) if found]
    return Checkpoint(lines[0], int(lines[1]), root, epochs[0] if epochs else 0)


class PinnedCheckpoints:
    """Holds the last checkpoint somebody saw, and refuses a log that is not its continuation.

    note: what was kept from last time (None at first). vkey and verify: with both, a note that this key
    did not sign is refused too. The caller stores `note` after each `see`.
    """

    def __init__(self, note: str | None = None, vkey: str | None = None, verify: NoteVerifier | None = None) -> None:
        self.note = note
        self._vkey, self._verify = vkey, verify

    def see(self, note: str, prove: Prove) -> Checkpoint:
        """Take a newer checkpoint of the log, or refuse.

        An older one that is consistent changes nothing. Raises Conflict `audit.other_log` (another origin),
        `audit.inconsistent` (with `held` and `shown` sizes) or `audit.restored` (the same, where the log says that
        a restore was accepted since), Invalid for a note that can't be read or trusted.
        """
        if self._vkey is not None and self._verify is not None:
            self._verify(note, self._vkey)
        shown = read_checkpoint(note)
        if self.note is None:
            self.note = note
            return shown
        held = read_checkpoint(self.note)
        if held.origin != shown.origin:
            raise Conflict("audit.other_log", held=held.origin, shown=shown.origin)
        old, new = sorted((held, shown), key=lambda checkpoint: checkpoint.size)
        proof = prove(old.size, new.size) if 0 < old.size < new.size else []
        if not verify_consistency(old.size, new.size, old.root, new.root, proof):
            code = "audit.restored" if shown.epoch > held.epoch else "audit.inconsistent"
            raise Conflict(code, held=held.size, shown=shown.size)
        if shown.size > held.size:
            self.note = note
        return shown


def worth_keeping(sizes: Sequence[int], newest: int = 500, block: int = 10_000) -> set[int]:
    """Which of many checkpoints to hold on to: the newest, and of older ones the last in each block of entries.

    A later checkpoint proves all that an earlier one does; earlier ones only narrow down where a log broke.
    """
    ordered = sorted(sizes)
    old, kept = ordered[:-newest] if newest else ordered, set(ordered[-newest:] if newest else [])
    return kept | set({size // block: size for size in old}.values())
