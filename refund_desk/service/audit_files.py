"""Use cases: write the log into one file, and verify such a file far from any database.

The file is JSON Lines. The header says what it is; each entry stands in its line as the very bytes that were
hashed; a checkpoint stands after the last entry that it covers; the last line counts the others, so that a
file that was cut on its way says so. No key stands in the file, and none would be believed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO

from refund_desk.domain.checkpoints import Checkpoint, read_checkpoint, worth_keeping
from refund_desk.domain.errors import Invalid
from refund_desk.domain.merkle import leaf_hash
from refund_desk.service.audit import Progress, Trust, VerifyReport
from refund_desk.service.audit_branches import BEGINNING, Branch, Restore, branches, read_restore
from refund_desk.service.audit_check import FirstBad, RootCheck
from refund_desk.service.ports.audit import AuditReader

FORMAT = "refund-desk audit log"
SCHEMA = 1
MAX_LINE = 4 * 1024 * 1024
_ENTRY = re.compile(rb'\{"position":(0|[1-9][0-9]{0,18}),"id":([1-9][0-9]{0,18}),"entry":(\{.*\})\}\n\Z')
_CHECKPOINT = b'{"checkpoint":'
_END = b'{"end":'


def export(
    reader: AuditReader, write: Callable[[bytes], Any], *, version: str, at: str, progress: Progress | None = None
) -> int:
    """Write the whole log; the number of entries written.

    version: of the desk; at: ISO time. Raises Invalid `audit.position_missing`, `audit.entry_missing` or
    `audit.bytes_not_text` with `position` where the log is too broken to be written down.
    """
    size, count, lines, digest = reader.size(), 0, 0, sha256()

    def line(content: bytes) -> None:
        nonlocal lines
        digest.update(content)
        write(content)
        lines += 1

    notes = {row.size: row.note for row in reader.checkpoints()}
    kept = iter(sorted(worth_keeping(list(notes))))
    due = next(kept, None)
    line(_json({"format": FORMAT, "schema": SCHEMA, "version": version, "at": at, "size": size}))
    for chunk in reader.rows():
        for position, entry, _, raw, *_ in chunk:
            line(_entry_line(count, position, entry, raw))
            count += 1
            if count == due:
                line(_json({"checkpoint": notes[due]}))
                due = next(kept, None)
        if progress is not None:
            progress(count, size)
    if count < size:
        raise Invalid("audit.position_missing", position=count)
    write(_json({"end": {"lines": lines, "sha256": digest.hexdigest()}}))
    return count


def _entry_line(expected: int, position: int, entry: int, raw: bytes | None) -> bytes:
    if position != expected:
        raise Invalid("audit.position_missing", position=expected)
    if raw is None:
        raise Invalid("audit.entry_missing", position=position, entry=entry)
    if not isinstance(raw, bytes) or b"\n" in raw or raw[:1] != b"{" or raw[-1:] != b"}":
        raise Invalid("audit.bytes_not_text", position=position, entry=entry)
    return b'{"position":%d,"id":%d,"entry":%b}\n' % (position, entry, raw)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass
class _File:
    """Where we are in a file; its end says how many lines there should have been."""

    stream: BinaryIO
    number: int = 0
    ended: bool = False

    def __post_init__(self) -> None:
        self._digest = sha256()

    def lines(self) -> Iterator[bytes]:
        """Lines up to the last one, which is checked. Raises Invalid for what no export looks like."""
        while line := self.stream.readline(MAX_LINE + 1):
            self.number += 1
            if len(line) > MAX_LINE:
                raise Invalid("audit.file_line", line=self.number)
            if line.startswith(_END):
                self._finish(line)
                return
            if not line.endswith(b"\n"):
                raise Invalid("audit.file_truncated", line=self.number)
            self._digest.update(line)
            yield line

    def _finish(self, line: bytes) -> None:
        try:
            end = json.loads(line)["end"]
            agreed = (end["lines"], end["sha256"]) == (self.number - 1, self._digest.hexdigest())
        except (ValueError, KeyError, TypeError):
            raise Invalid("audit.file_truncated", line=self.number) from None
        if self.stream.read(1):
            raise Invalid("audit.file_line", line=self.number + 1)
        self.ended = agreed


def verify_file(stream: BinaryIO, trust: Trust, progress: Progress | None = None) -> VerifyReport:
    """Check an exported file, offline.

    Raises Invalid for what isn't a whole export: `audit.file_empty`, `audit.file_not_ours`,
    `audit.file_schema`, `audit.file_line`, `audit.file_truncated`, each with the `line` it stands on.
    A whole file whose content is wrong is a report with its first bad entry.
    """
    file = _File(stream)
    lines = file.lines()
    total = _header(next(lines, None))
    anchors = trust.anchors()
    if isinstance(anchors, FirstBad):
        return VerifyReport(False, total, total, total, False, None, anchors)
    check = _FileCheck(trust, anchors)
    for line in lines:
        if check.bad is None:
            check.take(line, file.number)
            if progress is not None and file.number % 4096 == 0:
                progress(check.position, total)
    if file.number and not file.ended and check.bad is None:
        # A last line that is missing or counts differently: cut, or changed where no hash looks.
        raise Invalid("audit.file_truncated", line=file.number)
    return check.report(total)


def _header(line: bytes | None) -> int:
    """The size that the header announces."""
    if line is None:
        raise Invalid("audit.file_empty")
    try:
        header = json.loads(line)
        ours = header["format"] == FORMAT
    except (ValueError, KeyError, TypeError, RecursionError):
        ours = False
    if not ours:
        raise Invalid("audit.file_not_ours")
    if header.get("schema") != SCHEMA or not isinstance(header.get("size"), int):
        raise Invalid("audit.file_schema", schema=str(header.get("schema")), known=SCHEMA)
    return int(header["size"])


class _FileCheck:
    """Entries and checkpoints of a file, as they come."""

    def __init__(self, trust: Trust, anchors: list[Checkpoint]) -> None:
        self._trust, self._anchors = trust, anchors
        # With a key, whether a restore left an anchor's branch is known only at the end: its entry may come later.
        held = [(anchor.size, anchor.root) for anchor in anchors]
        self._roots = RootCheck(held, held if trust.vkey is not None else ())
        self._restores: list[Restore] = []
        self._misfits: dict[int, tuple[int, int | None]] = {}  # size: the first entry that may be wrong
        self._origin = anchors[0].origin if anchors else None
        self._hashes: list[bytes] = []
        self._note: str | None = None
        self._covered = 0
        self._entry_ids: dict[int, int] = {}  # since the last root that agreed
        self._highest = 0
        self.position = 0
        self.bad: FirstBad | None = None

    def take(self, line: bytes, number: int) -> None:
        if line.startswith(_CHECKPOINT):
            self._checkpoint(line, number)
            return
        match = _ENTRY.match(line)
        if match is None:
            raise Invalid("audit.file_line", line=number)
        position, entry = int(match[1]), int(match[2])
        if position != self.position:
            self.bad = FirstBad("audit.position_missing", self.position)
            return
        if len(self._entry_ids) < 1_000_000:
            self._entry_ids[position] = entry
        self.position += 1
        if match[3].startswith(BEGINNING) and (restore := read_restore(position, entry, match[3])):
            self._restores.append(restore)
        self._hashes.append(leaf_hash(match[3]))
        if len(self._hashes) >= 4096:
            self._grow()

    def _grow(self) -> None:
        self._roots.take(self._hashes)
        self._hashes.clear()
        for size, _ in self._roots.left():
            if size <= self.position and size not in self._misfits:
                first = max(self._covered, self._roots.good)
                self._misfits[size] = (first, self._entry_ids.get(first))
        if self._roots.bad is not None:
            self._mismatch(self._roots.bad)

    def _mismatch(self, size: int) -> None:
        first = max(self._covered, self._roots.good)
        self.bad = _mismatch(size, first, self._entry_ids.get(first))

    def _settle(self) -> tuple[Branch, ...]:
        """Anchors that don't fit: of a branch that a restore left, or the first thing that is wrong."""
        left = set(self._roots.left())
        restores = [one for one in self._restores if one.position < self._covered]
        odd = [anchor for anchor in self._anchors if (anchor.size, anchor.root) in left]
        wrong = [anchor.size for anchor in odd if not any(restore.left(anchor) for restore in restores)]
        if inside := [size for size in sorted(wrong) if size in self._misfits]:
            self.bad = _mismatch(inside[0], *self._misfits[inside[0]])
        elif wrong and self.bad is None:
            self.bad = FirstBad("audit.tail_cut", self.position, None, {"size": min(wrong)})
        return branches(restores, odd) if self.bad is None else ()

    def _checkpoint(self, line: bytes, number: int) -> None:
        self._grow()
        if self.bad is not None:
            return
        try:
            note = json.loads(line)["checkpoint"]
            checkpoint = read_checkpoint(note)
        except (ValueError, KeyError, TypeError, AttributeError, Invalid):
            raise Invalid("audit.file_line", line=number) from None
        first = self._covered
        if wrong := self._trust.signed(note):
            params = {"source": "log", "size": checkpoint.size}
            self.bad = FirstBad(wrong, first, self._entry_ids.get(first), params)
        elif self._origin is not None and checkpoint.origin != self._origin:
            self.bad = FirstBad("audit.other_log", params={"held": self._origin, "shown": checkpoint.origin})
        elif (checkpoint.size, checkpoint.root) != (self.position, self._roots.root()):
            self._mismatch(max(checkpoint.size, 1))
        else:
            self._origin, self._covered, self._note = checkpoint.origin, checkpoint.size, note
            self._entry_ids.clear()

    def report(self, announced: int) -> VerifyReport:
        """What came of it, once the last line was read."""
        if self.bad is None:
            self._grow()
        found = self._settle()
        if self.bad is None:
            self.bad = self._end_problem(announced)
        proven = self.bad is None and self._note is not None and self._trust.vkey is not None
        unprotected = max(0, announced - self._covered)
        ok = self.bad is None
        return VerifyReport(
            ok, announced, self.position, unprotected, proven, self._note, self.bad, found if ok else ()
        )

    def _end_problem(self, announced: int) -> FirstBad | None:
        beyond = self._roots.first_beyond()
        if beyond is not None or self.position != announced:
            return FirstBad("audit.tail_cut", self.position, None, {"size": beyond or announced})
        if self.position and self._note is None:
            return FirstBad("audit.checkpoint_missing", 0, self._entry_ids.get(0), {"size": 0})
        return None


def _mismatch(size: int, first: int, entry: int | None) -> FirstBad:
    return FirstBad("audit.checkpoint_mismatch", first, entry, {"until": size - 1, "size": size})
