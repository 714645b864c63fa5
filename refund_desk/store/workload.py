"""Whose work is whose: what people were said to do, the board's counts, hand-outs and moves, in the database.

The board reads the held cases row by row and everything else as counts: columns and keys of an index, no row twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from typing import cast as cast_to

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)

from refund_desk.domain.words import Role, Stage
from refund_desk.service.ports.workload import (
    AbsenceRow,
    DelegationRow,
    Handout,
    HeldRow,
    InterestRow,
    MovedRow,
    MoveRow,
    Piece,
    WorkingRow,
)
from refund_desk.store.statements import insert_of, new_id, put
from refund_desk.store.tables.base import Instant
from refund_desk.store.tables.cases import case_event, last_look, proposal, refund_case
from refund_desk.store.tables.facts import observation, personal, record, shop_order
from refund_desk.store.tables.people import account, account_role, person
from refund_desk.store.tables.workload import (
    absence,
    case_move,
    case_moved,
    delegation,
    handout,
    interest,
    working,
)

AT_ONCE = 500
"""Ids in one question: both databases have a bound."""
SOON = timedelta(hours=2)

_c = refund_case.c
_OPEN = _c.open == true()
_IN_HAND = _c.stage.in_([literal_column("'review'"), literal_column("'consult'")])
_ROW = (
    _c.id,
    _c.ref,
    _c.assignee_id.label("holder"),
    _c.kind,
    _c.reason,
    _c.language,
    _c.stage,
    _c.due_at,
    _c.due_clock,
    _c.customer_id.label("customer"),
)
_HELD = select(*_ROW).where(_OPEN, _c.assignee_id.is_not(None), _IN_HAND)
_NAMED = select(*_ROW).where(_OPEN, _IN_HAND, _c.ref.in_(bindparam("refs", expanding=True)))
_NOW = bindparam("now", type_=Instant)
_PIECES = (
    select(
        _c.assignee_id,
        _c.stage,
        func.count(),
        func.sum(case((_c.due_at < _NOW, 1), else_=0)),
        func.sum(case((and_(_c.due_at >= _NOW, _c.due_at < bindparam("soon", type_=Instant)), 1), else_=0)),
    )
    .where(_OPEN)
    .group_by(_c.assignee_id, _c.stage)
)
_STANDING = and_(_OPEN, _c.stage == bindparam("stage"))
_SINCE = select(_c.stage_at).where(_STANDING).order_by(_c.stage_at).limit(1).offset(bindparam("place"))
_OVER = select(func.count()).where(_STANDING, _c.stage_at < bindparam("before", type_=Instant))
_TO_APPROVE = (
    select(proposal.c.amount_minor, proposal.c.currency, func.count())
    .join_from(refund_case, proposal, proposal.c.case_id == _c.id)
    .where(_OPEN, _c.stage == literal_column("'approval'"), proposal.c.status == "open")
    .group_by(proposal.c.amount_minor, proposal.c.currency)
)
_LOOKING = select(last_look.c.case_id, last_look.c.person_id).where(last_look.c.at > bindparam("since", type_=Instant))
_LATEST = (
    select(_c.customer_id, _c.id, func.max(proposal.c.id).label("number"))
    .join_from(refund_case, proposal, proposal.c.case_id == _c.id)
    .where(_c.customer_id.in_(bindparam("ids", expanding=True)))
    .group_by(_c.customer_id, _c.id)
    .subquery()
)
_PROPOSERS = select(_LATEST.c.customer_id, _LATEST.c.id, _LATEST.c.number, proposal.c.person_id).join(
    proposal, proposal.c.id == _LATEST.c.number
)
_CUSTOMERS = select(personal.c.customer_id, personal.c.name, personal.c.address).where(
    personal.c.customer_id.in_(bindparam("ids", expanding=True))
)
_ACCOUNTS = (
    select(shop_order.c.customer_id, record.c.id, observation.c.field, observation.c.value)
    .join_from(shop_order, record, record.c.order_id == shop_order.c.id)
    .join(observation, observation.c.record_id == record.c.id)
    .where(
        shop_order.c.customer_id.in_(bindparam("ids", expanding=True)),
        record.c.kind == "payment",
        observation.c.current == true(),
        observation.c.field.in_(["method", "account_hint"]),
    )
)
_LASTS = {"absence": absence, "interest": interest, "delegation": delegation}
_WHOSE = {"absence": absence.c.person_id, "interest": interest.c.person_id, "delegation": delegation.c.from_id}


class WorkloadRepo:
    """Everything about whose work is whose."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._dialect = connection.dialect.name
        self._delegations: list[DelegationRow] | None = None

    # ------------------------------------------------------------ what the desk was told

    def working(self, people: Collection[int] | None = None) -> dict[int, WorkingRow]:
        """What is on record of these persons, or of all."""
        query = select(working)
        if people is not None:
            query = query.where(working.c.person_id.in_(list(people)))
        return {
            r.person_id: WorkingRow(r.person_id, frozenset(r.skills), frozenset(r.languages), r.calendar, r.away)
            for r in self._c.execute(query)
        }

    def put_working(self, row: WorkingRow, at: datetime, by: int | None) -> None:
        values = {
            "skills": sorted(row.skills),
            "languages": sorted(row.languages),
            "calendar": row.calendar,
            "away": row.away,
            "changed_at": at,
            "changed_by": by,
        }
        statement = put(self._dialect, working, ("person_id",), tuple(values))
        self._c.execute(statement, {"person_id": row.person, **values})

    def absences(self, until: datetime) -> Sequence[AbsenceRow]:
        """Those that end after an instant, soonest first."""
        query = (
            select(absence).where(absence.c.until_at > until, absence.c.ended_at.is_(None)).order_by(absence.c.from_at)
        )
        return [AbsenceRow(r.id, r.person_id, r.from_at, r.until_at, r.set_by) for r in self._c.execute(query)]

    def add_absence(self, person: int, from_at: datetime, until_at: datetime, at: datetime, by: int | None) -> int:
        values = {"person_id": person, "from_at": from_at, "until_at": until_at, "set_at": at, "set_by": by}
        return new_id(self._c.execute(insert(absence).values(values)))

    def interests(self, people: Collection[int] | None = None) -> Sequence[InterestRow]:
        """What these persons declared, or all did, and didn't take back."""
        query = select(interest).where(interest.c.ended_at.is_(None)).order_by(interest.c.id)
        if people is not None:
            query = query.where(interest.c.person_id.in_(list(people)))
        return [
            InterestRow(r.id, r.person_id, r.relation, r.customer_id, r.other_id, r.set_at)
            for r in self._c.execute(query)
        ]

    def add_interest(
        self, person: int, relation: str, customer: int | None, other: int | None, at: datetime, by: int | None
    ) -> int:
        values = {"person_id": person, "relation": relation, "customer_id": customer, "other_id": other}
        return new_id(self._c.execute(insert(interest).values({**values, "set_at": at, "set_by": by})))

    def delegations(self, until: datetime) -> Sequence[DelegationRow]:
        """Those that end after an instant, soonest first; read once in a unit of work, asked for each of its cases."""
        if self._delegations is None:
            query = select(delegation).where(delegation.c.until_at > until, delegation.c.ended_at.is_(None))
            self._delegations = [
                DelegationRow(r.id, r.from_id, r.to_id, r.from_at, r.until_at, r.set_by)
                for r in self._c.execute(query.order_by(delegation.c.from_at))
            ]
        return [row for row in self._delegations if row.until_at > until]

    def add_delegation(
        self, from_id: int, to_id: int, from_at: datetime, until_at: datetime, at: datetime, by: int | None
    ) -> int:
        values = {"from_id": from_id, "to_id": to_id, "from_at": from_at, "until_at": until_at}
        self._delegations = None
        return new_id(self._c.execute(insert(delegation).values({**values, "set_at": at, "set_by": by})))

    def end(self, what: str, number: int, at: datetime, by: int | None) -> int | None:
        """End one that lasts; whose it was, None: there is none."""
        self._delegations = None
        table = _LASTS[what]
        ended = (
            update(table)
            .where(table.c.id == number, table.c.ended_at.is_(None))
            .values(ended_at=at, ended_by=by)
            .returning(_WHOSE[what])
        )
        found = self._c.execute(ended).scalar_one_or_none()
        return None if found is None else int(found)

    def people(self, roles: Iterable[Role]) -> list[tuple[int, str, frozenset[Role]]]:
        """Persons who hold one of these roles by an account that is not disabled: id, name, all their roles."""
        query = (
            select(person.c.id, person.c.name, account_role.c.role)
            .join_from(account_role, account, account.c.id == account_role.c.account_id)
            .join(person, person.c.id == account.c.person_id)
            .where(account.c.disabled_at.is_(None))
            .order_by(person.c.name, person.c.id)
        )
        held: dict[tuple[int, str], set[Role]] = defaultdict(set)
        for number, name, role in self._c.execute(query):
            held[number, name].add(Role(role))
        wanted = set(roles)
        return [(number, name, frozenset(mine)) for (number, name), mine in held.items() if mine & wanted]

    # ------------------------------------------------------------ the board

    def held(self, holder: int | None = None) -> Sequence[HeldRow]:
        """Cases in review or consultation that somebody (this one) holds."""
        query = _HELD if holder is None else _HELD.where(_c.assignee_id == holder)
        return cast_to(Sequence[HeldRow], self._c.execute(query).all())  # the same columns; no row is made twice

    def named(self, refs: Sequence[str]) -> list[HeldRow]:
        """These cases, whoever has them, that are in review or consultation."""
        return [HeldRow._make(row) for row in self._in_parts(_NAMED, refs, "refs")]

    def pieces(self, now: datetime) -> list[Piece]:
        """Open cases by person and stage."""
        rows = self._c.execute(_PIECES, {"now": now, "soon": now + SOON})
        return [Piece(who, stage, count, late or 0, soon or 0) for who, stage, count, late, soon in rows]

    def since(self, stage: Stage, place: int) -> datetime | None:
        """Since when the open case at a place stands in its stage, the one that stands longest in front."""
        return self._c.execute(_SINCE, {"stage": stage.value, "place": place}).scalar_one_or_none()

    def standing_since(self, stage: Stage, before: datetime) -> int:
        """How many open cases have stood in a stage since before an instant."""
        return int(self._c.execute(_OVER, {"stage": stage.value, "before": before}).scalar_one())

    def to_approve(self) -> Sequence[tuple[int | None, str | None, int]]:
        """Proposals that wait: amount, currency, and how many of it."""
        return [(row[0], row[1], int(row[2])) for row in self._c.execute(_TO_APPROVE)]

    def looking(self, since: datetime) -> Mapping[int, frozenset[int]]:
        """Cases that were looked at since, and by whom."""
        out: dict[int, set[int]] = defaultdict(set)
        for case_id, who in self._c.execute(_LOOKING, {"since": since}):
            out[case_id].add(who)
        return {case_id: frozenset(people) for case_id, people in out.items()}

    # ------------------------------------------------------------ fairness

    def _in_parts(self, query: Select[Any], values: Collection[Any], name: str = "ids") -> Iterable[Any]:
        wanted = list(values)
        for start in range(0, len(wanted), AT_ONCE):
            yield from self._c.execute(query, {name: wanted[start : start + AT_ONCE]})

    def last_proposers(self, customers: Collection[int]) -> Sequence[tuple[int, int, int, int]]:
        """(customer, case, proposal, person): the last proposal of each of their cases."""
        return [(r[0], r[1], r[2], r[3]) for r in self._in_parts(_PROPOSERS, customers)]

    def customers(self, ids: Collection[int]) -> Mapping[int, tuple[str | None, str | None]]:
        """Name and address of customers."""
        return {r[0]: (r[1], r[2]) for r in self._in_parts(_CUSTOMERS, ids)}

    def accounts_of(self, ids: Collection[int]) -> Mapping[int, Sequence[tuple[str | None, str | None]]]:
        """Payment accounts of customers: (method, hint), as the gateway named them."""
        found: dict[tuple[int, int], dict[str, Any]] = defaultdict(dict)
        for customer, payment, field, value in self._in_parts(_ACCOUNTS, ids):
            found[customer, payment][field] = value
        out: dict[int, list[tuple[str | None, str | None]]] = defaultdict(list)
        for (customer, _), fields in found.items():
            out[customer].append((fields.get("method"), fields.get("account_hint")))
        return out

    # ------------------------------------------------------------ hand-outs

    def count_handout(self, person: int, day: str, **more: int) -> None:
        """Add to the counts of a person's day."""
        row = {"given": 0, "picked": 0, "declined": 0, "given_s": 0, "picked_s": 0, **more}
        new = insert_of(self._dialect)(handout).values(person_id=person, day=day, **row)
        added = {name: handout.c[name] + new.excluded[name] for name in row}
        self._c.execute(new.on_conflict_do_update(index_elements=["person_id", "day"], set_=added))

    def handouts(self, day: str) -> dict[int, Handout]:
        rows = self._c.execute(select(handout).where(handout.c.day == day))
        return {r.person_id: Handout(r.person_id, r.given, r.picked, r.declined, r.given_s, r.picked_s) for r in rows}

    def given_by_rule(self, case_id: int, person: int) -> bool:
        """Whether take-next gave a case to its present holder, who has done nothing with it since."""
        mine = (
            select(case_event.c.type, case_event.c.data)
            .where(case_event.c.case_id == case_id, case_event.c.person_id == person)
            .order_by(case_event.c.id.desc())
            .limit(1)
        )
        row = self._c.execute(mine).one_or_none()
        return row is not None and row.type == "case.taken" and bool(row.data.get("next"))

    # ------------------------------------------------------------ moves

    def add_move(self, person: int, at: datetime, undo: timedelta) -> int:
        values = {"person_id": person, "at": at, "undo_until": at + undo}
        return new_id(self._c.execute(insert(case_move).values(values)))

    def add_moved(self, move: int, row: MovedRow) -> None:
        values = {
            "move_id": move,
            "case_id": row.case_id,
            "from_id": row.from_id,
            "to_id": row.to_id,
            "event_id": row.event_id,
            "lease_until": row.lease_until,
            "taken_at": row.taken_at,
        }
        self._c.execute(insert(case_moved).values(values))

    def last_move(self, person: int) -> MoveRow | None:
        """The last one somebody made."""
        query = select(case_move).where(case_move.c.person_id == person).order_by(case_move.c.id.desc()).limit(1)
        return self._move(query)

    def move(self, number: int, lock: bool = False) -> MoveRow | None:
        query = select(case_move).where(case_move.c.id == number)
        return self._move(query.with_for_update() if lock else query)

    def _move(self, query: Select[Any]) -> MoveRow | None:
        r = self._c.execute(query).one_or_none()
        return None if r is None else MoveRow(r.id, r.at, r.person_id, r.undo_until, r.undone_at)

    def moved(self, number: int) -> list[MovedRow]:
        query = select(case_moved).where(case_moved.c.move_id == number).order_by(case_moved.c.case_id)
        return [
            MovedRow(r.case_id, r.from_id, r.to_id, r.event_id, r.lease_until, r.taken_at)
            for r in self._c.execute(query)
        ]

    def touched_since(self, case_id: int, event_id: int) -> bool:
        """Whether somebody did something on a case after an event."""
        query = select(cast(func.count(), Integer)).where(
            case_event.c.case_id == case_id, case_event.c.id > event_id, case_event.c.person_id.is_not(None)
        )
        return bool(self._c.execute(query).scalar_one())

    def settle_move(self, number: int, at: datetime) -> None:
        self._c.execute(update(case_move).where(case_move.c.id == number).values(undone_at=at))
