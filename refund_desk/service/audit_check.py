"""The parts of verification: rows against their hashes, hashes against the roots somebody holds.

Cost is what counts here: a log of a million entries is checked in about twice the time it takes to read it
and hash each row once. A chunk is first run through a loop that only asks whether all is well; what isn't
is then looked at slowly, to say what and where.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from json.encoder import encode_basestring
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
        self._heads: dict[tuple[str, str], str] = {}

    def take(self, rows: Sequence[LeafRow]) -> list[bytes]:
        """Leaf hashes of the rows up to the first that is wrong, which is then in `bad`."""
        begin, hashes = self.position, []
        position, highest, heads, late = self.position, self._highest, self._heads, self.late
        try:
            for at_position, entry, stored, raw, at, action, case, actor in rows:
                digest = sha256(b"\x00" + raw).digest()  # type: ignore[operator]
                head = heads.get((action, actor)) or self._head(action, actor)
                case_text = "null" if case is None else encode_basestring(case)
                beginning = f'{head}{at},"case":{case_text},"data":'
                if digest != stored or at_position != position or not raw.startswith(beginning.encode()):  # type: ignore[union-attr]
                    break
                if entry > highest:
                    highest = entry
                else:
                    late.append((position, entry))
                position += 1
                hashes.append(digest)
        except (TypeError, ValueError, AttributeError):
            pass  # a value of a kind that we never wrote: the row is named below
        self.position, self._highest = position, highest
        if position - begin < len(rows):
            self.bad = _what_is_wrong(rows[position - begin], position)
        return hashes

    def _head(self, action: str, actor: str) -> str:
        if len(self._heads) > 100_000:
            self._heads.clear()
        text = opening(action, actor, 0, None).decode()
        head = self._heads[action, actor] = text[: text.rindex('0,"case":null')]
        return head


def _what_is_wrong(row: tuple[Any, ...], expected: int) -> FirstBad:
    """Slowly, and believing nothing of the row's types."""
    position, entry, stored, raw, at, action, case, actor = row
    if position != expected:
        return FirstBad("audit.position_missing", expected)
    if raw is None and action is None:
        return FirstBad("audit.entry_missing", position, entry)
    if not isinstance(raw, bytes) or not isinstance(stored, bytes) or sha256(b"\x00" + raw).digest() != stored:
        return FirstBad("audit.bytes_changed", position, entry)
    changed = [
        name
        for name, part in (
            ("action", lambda: f'"action":{encode_basestring(action)},'),
            ("actor", lambda: f'"actor":{encode_basestring(actor)},'),
            ("at", lambda: f'"at":{at},'),
            ("case_ref", lambda: f'"case":{"null" if case is None else encode_basestring(case)},'),
        )
        if not _contains(raw, part)
    ]
    return FirstBad("audit.copy_changed", position, entry, {"fields": changed or ["actor"]})


def _contains(raw: bytes, part: Any) -> bool:
    try:
        text: str = part()
        return text.encode() in raw
    except (TypeError, ValueError):
        return False


class RootCheck:
    """Grows a tree and compares its root wherever somebody holds one."""

    def __init__(self, expected: Iterable[tuple[int, bytes]]) -> None:
        self._expected = sorted(set(expected), reverse=True)
        self._frontier = Frontier()
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
            else:
                self.bad = size
        if self.bad is None:
            self._frontier.extend(hashes[taken:])

    def first_beyond(self) -> int | None:
        """Size of a root that is held although the log ended before it."""
        return self._expected[-1][0] if self._expected and self.bad is None else None
