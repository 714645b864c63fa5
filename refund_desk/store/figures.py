"""Prepared sums of the figures: kept by the worker, asked by panel, report, export and API."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Connection,
    Insert,
    Text,
    and_,
    case,
    delete,
    func,
    insert,
    select,
    text,
    true,
    tuple_,
    type_coerce,
)

from refund_desk.domain.figure_parts import PARTS, days_of, members_of, of_all
from refund_desk.domain.figures import EVERYTHING, Dimension, Span, Sums
from refund_desk.domain.process_map import Standing
from refund_desk.service.ports.figures import Drilled
from refund_desk.store.figure_facts import histories
from refund_desk.store.statements import insert_of
from refund_desk.store.tables.audit import audit_entry, audit_leaf
from refund_desk.store.tables.cases import refund_case
from refund_desk.store.tables.facts import merchant
from refund_desk.store.tables.figures import figure_case, figure_day, figure_open
from refund_desk.store.tables.reconciliation import reconciliation_break

_c, _f, _d, _o = refund_case.c, figure_case.c, figure_day.c, figure_open.c
_DIMENSIONS = tuple(one.value for one in Dimension)
_TEXT = type_coerce(_f.parts, Text)
_SUMS = tuple(func.sum(_d[part]).label(part) for part in PARTS)
_OF_ALL_BREAKS = frozenset({"reconcile.run", "break.found", "match.undone", "break.resolved"})
"""Entries that may concern any case with a break."""

Row = tuple[int, tuple[str, ...], dict[str, int]]  # day, member of each dimension, n by part


class Figures:
    """Over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._dialect = connection.dialect.name

    # ------------------------------------------------------------ asked

    def sums(self, dimension: str, span: Span, member: str | None = None) -> Mapping[str, Sums]:
        """Sums of a span by member of a dimension (EVERYTHING: of all cases, under "")."""
        out: dict[str, dict[str, int]] = {}
        for row in self._c.execute(self._over(_d, (_d.member, *_SUMS), dimension, span, member).group_by(_d.member)):
            out[row[0]] = _parts(row[1:])
        columns = (_o.member, _o.part, func.sum(_o.n))
        for name, part, n in self._c.execute(
            self._over(_o, columns, dimension, span, member).group_by(_o.member, _o.part)
        ):
            out.setdefault(name, {})[part] = int(n)
        return out

    def line(self, dimension: str, member: str, span: Span) -> Mapping[date, Sums]:
        """Sums of one member by day; days of which there is nothing are left out."""
        out: dict[date, dict[str, int]] = {}
        columns = (_d.day, *(_d[part] for part in PARTS))
        for row in self._c.execute(self._over(_d, columns, dimension, span, member)):
            out[date.fromordinal(row[0])] = _parts(row[1:])
        for day, part, n in self._c.execute(self._over(_o, (_o.day, _o.part, _o.n), dimension, span, member)):
            out.setdefault(date.fromordinal(day), {})[part] = int(n)
        return out

    def _over(self, c: Any, columns: Any, dimension: str, span: Span, member: str | None) -> Any:
        days = and_(c.dimension == dimension, c.day.between(span.first.toordinal(), span.last.toordinal()))
        return select(*columns).where(days, *([] if member is None else [c.member == member]))

    def behind(
        self, part: str, span: Span, dimension: str, member: str, after: tuple[int, int] | None, limit: int
    ) -> list[Drilled]:
        """Cases that add to a part, newest day first; after: (day, case) of the last one before this page."""
        query = (
            select(refund_case.c.ref, refund_case.c.reason, refund_case.c.stage, _f.day, _f.case_id, _f.parts)
            .join(refund_case, refund_case.c.id == _f.case_id)
            .where(
                _f.day.between(span.first.toordinal(), span.last.toordinal()),
                _TEXT.contains(f'"{part}":', autoescape=True),
            )
            .order_by(_f.day.desc(), _f.case_id.desc())
            .limit(limit)
        )
        if dimension != EVERYTHING:
            query = query.where(_f[dimension] == member)
        if after is not None:
            query = query.where(tuple_(_f.day, _f.case_id) < tuple_(*after))
        return [
            Drilled(ref, reason, stage, date.fromordinal(day), number, parts)
            for ref, reason, stage, day, number, parts in self._c.execute(query)
        ]

    def standing(self, now: datetime, limits: Mapping[str, int | None]) -> list[Standing]:
        """How many open cases stand in each stage, since when, and how many for longer than its limit."""
        over = case(
            *(
                (and_(_c.stage == stage, _c.stage_at < now - timedelta(seconds=limit)), 1)
                for stage, limit in limits.items()
                if limit is not None
            )
        )
        query = (
            select(_c.stage, func.count(), func.min(_c.stage_at), func.count(over))
            .where(_c.open == true())
            .group_by(_c.stage)
        )
        return [Standing(*row) for row in self._c.execute(query)]

    def merchants(self, numbers: Iterable[str]) -> Mapping[str, str]:
        """Names of merchants by their number."""
        ids = [int(one) for one in numbers if one]
        query = select(merchant.c.id, merchant.c.name).where(merchant.c.id.in_(ids))
        return {str(number): name for number, name in self._c.execute(query)}

    # ------------------------------------------------------------ kept

    def lock(self) -> None:
        """One process at a time keeps the sums."""
        if self._dialect == "postgresql":
            self._c.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('figures', 0))"))

    def forget(self) -> None:
        """All of it: it is made anew."""
        for table in (figure_case, figure_day, figure_open):
            self._c.execute(delete(table))

    def top(self) -> int:
        """The place of the newest entry of the log; -1: it is empty."""
        found = self._c.execute(select(func.max(audit_leaf.c.position))).scalar()
        return -1 if found is None else int(found)

    def cases_after(self, case_id: int, limit: int) -> list[int]:
        query = select(refund_case.c.id).where(refund_case.c.id > case_id).order_by(refund_case.c.id).limit(limit)
        return list(self._c.execute(query).scalars())

    def changed(self, position: int, limit: int) -> tuple[int, list[int]]:
        """Cases that the next entries of the log concern, and the place of the last of those entries."""
        rows = self._c.execute(
            select(audit_leaf.c.position, audit_entry.c.action, audit_entry.c.case_ref, audit_entry.c.bytes)
            .join(audit_entry, audit_entry.c.id == audit_leaf.c.entry_id)
            .where(audit_leaf.c.position > position)
            .order_by(audit_leaf.c.position)
            .limit(limit)
        ).all()
        refs = {row.case_ref for row in rows if row.case_ref and not row.action.startswith("look.")}
        for row in rows:
            if row.action == "customer.erased":
                refs.update(json.loads(row.bytes)["data"]["cases"])
        ids = set(self._c.execute(select(refund_case.c.id).where(refund_case.c.ref.in_(refs))).scalars())
        if any(row.action in _OF_ALL_BREAKS for row in rows):
            query = select(reconciliation_break.c.case_id).where(reconciliation_break.c.case_id.is_not(None))
            ids.update(self._c.execute(query.distinct()).scalars())
        return (rows[-1].position if rows else position), sorted(ids)

    def count_again(self, case_ids: Sequence[int], zone: ZoneInfo) -> int:
        """Bring the sums to what these cases' rows say now; how many of them added something else before."""
        before = self._kept(case_ids)
        now = {one.case: _rows(one, zone) for one in histories(self._c, case_ids)}
        other = [one for one in case_ids if _sorted(before.get(one, ())) != _sorted(now.get(one, ()))]
        if not other:
            return 0
        self._c.execute(delete(figure_case).where(_f.case_id.in_(other)))
        new = [_case_row(one, row) for one in other for row in now.get(one, ())]
        if new:
            self._c.execute(insert(figure_case), new)
        change: dict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
        for sign, rows in ((-1, before), (1, now)):
            for one in other:
                for row in rows.get(one, ()):
                    _spread(change, row, sign)
        self._add(change)
        return len(other)

    def _kept(self, case_ids: Sequence[int]) -> Mapping[int, Sequence[Row]]:
        out: dict[int, list[Row]] = defaultdict(list)
        columns = (_f.case_id, _f.day, _f.parts, *(_f[name] for name in _DIMENSIONS))
        for row in self._c.execute(select(*columns).where(_f.case_id.in_(case_ids))):
            out[row[0]].append((row[1], tuple(row[3:]), row[2]))
        return out

    def _add(self, change: Mapping[tuple[str, str, int], Counter[str]]) -> None:
        closed, opened = [], []
        for (dimension, member, day), parts in change.items():
            key = {"dimension": dimension, "member": member, "day": day}
            if any(parts.get(part) for part in PARTS):
                closed.append({**key, **{part: parts.get(part, 0) for part in PARTS}})
            opened += [{**key, "part": part, "n": n} for part, n in parts.items() if n and ":" in part]
        for table, names, rows in ((figure_day, PARTS, closed), (figure_open, ("n",), opened)):
            if rows:
                self._c.execute(_adding(self._dialect, table, names), rows)


def _parts(values: Sequence[Any]) -> dict[str, int]:
    return {part: int(n) for part, n in zip(PARTS, values, strict=True) if n}


def _rows(history: Any, zone: ZoneInfo) -> list[Row]:
    members = members_of(history)
    known = tuple(members[one] for one in Dimension)
    return [(day.toordinal(), known, dict(parts)) for day, parts in days_of(history, zone).items()]


def _sorted(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row[0])


def _case_row(case_id: int, row: Row) -> dict[str, Any]:
    day, members, parts = row
    return {"case_id": case_id, "day": day, "parts": parts, **dict(zip(_DIMENSIONS, members, strict=True))}


def _spread(change: dict[tuple[str, str, int], Counter[str]], row: Row, sign: int) -> None:
    day, members, parts = row
    told_apart = [(part, sign * n) for part, n in parts.items() if not of_all(part)]
    for dimension, member in zip(_DIMENSIONS, members, strict=True):
        counter = change[dimension, member, day]
        for part, n in told_apart:
            counter[part] += n
    whole = change[EVERYTHING, "", day]
    for part, n in parts.items():
        whole[part] += sign * n


def _adding(dialect: str, table: Any, names: Sequence[str]) -> Insert:
    new = insert_of(dialect)(table)
    key = [column.name for column in table.primary_key]
    made: Insert = new.on_conflict_do_update(
        index_elements=key, set_={name: table.c[name] + new.excluded[name] for name in names}
    )
    return made
