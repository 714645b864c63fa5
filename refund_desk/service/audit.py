"""Use case: verify a log against its own hashes, the checkpoints that are held, and the key one trusts.

Nothing inside the log is a reason to trust it. With a verifier key the origin is proven; without one the
answer is only that the log agrees with itself and with the checkpoints somebody kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from refund_desk.domain.checkpoints import Checkpoint, NoteVerifier, read_checkpoint
from refund_desk.domain.errors import Invalid
from refund_desk.service.audit_branches import ACTION, Branch, Restore, branches, read_restores
from refund_desk.service.audit_check import FirstBad, RootCheck, RowCheck
from refund_desk.service.ports.audit import AuditReader, StoredCheckpoint

Progress = Callable[[int, int], None]
"""(done, total) rows; raise in it to stop."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What verification found.

    entries: all of them; size: those with a place; unprotected: those after the last checkpoint.
    checkpoint: the note of the last one, if it held. origin_proven False with ok True: it agrees with
    itself, its origin is not proven. branches: checkpoints that are held of branches that accepted restores left.
    """

    ok: bool
    entries: int
    size: int
    unprotected: int
    origin_proven: bool
    checkpoint: str | None = None
    first_bad: FirstBad | None = None
    branches: tuple[Branch, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        bad = self.first_bad
        return {
            "ok": self.ok,
            "entries": self.entries,
            "size": self.size,
            "unprotected": self.unprotected,
            "origin_proven": self.origin_proven,
            "checkpoint": self.checkpoint,
            "first_bad": None if bad is None else {"code": bad.code, "params": bad.to_params()},
            "branches": [branch.to_params() for branch in self.branches],
        }


@dataclass(frozen=True, slots=True)
class Trust:
    """What the verifier brings along: a key or none, and checkpoints held outside the log."""

    verify_note: NoteVerifier
    vkey: str | None = None
    known: Sequence[str] = ()

    def signed(self, note: str) -> str | None:
        """The code of what is wrong with a note's signature; None when it is good, or nobody can tell."""
        if self.vkey is None:
            return None
        try:
            self.verify_note(note, self.vkey)
        except Invalid as problem:
            if problem.code == "audit.key_malformed":
                raise
            return problem.code
        return None

    def anchors(self) -> list[Checkpoint] | FirstBad:
        """The held checkpoints, or what is wrong with one of them."""
        found: list[Checkpoint] = []
        for note in dict.fromkeys(self.known):
            try:
                checkpoint = read_checkpoint(note)
            except Invalid as problem:
                return FirstBad(problem.code, params={"source": "held"})
            if wrong := self.signed(note):
                return FirstBad(wrong, params={"source": "held", "size": checkpoint.size})
            found.append(checkpoint)
        origins = sorted({checkpoint.origin for checkpoint in found})
        if len(origins) > 1:
            return FirstBad("audit.other_log", params={"held": origins[0], "shown": origins[1]})
        return found


def verify(reader: AuditReader, trust: Trust, progress: Progress | None = None) -> VerifyReport:
    """Check every entry, every checkpoint and the end of the log. Raises Invalid only for an unusable key."""
    try:
        return _verify(reader, trust, progress)
    except Invalid as problem:
        if problem.code != "audit.unreadable":
            raise
        bad = FirstBad(problem.code, problem.params.get("position"), None, {"detail": problem.params["detail"]})
        return VerifyReport(False, 0, 0, 0, False, None, bad)


def _verify(reader: AuditReader, trust: Trust, progress: Progress | None) -> VerifyReport:
    anchors = trust.anchors()
    stored = list(reader.checkpoints())
    bad = anchors if isinstance(anchors, FirstBad) else None
    held = [] if isinstance(anchors, FirstBad) else anchors
    restores = _restores(reader, trust, stored)
    maybe = [checkpoint for checkpoint in held if any(restore.left(checkpoint) for restore in restores)]
    row_bad, roots = _scan(reader, [*_roots_of(held), *_roots_of(stored)], progress, _roots_of(maybe))
    gone = set(roots.left())
    left = [checkpoint for checkpoint in maybe if (checkpoint.size, checkpoint.root) in gone]
    held = [checkpoint for checkpoint in held if checkpoint not in left]
    bad = row_bad or bad or _roots_problem(reader, trust, roots, held, stored) or _stored_problem(stored, held)
    size, entries = reader.size(), reader.entries()
    if bad is None and reader.leaves() != size:
        bad = FirstBad("audit.position_stray")
    last = stored[-1] if stored and bad is None else None
    return VerifyReport(
        ok=bad is None,
        entries=entries,
        size=size,
        unprotected=max(0, entries - (last.size if last else roots.good)),
        origin_proven=last is not None and trust.vkey is not None,
        checkpoint=last.note if last else None,
        first_bad=bad,
        branches=branches(restores, left) if bad is None else (),
    )


def _restores(reader: AuditReader, trust: Trust, stored: Sequence[StoredCheckpoint]) -> list[Restore]:
    """Accepted restores that the last checkpoint vouches for. None without a key: a forger accepts anything."""
    if not stored or trust.vkey is None or not _speaks_true(stored[-1]) or trust.signed(stored[-1].note):
        return []
    if read_checkpoint(stored[-1].note).epoch == 0:
        return []  # by far the most: no long look
    return read_restores(reader.of_action(ACTION), stored[-1].size)


def _roots_of(checkpoints: Sequence[Checkpoint] | Sequence[StoredCheckpoint]) -> list[tuple[int, bytes]]:
    return [(checkpoint.size, checkpoint.root) for checkpoint in checkpoints]


def _scan(
    reader: AuditReader,
    expected: list[tuple[int, bytes]],
    progress: Progress | None,
    maybe: Sequence[tuple[int, bytes]] = (),
) -> tuple[FirstBad | None, RootCheck]:
    """Every row against its hash, and the tree against the expected roots."""
    size, rows, roots = reader.size(), RowCheck(), RootCheck(expected, maybe)
    for chunk in reader.rows():
        roots.take(rows.take(chunk))
        if rows.bad is not None or roots.bad is not None:
            break
        if (twice := _twice(reader, rows)) is not None:
            return twice, roots
        if progress is not None:
            progress(rows.position, size)
    roots.take(())
    if roots.bad is not None:
        return None, roots  # the tree broke before the row did
    if rows.bad is None and rows.position < size:
        return FirstBad("audit.position_missing", rows.position), roots
    return rows.bad, roots


def _twice(reader: AuditReader, rows: RowCheck) -> FirstBad | None:
    """An id after a higher one is lawful (two writers); an entry with two places is not."""
    for position, entry in rows.late:
        if reader.places(entry) > 1:
            return FirstBad("audit.entry_twice", position, entry)
    rows.late.clear()
    return None


def _roots_problem(
    reader: AuditReader,
    trust: Trust,
    roots: RootCheck,
    held: Sequence[Checkpoint],
    stored: Sequence[StoredCheckpoint],
) -> FirstBad | None:
    """A root that disagrees, an end that is missing, a signature that isn't ours: where does it begin?"""
    if not stored and (roots.size or held):
        return FirstBad("audit.checkpoint_missing", 0, _entry_at(reader, 0), {"size": 0})
    wrong = trust.signed(stored[-1].note) if stored else None
    beyond = roots.first_beyond()
    if roots.bad is None and wrong is None and beyond is None:
        return None
    sound = [row for row in stored if _speaks_true(row) and trust.signed(row.note) is None]
    # Without a key a forger's checkpoints look sound: where some are held outside, those alone count.
    trusted = _roots_of(held) + (_roots_of(sound) if trust.vkey is not None or not held else [])
    _, again = _scan(reader, trusted, None)
    position, entry = again.good, _entry_at(reader, again.good)
    if again.bad is not None:
        return FirstBad("audit.checkpoint_mismatch", position, entry, {"until": again.bad - 1, "size": again.bad})
    if (cut := again.first_beyond()) is not None:
        return FirstBad("audit.tail_cut", again.size, None, {"size": cut})
    if wrong is not None:
        return FirstBad(wrong, position, entry, {"source": "log", "size": stored[-1].size})
    if roots.bad is None:
        return FirstBad("audit.tail_cut", roots.size, None, {"size": beyond})
    if roots.bad not in {row.size for row in sound}:
        return FirstBad("audit.checkpoint_changed", params={"size": roots.bad})
    return FirstBad("audit.checkpoint_mismatch", position, entry, {"until": roots.bad - 1, "size": roots.bad})


def _stored_problem(stored: Sequence[StoredCheckpoint], held: Sequence[Checkpoint]) -> FirstBad | None:
    """The checkpoint table itself: notes that say what their columns say, and none that is held missing."""
    origins = {checkpoint.origin for checkpoint in held[:1]}
    for row in stored:
        if not _speaks_true(row):
            return FirstBad("audit.checkpoint_changed", params={"size": row.size})
        origins.add(read_checkpoint(row.note).origin)
        if len(origins) > 1:
            first, second = sorted(origins)
            return FirstBad("audit.other_log", params={"held": first, "shown": second})
    sizes = {row.size for row in stored}
    gone = [checkpoint.size for checkpoint in held if checkpoint.size not in sizes]
    return FirstBad("audit.checkpoint_missing", params={"size": min(gone)}) if gone else None


def _speaks_true(row: StoredCheckpoint) -> bool:
    try:
        said = read_checkpoint(row.note)
    except (Invalid, AttributeError):
        return False
    return (said.size, said.root) == (row.size, row.root)


def _entry_at(reader: AuditReader, position: int) -> int | None:
    for chunk in reader.rows(position):
        for row in chunk:
            return row[1] if row[0] == position else None
    return None
