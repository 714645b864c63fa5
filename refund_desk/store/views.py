"""Read-only pictures for lists: the queue with its chips, search, and what waits for somebody.

The list orders by (act_by, id) and pages by that key. Chip counts go by index and are capped, so
that their cost has a bound whatever the size of the queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
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
from refund_desk.service.ports.views import CHIPS, Count, Listed, QueueFilter
from refund_desk.store.cases import to_state
from refund_desk.store.tables.base import from_micros
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
HIGH = {"CNY": 200_000, "USD": 30_000, "EUR": 28_000, "GBP": 24_000, "JPY": 45_000, "HKD": 220_000}
"""What the chip `high_amount` means, in minor units; other currencies have no high amounts of their own."""

_c = refund_case.c
_OPEN = _c.open == true()
# Written as in the partial indexes, values and all: SQLite doesn't see that a bound value is the same.
_REVIEW = _c.stage == literal_column("'review'")
_CONFLICT = _c.conflicts > literal_column("0")
_APPROVAL = and_(_OPEN, _c.stage == "approval")
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


def _high() -> ColumnElement[bool]:
    return or_(*(and_(_c.currency == currency, _c.amount_minor >= minor) for currency, minor in HIGH.items()))


class Views:
    """Lists over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._postgres = connection.dialect.name == "postgresql"

    # ------------------------------------------------------------ the queue

    def _chip(self, key: str, viewer: int, now: datetime) -> ColumnElement[bool]:
        """The condition of a chip, in the words of a partial index where there is one."""
        match key:
            case "mine":
                return and_(_OPEN, _c.assignee_id == viewer)
            case "returned":
                return and_(_OPEN, _c.assignee_id == viewer, _c.returned_to_id == viewer)
            case "answer_came":
                return and_(_OPEN, _c.assignee_id == viewer, _c.answer_came == true())
            case "unassigned":
                return and_(_OPEN, _c.assignee_id.is_(None), _REVIEW)
            case "overdue":
                return and_(_OPEN, _c.due_at < now)
            case "due_2h":
                return and_(_OPEN, _c.due_at >= now, _c.due_at < now + timedelta(hours=2))
            case "conflict":
                return and_(_OPEN, _CONFLICT)
            case "disputed":
                return and_(_OPEN, _c.disputed == true())
            case "high_amount":
                return and_(_OPEN, _REVIEW, _high())
            case "waiting_customer":
                return and_(_OPEN, _c.stage == "waiting_customer")
            case "waiting_approval":
                return _APPROVAL
            case "mine_to_approve":
                return and_(_APPROVAL, _c.proposer_id != viewer)
        return _OPEN

    def _where(self, viewer: int, wanted: QueueFilter, now: datetime) -> list[ColumnElement[bool]]:
        where = [self._chip(wanted.chip, viewer, now)] if wanted.chip else []
        if not wanted.chip and not wanted.closed:
            where.append(_OPEN)
        for column, value in ((_c.stage, wanted.stage), (_c.reason, wanted.reason), (_c.kind, wanted.kind)):
            if value:
                where.append(column == value)
        if wanted.currency:
            where.append(_c.currency == wanted.currency)
        if wanted.assignee:
            where.append(_c.assignee_id == wanted.assignee)
        if wanted.merchant:
            where.append(_c.merchant_id.in_(select(merchant.c.id).where(merchant.c.name == wanted.merchant)))
        return where

    def page(
        self, viewer: int, wanted: QueueFilter, now: datetime, after: tuple[int, int] | None, limit: int
    ) -> list[Listed]:
        """A page in order of urgency. after: (act_by in µs, id) of the last row of the page before."""
        query = _LISTED.outerjoin(last_look, and_(last_look.c.case_id == _c.id, last_look.c.person_id == viewer)).where(
            *self._where(viewer, wanted, now)
        )
        if wanted.text and wanted.text.strip():
            found = self._search(wanted.text)
            query = query.where(_c.id.in_(found))
        if after is not None:
            at, number = from_micros(after[0]), after[1]
            query = query.where(or_(_c.act_by > at, and_(_c.act_by == at, _c.id > number)))
        rows = self._c.execute(query.order_by(_c.act_by, _c.id).limit(limit))
        return [_listed(row._mapping, to_state(row)) for row in rows]

    def _search(self, words: str) -> Sequence[int]:
        """Cases whose texts hold all the words, newest first, at most a thousand."""
        wanted = query_tokens(words)[:12]
        if not wanted:
            return []
        if self._postgres:
            query = " & ".join(f"{token}:*" if i == len(wanted) - 1 else token for i, token in enumerate(wanted))
            statement = text(
                "SELECT DISTINCT case_id FROM search_doc"
                " WHERE to_tsvector('simple', tokens) @@ to_tsquery('simple', :q) ORDER BY case_id DESC LIMIT 1000"
            )
        else:
            quoted = [f'"{token}"' for token in wanted]
            query = " ".join([*quoted[:-1], f"{quoted[-1]}*"])
            statement = text(
                "SELECT DISTINCT d.case_id FROM search_index i JOIN search_doc d ON d.id = i.rowid"
                " WHERE search_index MATCH :q ORDER BY d.case_id DESC LIMIT 1000"
            )
        return [int(row[0]) for row in self._c.execute(statement, {"q": query})]

    def counts(self, viewer: int, roles: frozenset[Role], now: datetime) -> list[Count]:
        """All chips in one statement, each capped."""
        keys = [key for key in CHIPS if key != "mine_to_approve" or roles & _APPROVERS]
        parts: list[Any] = []
        for key in keys:
            some = self._some(key, viewer, now).limit(CAP + 1).subquery()
            parts.append(select(literal(key).label("key"), func.count().label("n")).select_from(some))
        found = {row.key: int(row.n) for row in self._c.execute(union_all(*parts))}
        return [Count(key, min(found[key], CAP), found[key] > CAP) for key in keys]

    def _some(self, key: str, viewer: int, now: datetime) -> Any:
        """A row for each case of a chip. High amounts by a range per currency: an OR of them goes by no index."""
        if key != "high_amount":
            return select(literal(1)).where(self._chip(key, viewer, now))
        ranges = [
            select(literal(1)).where(_OPEN, _REVIEW, _c.currency == currency, _c.amount_minor >= minor)
            for currency, minor in HIGH.items()
        ]
        return union_all(*ranges)

    def total(self) -> Count:
        some = select(literal(1)).where(_OPEN).limit(CAP + 1).subquery()
        number = int(self._c.execute(select(func.count()).select_from(some)).scalar_one())
        return Count("open", min(number, CAP), number > CAP)

    # ------------------------------------------------------------ what waits for whom

    def listed(self, viewer: int, case_ids: Sequence[int]) -> list[Listed]:
        if not case_ids:
            return []
        query = _LISTED.outerjoin(last_look, and_(last_look.c.case_id == _c.id, last_look.c.person_id == viewer))
        rows = self._c.execute(query.where(_c.id.in_(case_ids)))
        found = {row._mapping["id"]: _listed(row._mapping, to_state(row)) for row in rows}
        return [found[number] for number in case_ids if number in found]

    def _ids(self, where: ColumnElement[bool], limit: int) -> list[int]:
        query = select(_c.id).where(where).order_by(_c.act_by, _c.id).limit(limit)
        return [int(number) for number in self._c.execute(query).scalars()]

    def approvals(self, viewer: int, limit: int) -> list[int]:
        return self._ids(and_(_APPROVAL, or_(_c.proposer_id.is_(None), _c.proposer_id != viewer)), limit)

    def returned(self, viewer: int, limit: int) -> list[int]:
        return self._ids(and_(_OPEN, _c.assignee_id == viewer, _c.returned_to_id == viewer), limit)

    def held(self, viewer: int, limit: int) -> list[int]:
        mine = and_(_OPEN, _c.assignee_id == viewer, _c.stage.in_(["review", "consult"]))
        return self._ids(and_(mine, or_(_c.returned_to_id.is_(None), _c.returned_to_id != viewer)), limit)

    def to_answer(self, viewer: int, roles: frozenset[Role], limit: int) -> list[int]:
        asked = exists().where(
            consultation.c.case_id == _c.id,
            consultation.c.open == true(),
            consultation.c.role.in_([role.value for role in roles]),
            consultation.c.asked_by != viewer,
        )
        return self._ids(and_(_OPEN, asked), limit)

    def at_stage(self, stage: str, limit: int) -> list[int]:
        return self._ids(and_(_OPEN, _c.stage == stage), limit)

    def to_pay(self, viewer: int, limit: int) -> list[int]:
        """Cases with money that waits for a hand: neither proposer's nor approver's own."""
        waits = exists().where(
            refund_intent.c.case_id == _c.id,
            refund_intent.c.state == "reserved",
            refund_intent.c.tender != "goods",
            refund_intent.c.proposer_id != viewer,
            or_(refund_intent.c.approver_id.is_(None), refund_intent.c.approver_id != viewer),
        )
        return self._ids(and_(_OPEN, _c.stage == "payout", waits), limit)

    def to_ship(self, limit: int) -> list[int]:
        waits = exists().where(
            refund_intent.c.case_id == _c.id, refund_intent.c.state == "reserved", refund_intent.c.tender == "goods"
        )
        return self._ids(and_(_OPEN, _c.stage == "payout", waits), limit)

    def inbox(self, viewer: int, roles: frozenset[Role], limit: int) -> Sequence[Mapping[str, Any]]:
        seen = exists().where(inbox_seen.c.inbox_id == inbox.c.id, inbox_seen.c.person_id == viewer)
        query = (
            select(inbox, _c.ref, seen.label("seen"))
            .join(refund_case, _c.id == inbox.c.case_id)
            .where(inbox.c.role.in_([role.value for role in roles]), ~seen)
            .order_by(inbox.c.id.desc())
            .limit(limit)
        )
        return [dict(row._mapping) for row in self._c.execute(query)]

    # ------------------------------------------------------------ beside a case

    def merchant(self, merchant_id: int) -> str | None:
        query = select(merchant.c.name).where(merchant.c.id == merchant_id)
        return self._c.execute(query).scalar_one_or_none()

    def other_cases(self, customer_id: int, but: int) -> int:
        query = select(func.count()).where(_c.customer_id == customer_id, _c.id != but)
        return int(self._c.execute(query).scalar_one())

    def refunds_since(self, customer_id: int, since: datetime) -> int:
        query = select(func.count(func.distinct(proposal.c.id))).where(
            proposal.c.id == refund_intent.c.proposal_id,
            refund_intent.c.customer_id == customer_id,
            refund_intent.c.created_at >= since,
            refund_intent.c.state.not_in(["failed", "cancelled", "returned"]),
        )
        return int(self._c.execute(query).scalar_one())


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
