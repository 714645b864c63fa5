"""A bill or bank file as it was read: rows, what couldn't be read, and whether the file agrees with itself.

Every reader in `sources` makes a `Statement` of bytes, and nothing else does. A value that can't be read stops its
row, with its place and reason, and never becomes 0. A file whose own totals disagree is taken, with a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from refund_desk.domain.reconciliation import Entry, Kind, State


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line of a bill. line: its number in the file; minor and refunded: never negative, in minor units.

    kind None: money that is neither a payment nor a refund (a top-up, a withdrawal); it takes no part in matching.
    refunded: what the bill says of this payment in passing, as in `131.77(已退款89.84)`.
    """

    line: int
    kind: Kind | None
    id: str
    refs: tuple[str, ...]
    minor: int
    currency: str
    at: datetime
    name: str = ""
    fee: int | None = None
    state: State = State.DONE
    refunded: int = 0
    batch: str = ""
    side: str = ""
    """What the bill counts it as: in, out, neither."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that can't be taken: code worded as `statement.<code>`."""

    line: int
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatementFinding:
    """What is odd about the whole file: its own totals, its counts, its order."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """A file. format: as in `jd_bill`; encoding: as it was read; account: whose, as the file names it."""

    format: str
    encoding: str
    currency: str
    rows: tuple[StatementRow, ...]
    bad: tuple[BadRow, ...] = ()
    findings: tuple[StatementFinding, ...] = ()
    account: str = ""

    def entries(self, source: str) -> Iterator[Entry]:
        """What takes part in matching, as lines of a source. A number that the file has twice gets its line's."""
        seen: set[tuple[Kind, str]] = set()
        for row in self.rows:
            if row.kind is None:
                continue
            name = row.id if row.id and (row.kind, row.id) not in seen else f"{row.id}#{row.line}"
            seen.add((row.kind, row.id))
            yield Entry(
                source,
                row.kind,
                name,
                row.refs,
                row.minor,
                row.currency,
                row.at,
                name=row.name,
                fee=row.fee,
                state=row.state,
                batch=row.batch,
            )


def total(rows: Iterator[StatementRow]) -> int:
    """Net minor units: what was paid less what of it was given back."""
    return sum(row.minor - row.refunded for row in rows)
