"""The parts of verification: rows against their hashes, hashes against the roots somebody holds.

Cost is what counts here: a log of a million entries is checked in about twice the time it takes to read it
and hash each row once. Of a chunk it is first asked only whether all is well; where it isn't, its rows are
looked at one by one, to say what and where.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from json.encoder import encode_basestring
from operator import lt
from typing import Any

from refund_desk.domain.audit import opening
from refund_desk.domain.merkle import Frontier
from refund_desk.service.ports.audit import LeafRow


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The first thing that is wrong. `code` is worded by `finding.<code>` of the catalogue.

    position, entry: place and id of the first bad entry, where there is one to name; params: more of it,
    such as `until`, the last position that it may be.
    """

    code: str
    position: int | None = None
    entry: int | None = None
    params: dict[str, Any] = field(default_factory=dict)

    def to_params(self) -> dict[str, Any]:
        """All values for the sentence."""
        return {"position": self.position, "entry": self.entry, **self.params}


class RowCheck:
    """Checks rows in order; `position` is the next one expected."""

    def __init__(self) -> None:
        self.position = 0
        self.bad: FirstBad | None = None
        self.late: list[tuple[int, int]] = []  # (position, entry id) of ids that came after a higher one
        self._highest = -1
        self._heads: dict[tuple[str, str], bytes] = {}

    def take(self, rows: Sequence[LeafRow]) -> list[bytes]:
        """Leaf hashes of the rows up to the first that is wrong, which is then in `bad`."""
        if not rows:
            return []
        hashes = self._all_well(rows)
        if hashes is None:
            rows, hashes = self._up_to_the_bad_one(rows)
        self._note_ids([row[1] for row in rows])
        self.position += len(rows)
        return hashes

    def _all_well(self, rows: Sequence[LeafRow]) -> list[bytes] | None:
        """The leaf hashes, if every row is as it was written. Column by column: the cheapest way to ask."""
        positions, _, stored, raws, ats, actions, cases, actors = zip(*rows, strict=True)
        try:
            hashes = [sha256(b"\x00" + raw).digest() for raw in raws]
            beginnings = [
                b'%b%d,"case":%b,"data":' % (head, at, b"null" if case is None else encode_basestring(case).encode())
                for head, at, case in zip(map(self._head, actions, actors), ats, cases, strict=True)
            ]
            well = (
                hashes == list(stored)
                and positions == tuple(range(self.position, self.position + len(rows)))
                and all(map(bytes.startswith, raws, beginnings))
            )
        except (TypeError, ValueError):
            return None  # a value of a kind that we never wrote
        return hashes if well else None

    def _head(self, action: str, actor: str) -> bytes:
        """How entries of this action and actor begin, up to the key of their time."""
        head = self._heads.get((action, actor))
        if head is None:
            if len(self._heads) > 100_000:
                self._heads.clear()
            whole = opening(action, actor, 0, None)
            head = self._heads[action, actor] = whole[: whole.rindex(b'0,"case":null')]
        return head

    def _up_to_the_bad_one(self, rows: Sequence[LeafRow]) -> tuple[Sequence[LeafRow], list[bytes]]:
        for index, row in enumerate(rows):
            self.bad = _what_is_wrong(row, self.position + index)
            if self.bad is not None:
                rows = rows[:index]
                break
        return rows, [row[2] for row in rows]

    def _note_ids(self, ids: list[int]) -> None:
        if ids and ids[0] > self._highest and all(map(lt, ids, ids[1:])):
            self._highest = ids[-1]
            return
        for index, entry in enumerate(ids):
            if entry > self._highest:
                self._highest = entry
            else:
                self.late.append((self.position + index, entry))


def _what_is_wrong(row: tuple[Any, ...], expected: int) -> FirstBad | None:
    """Slowly, and believing nothing of the row's types."""
    position, entry, stored, raw, at, action, case, actor = row
    if position != expected:
        return FirstBad("audit.position_missing", expected)
    if raw is None and action is None:
        return FirstBad("audit.entry_missing", position, entry)
    if not isinstance(raw, bytes) or not isinstance(stored, bytes) or sha256(b"\x00" + raw).digest() != stored:
        return FirstBad("audit.bytes_changed", position, entry)
    fields = _changed_fields(raw, at, action, case, actor)
    return FirstBad("audit.copy_changed", position, entry, {"fields": fields}) if fields else None


def _changed_fields(raw: bytes, at: Any, action: Any, case: Any, actor: Any) -> list[str]:
    """Names of the columns that do not say what the bytes say."""
    try:
        said = json.loads(raw)
        pairs = {"action": action, "actor": actor, "at": at, "case_ref": case}
        said["case_ref"] = said["case"]
        changed = [name for name, value in pairs.items() if type(value) is not type(said[name]) or value != said[name]]
        return changed or ([] if raw.startswith(opening(action, actor, at, case)) else ["bytes"])
    except (TypeError, ValueError, KeyError):
        return ["bytes"]


class RootCheck:
    """Grows a tree and compares its root wherever somebody holds one.

    maybe: of the expected, those that may disagree, because a restore may have left their branch.
    """

    def __init__(self, expected: Iterable[tuple[int, bytes]], maybe: Iterable[tuple[int, bytes]] = ()) -> None:
        self._maybe = frozenset(maybe)
        self._expected = sorted({*expected, *self._maybe}, reverse=True)
        self._frontier = Frontier()
        self._left: list[tuple[int, bytes]] = []
        self.good = 0  # size of the last root that agreed
        self.bad: int | None = None  # size of the first that did not

    @property
    def size(self) -> int:
        return self._frontier.size

    def root(self) -> bytes:
        return self._frontier.root()

    def take(self, hashes: Sequence[bytes]) -> None:
        """Leaf hashes in order; stops at the first root that disagrees."""
        taken, end = 0, self.size + len(hashes)
        while self._expected and self._expected[-1][0] <= end and self.bad is None:
            size, root = self._expected.pop()
            step = size - self.size
            self._frontier.extend(hashes[taken : taken + step])
            taken += step
            if self._frontier.root() == root:
                self.good = size
            elif (size, root) in self._maybe:
                self._left.append((size, root))
            else:
                self.bad = size
        if self.bad is None:
            self._frontier.extend(hashes[taken:])

    def first_beyond(self) -> int | None:
        """Size of a root that is held although the log ended before it."""
        beyond = [size for size, root in self._expected if (size, root) not in self._maybe]
        return beyond[-1] if beyond and self.bad is None else None

    def left(self) -> list[tuple[int, bytes]]:
        """Of those that may disagree, all that do, and those that lie beyond the end."""
        return self._left + [one for one in self._expected if one in self._maybe]
