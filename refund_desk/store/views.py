"""Read-only pictures for lists: the queue with its chips, search, and what waits for somebody.

The list orders by (act_by, id) and pages by that key. Chip counts go by index and are capped, so
that their cost has a bound whatever the size of the queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
    union_all,
)

from refund_desk.domain.tokens import query_tokens
from refund_desk.domain.words import Role
from refund_desk.service.ports.views import CHIPS, Count, Listed, Place, QueueFilter
from refund_desk.store.cases import to_state
from refund_desk.store.forecast import ForecastViews
from refund_desk.store.tables.base import Instant, from_micros
from refund_desk.store.tables.cases import (
    consultation,
    inbox,
    inbox_seen,
    last_look,
    proposal,
    refund_case,
    refund_intent,
)
from refund_desk.store.tables.facts import merchant, personal
from refund_desk.store.tables.people import person

CAP = 999
FOUND = 1000
"""How many cases a search of the queue goes through at most."""
HIGH = {"CNY": 200_000, "USD": 30_000, "EUR": 28_000, "GBP": 24_000, "JPY": 45_000, "HKD": 220_000}
"""What the chip `high_amount` means, in minor units; other currencies have no high amounts of their own."""

_c = refund_case.c
_OPEN = _c.open == true()
# Written as in the partial indexes, values and all: SQLite doesn't see that a bound value is the same.
_REVIEW = _c.stage == literal_column("'review'")
_CONFLICT = _c.conflicts > literal_column("0")
_APPROVAL = and_(_OPEN, _c.stage == literal_column("'approval'"))
_LISTED = (
    select(
        refund_case,
        personal.c.masked.label("customer_masked"),
        merchant.c.name.label("merchant_name"),
        person.c.name.label("assignee_name"),
        last_look.c.at.label("looked_at"),
    )
    .outerjoin(personal, personal.c.customer_id == _c.customer_id)
    .outerjoin(merchant, merchant.c.id == _c.merchant_id)
    .outerjoin(person, person.c.id == _c.assignee_id)
)


# ---------------------------------------------------------------- chips

_ME = bindparam("viewer", type_=BigInteger)
_NOW = bindparam("now", type_=Instant)
_SOON = bindparam("soon", type_=Instant)
SOON = timedelta(hours=2)

_MINE = and_(_OPEN, _c.assignee_id == _ME)
_HIGH = union_all(
    *(
        select(_c.id).where(_OPEN, _REVIEW, _c.currency == currency, _c.amount_minor >= minor)
        for currency, minor in HIGH.items()
    )
)
"""By a range of the index per currency: an OR of them goes by none."""
_CHIPS: Mapping[str, ColumnElement[bool]] = {
    "mine": _MINE,
    "returned": and_(_MINE, _c.returned_to_id == _ME),
    "answer_came": and_(_MINE, _c.answer_came == true()),
    "unassigned": and_(_OPEN, _c.assignee_id.is_(None), _REVIEW),
    "overdue": and_(_OPEN, _c.due_at < _NOW),
    "due_2h": and_(_OPEN, _c.due_at >= _NOW, _c.due_at < _SOON),
    "conflict": and_(_OPEN, _CONFLICT),
    "disputed": and_(_OPEN, _c.disputed == true()),
    "high_amount": and_(_OPEN, _c.id.in_(_HIGH)),
    "waiting_customer": and_(_OPEN, _c.stage == literal_column("'waiting_customer'")),
    "waiting_approval": _APPROVAL,
    "mine_to_approve": and_(_APPROVAL, _c.proposer_id != _ME),
}
"""The condition of each chip, in the words of a partial index where there is one."""


def _some(key: str) -> Any:
    """A row for each case of a chip."""
    return _HIGH if key == "high_amount" else select(literal_column("1")).where(_CHIPS[key])


def _counted(key: str, some: Any) -> Any:
    """Key and number of rows, counted no further than the cap."""
    return select(literal(key).label("key"), func.count().label("n")).select_from(some.limit(CAP + 1).subquery())


@lru_cache(maxsize=2)
def _counts(approver: bool) -> Any:
    """All chips in one statement."""
    return union_all(*(_counted(key, _some(key)) for key in _keys(approver)))


def _keys(approver: bool) -> list[str]:
    return [key for key in CHIPS if key != "mine_to_approve" or approver]


_TOTAL = _counted("open", select(literal_column("1")).where(_OPEN))

# ---------------------------------------------------------------- pages

_NARROWED: Mapping[str, ColumnElement[bool]] = {
    "stage": _c.stage == bindparam("stage"),
    "reason": _c.reason == bindparam("reason"),
    "kind": _c.kind == bindparam("kind"),
    "currency": _c.currency == bindparam("currency"),
    "assignee": _c.assignee_id == bindparam("assignee"),
    "merchant": _c.merchant_id.in_(select(merchant.c.id).where(merchant.c.name == bindparam("merchant"))),
    "found": _c.id.in_(bindparam("found", expanding=True)),
    "only": _c.id.in_(bindparam("only", expanding=True)),
    "after": or_(
        _c.act_by > bindparam("at", type_=Instant),
        and_(_c.act_by == bindparam("at", type_=Instant), _c.id > bindparam("after")),
    ),
}
_MERCHANT = select(merchant.c.name).where(merchant.c.id == bindparam("id"))
_OTHER_CASES = select(func.count()).where(_c.customer_id == bindparam("customer"), _c.id != bindparam("but"))
_REFUNDS = select(func.count(func.distinct(proposal.c.id))).where(
    proposal.c.id == refund_intent.c.proposal_id,
    refund_intent.c.customer_id == bindparam("customer"),
    refund_intent.c.created_at >= bindparam("since"),
    refund_intent.c.state.not_in([literal_column(f"'{state}'") for state in ("failed", "cancelled", "returned")]),
)
_SEEN = _LISTED.outerjoin(last_look, and_(last_look.c.case_id == _c.id, last_look.c.person_id == _ME))
_LISTED_BY_ID = _SEEN.where(_c.id.in_(bindparam("ids", expanding=True)))


@lru_cache(maxsize=256)
def _page(chip: str | None, closed: bool, narrowed: tuple[str, ...]) -> Any:
    """A page by what narrows it; the values come with the call."""
    where = conditions(chip, closed, narrowed)
    return _SEEN.where(*where).order_by(_c.act_by, _c.id).limit(bindparam("most"))


def conditions(chip: str | None, closed: bool, narrowed: Sequence[str]) -> list[ColumnElement[bool]]:
    """What a case must be to stand in a list, by what narrows it."""
    where = [_CHIPS[chip]] if chip else [] if closed else [_OPEN]
    return where + [_NARROWED[name] for name in narrowed]


class Values(NamedTuple):
    """What `conditions` are bound to. narrowed: the names among them that narrow the list."""

    narrowed: dict[str, Any]
    viewer: int
    now: datetime

    @property
    def all(self) -> dict[str, Any]:
        return {**self.narrowed, "viewer": self.viewer, "now": self.now, "soon": self.now + SOON}


def values_of(viewer: int, wanted: QueueFilter, now: datetime, only: Sequence[int] | None = None) -> Values:
    """Values of a filter, without those of its text."""
    narrowed: dict[str, Any] = {name: getattr(wanted, name) for name in _NARROWED if getattr(wanted, name, None)}
    if only is not None:
        narrowed["only"] = only
    return Values(narrowed, viewer, now)


_IN_SQLITE = (
    "SELECT DISTINCT d.case_id FROM search_index i JOIN search_doc d ON d.id = i.rowid WHERE search_index MATCH :q{n}"
)
_IN_POSTGRES = (
    "SELECT DISTINCT case_id FROM search_doc WHERE to_tsvector('simple', tokens) @@ to_tsquery('simple', :q{n})"
)


class Views(ForecastViews):
    """Lists over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._postgres = connection.dialect.name == "postgresql"

    # ------------------------------------------------------------ the queue

    def page(
        self,
        viewer: int,
        wanted: QueueFilter,
        now: datetime,
        after: Place | None,
        limit: int,
        only: Sequence[int] | None = None,
    ) -> list[Listed]:
        """A page in order of urgency. after: (act_by in µs, id) of the last row of the page before; only: of these
        cases.
        """
        values = values_of(viewer, wanted, now, only)
        if wanted.text and wanted.text.strip():
            values.narrowed["found"] = self.search(wanted.text)
        if after is not None:
            values.narrowed["after"] = after[1]
        statement = _page(wanted.chip, wanted.closed, tuple(values.narrowed))
        more = {"most": limit} if after is None else {"most": limit, "at": from_micros(after[0])}
        rows = self._c.execute(statement, {**values.all, **more})
        return [_listed(row._mapping, to_state(row)) for row in rows]

    def search(self, words: str, most: int | None = FOUND) -> Sequence[int]:
        """Cases with one text that holds all the words, or else with texts that hold them together; newest first.

        The last word may be the beginning of one. most: None for all of them.
        """
        wanted = query_tokens(words)[:12]
        found = self._matching([wanted], most) if wanted else []
        each = [group for word in words.split()[:6] if (group := query_tokens(word))]
        return found if found or len(each) < 2 else self._matching(each, most)

    def _matching(self, groups: Sequence[Sequence[str]], most: int | None) -> Sequence[int]:
        """Cases that have a text for each group of tokens."""
        one = _IN_POSTGRES if self._postgres else _IN_SQLITE
        parts = " INTERSECT ".join(one.format(n=n) for n in range(len(groups)))
        last = len(groups) - 1
        values = {f"q{n}": self._query(group, begins=n == last) for n, group in enumerate(groups)}
        limit = "" if most is None else f" LIMIT {most:d}"
        rows = self._c.execute(text(f"{parts} ORDER BY 1 DESC{limit}"), values)
        return [int(row[0]) for row in rows]

    def _query(self, group: Sequence[str], *, begins: bool) -> str:
        if self._postgres:
            return " & ".join(group) + (":*" if begins else "")
        return " ".join(f'"{token}"' for token in group) + ("*" if begins else "")

    def counts(self, viewer: int, roles: frozenset[Role], now: datetime) -> list[Count]:
        """All chips in one statement, each capped."""
        approver = bool(roles & _APPROVERS)
        rows = self._c.execute(_counts(approver), {"viewer": viewer, "now": now, "soon": now + SOON})
        found = {row.key: int(row.n) for row in rows}
        return [Count(key, min(found[key], CAP), found[key] > CAP) for key in _keys(approver)]

    def total(self) -> Count:
        """All open cases, capped."""
        number = int(self._c.execute(_TOTAL).one().n)
        return Count("open", min(number, CAP), number > CAP)

    # ------------------------------------------------------------ what waits for whom

    def listed(self, viewer: int, case_ids: Sequence[int]) -> list[Listed]:
        if not case_ids:
            return []
        rows = self._c.execute(_LISTED_BY_ID, {"viewer": viewer, "ids": list(case_ids)})
        found = {row._mapping["id"]: _listed(row._mapping, to_state(row)) for row in rows}
        return [found[number] for number in case_ids if number in found]

    def _ids(self, where: ColumnElement[bool], limit: int, after: Place | None) -> list[int]:
        values: dict[str, Any] = {}
        if after is not None:
            where = and_(where, _NARROWED["after"])
            values = {"at": from_micros(after[0]), "after": after[1]}
        query = select(_c.id).where(where).order_by(_c.act_by, _c.id).limit(limit)
        return [int(number) for number in self._c.execute(query, values).scalars()]

    def approvals(self, viewer: int, limit: int, after: Place | None = None) -> list[int]:
        return self._ids(and_(_APPROVAL, or_(_c.proposer_id.is_(None), _c.proposer_id != viewer)), limit, after)

    def returned(self, viewer: int, limit: int, after: Place | None = None) -> list[int]:
        return self._ids(and_(_OPEN, _c.assignee_id == viewer, _c.returned_to_id == viewer), limit, after)

    def held(self, viewer: int, limit: int, after: Place | None = None) -> list[int]:
        mine = and_(_OPEN, _c.assignee_id == viewer, _c.stage.in_(["review", "consult"]))
        return self._ids(and_(mine, or_(_c.returned_to_id.is_(None), _c.returned_to_id != viewer)), limit, after)

    def to_answer(self, viewer: int, roles: frozenset[Role], limit: int, after: Place | None = None) -> list[int]:
        asked = exists().where(
            consultation.c.case_id == _c.id,
            consultation.c.open == true(),
            consultation.c.role.in_([role.value for role in roles]),
            consultation.c.asked_by != viewer,
        )
        return self._ids(and_(_OPEN, asked), limit, after)

    def at_stage(self, stage: str, limit: int, after: Place | None = None) -> list[int]:
        return self._ids(and_(_OPEN, _c.stage == stage), limit, after)

    def to_pay(self, viewer: int, limit: int, after: Place | None = None) -> list[int]:
        """Cases with money that waits for a hand: neither proposer's nor approver's own."""
        waits = exists().where(
            refund_intent.c.case_id == _c.id,
            refund_intent.c.state == "reserved",
            refund_intent.c.tender != "goods",
            refund_intent.c.proposer_id != viewer,
            or_(refund_intent.c.approver_id.is_(None), refund_intent.c.approver_id != viewer),
        )
        return self._ids(and_(_OPEN, _c.stage == "payout", waits), limit, after)

    def to_ship(self, limit: int, after: Place | None = None) -> list[int]:
        waits = exists().where(
            refund_intent.c.case_id == _c.id, refund_intent.c.state == "reserved", refund_intent.c.tender == "goods"
        )
        return self._ids(and_(_OPEN, _c.stage == "payout", waits), limit, after)

    def inbox(
        self, viewer: int, roles: frozenset[Role], limit: int, before: int | None = None
    ) -> Sequence[Mapping[str, Any]]:
        seen = exists().where(inbox_seen.c.inbox_id == inbox.c.id, inbox_seen.c.person_id == viewer)
        query = (
            select(inbox, _c.ref, seen.label("seen"))
            .join(refund_case, _c.id == inbox.c.case_id)
            .where(inbox.c.role.in_([role.value for role in roles]), ~seen)
            .where(true() if before is None else inbox.c.id < before)
            .order_by(inbox.c.id.desc())
            .limit(limit)
        )
        return [dict(row._mapping) for row in self._c.execute(query)]

    # ------------------------------------------------------------ beside a case

    def merchant(self, merchant_id: int) -> str | None:
        return self._c.execute(_MERCHANT, {"id": merchant_id}).scalar_one_or_none()

    def other_cases(self, customer_id: int, but: int) -> int:
        return int(self._c.execute(_OTHER_CASES, {"customer": customer_id, "but": but}).scalar_one())

    def refunds_since(self, customer_id: int, since: datetime) -> int:
        return int(self._c.execute(_REFUNDS, {"customer": customer_id, "since": since}).scalar_one())


_APPROVERS = frozenset({Role.SUPERVISOR, Role.LEAD, Role.FINANCE})


def _listed(row: Mapping[Any, Any], state: Any) -> Listed:
    looked = row["looked_at"]
    return Listed(
        state=state,
        customer=row["customer_masked"] or "",
        merchant=row["merchant_name"],
        assignee=row["assignee_name"],
        unseen=looked is not None and state.changed_at > looked,
    )
