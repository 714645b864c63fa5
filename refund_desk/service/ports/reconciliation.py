"""What use cases need of the store about statements, matches and breaks. Filled by `store.reconciliation`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from refund_desk.domain.reconciliation import Entry, Key, Role
from refund_desk.domain.statements import Statement

ReadStatement = Callable[[bytes], Statement]
"""A pure function of a file's bytes; raises Invalid for a file that can't be read."""


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match as it is kept. `digest`: of comparison and lines."""

    digest: bytes
    check: str
    code: str
    here: Sequence[Key]
    there: Sequence[Key]
    terms: Sequence[tuple[str, int]]
    difference: int
    currency: str


@dataclass(frozen=True, slots=True)
class BreakRow:
    """A break as it was found. case_id: the case whose payout it is about, if it is about one."""

    digest: bytes
    kind: str
    check: str
    here: Sequence[Key]
    there: Sequence[Key]
    minor: int
    currency: str
    since: datetime
    case_id: int | None = None


class ReconciliationBook(Protocol):
    def statement_of(self, source: str, digest: bytes) -> int | None: ...
    def add_statement(self, **columns: Any) -> int: ...
    def add_rows(self, statement_id: int, role: Role, entries: Sequence[Entry]) -> int: ...
    def settle_statement(self, statement_id: int, fresh: int) -> None: ...
    def rows(self) -> list[tuple[Role, Entry]]: ...
    def paid_out(self) -> list[tuple[int, Entry]]: ...
    def put_matches(self, rows: Sequence[MatchRow], at: datetime) -> int: ...
    def match(self, match_id: int) -> Mapping[str, Any]: ...
    def matches(self, after: int, limit: int) -> Sequence[Mapping[str, Any]]: ...
    def undo_match(self, match_id: int, at: datetime, person_id: int | None, reason: str) -> None: ...
    def undone(self) -> list[tuple[Sequence[Key], Sequence[Key]]]: ...
    def put_breaks(self, rows: Sequence[BreakRow], at: datetime) -> list[tuple[int, BreakRow]]: ...
    def break_(self, break_id: int, lock: bool = False) -> Mapping[str, Any]: ...
    def breaks(self, status: str | None, kind: str | None, after: int, limit: int) -> Sequence[Mapping[str, Any]]: ...
    def open_breaks_of(self, case_id: int) -> int: ...
    def settle_break(self, break_id: int, **columns: Any) -> None: ...
