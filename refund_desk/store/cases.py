"""Cases in the database: rows, events with per-aspect versions, keys, requests, clocks, findings, inbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    true,
    update,
)

from refund_desk.domain.cases import CaseEvent, CaseState, case_ref
from refund_desk.domain.errors import NotFound
from refund_desk.domain.tokens import tokens
from refund_desk.domain.words import Aspect, ClockKind, Progress, Reason, RequestKind, Role, Stage
from refund_desk.store.clocks import ClockRows
from refund_desk.store.statements import add_unless_there, insert_of, new_id, put
from refund_desk.store.tables.cases import (
    case_event,
    finding,
    inbox,
    inbox_seen,
    last_look,
    refund_case,
    request,
    request_key,
    search_doc,
)
from refund_desk.store.tables.facts import customer, shop_order
from refund_desk.store.tables.people import desk_mark

_COLUMNS = {aspect: f"v_{aspect.value}" for aspect in Aspect}

# Statements are built once. Those that insert or change take their columns as parameters of the call.
_BY_IDS = select(refund_case).where(refund_case.c.id.in_(bindparam("ids", expanding=True)))
_BY_ID = select(refund_case).where(refund_case.c.id == bindparam("id"))
_BY_REF = select(refund_case).where(refund_case.c.ref == bindparam("ref"))
_OF_ORDER = select(refund_case).where(refund_case.c.order_id == bindparam("order_id")).order_by(refund_case.c.id)
_CHANGE = update(refund_case).where(refund_case.c.id == bindparam("row"))
_LOCK_ORDER = select(shop_order.c.id).where(shop_order.c.id == bindparam("order_id")).with_for_update()
_STEP = {
    aspect: _CHANGE.values({column: refund_case.c[column] + 1}).returning(refund_case)
    for aspect, column in _COLUMNS.items()
}
_ADD_CASE = insert(refund_case)
_ADD_EVENT = insert(case_event)
_MERGE = text("INSERT INTO search_index(search_index, rank) VALUES ('merge', :pages)")
_EVENTS = (
    select(case_event)
    .where(case_event.c.case_id == bindparam("case_id"), case_event.c.id > bindparam("after"))
    .order_by(case_event.c.id)
)
_LAST_EVENT = select(func.max(case_event.c.id)).where(case_event.c.case_id == bindparam("case_id"))
_NEWEST = select(func.max(case_event.c.id))
_ADD_REQUEST = insert(request)
_REQUESTS = select(request).where(request.c.case_id == bindparam("case_id")).order_by(request.c.id)
_FINDINGS = (
    select(finding).where(finding.c.case_id == bindparam("case_id"), finding.c.gone_at.is_(None)).order_by(finding.c.id)
)
_INFORM = insert(inbox)
_SEEN_EVENT = select(last_look.c.event_id).where(
    last_look.c.person_id == bindparam("person_id"), last_look.c.case_id == bindparam("case_id")
)
_STILL = (
    update(last_look)
    .where(last_look.c.person_id == bindparam("who"), last_look.c.case_id == bindparam("row"))
    .values(at=bindparam("now"))
)
_FREE = (
    select(refund_case)
    .where(
        refund_case.c.open == true(),
        refund_case.c.assignee_id.is_(None),
        refund_case.c.stage == literal_column("'review'"),  # as in the partial index
    )
    .order_by(refund_case.c.act_by, refund_case.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)  # PostgreSQL passes over what others hold; SQLite has one writer
)
_UNHELD = (
    select(refund_case)
    .where(refund_case.c.open == true(), refund_case.c.assignee_id.is_(None))  # as in the partial indexes
    .order_by(refund_case.c.act_by, refund_case.c.id)
    .limit(bindparam("most"))
)
_BACK = _UNHELD.where(refund_case.c.returned_to_id == bindparam("person_id"))
_ANSWERED = _UNHELD.where(refund_case.c.answer_came == true())
_HELD = select(refund_case).where(refund_case.c.open == true(), refund_case.c.assignee_id == bindparam("person_id"))


def to_state(row: Row[Any]) -> CaseState:
    """A row of refund_case as the rules see it."""
    r = row._mapping
    return CaseState(
        id=r["id"],
        ref=r["ref"],
        order_id=r["order_id"],
        customer_id=r["customer_id"],
        merchant_id=r["merchant_id"],
        kind=RequestKind(r["kind"]),
        reason=Reason(r["reason"]),
        language=r["language"],
        channel=r["channel"],
        amount_minor=r["amount_minor"],
        currency=r["currency"],
        method=r["method"],
        round=r["round"],
        stage=Stage(r["stage"]),
        progress=Progress(r["progress"]),
        open=r["open"],
        process_version=r["process_version"],
        conflicts=r["conflicts"],
        disputed=r["disputed"],
        images=r["images"],
        opened_at=r["opened_at"],
        closed_at=r["closed_at"],
        changed_at=r["changed_at"],
        act_by=r["act_by"],
        due_at=r["due_at"],
        due_clock=ClockKind(r["due_clock"]) if r["due_clock"] else None,
        assignee_id=r["assignee_id"],
        taken_at=r["taken_at"],
        lease_until=r["lease_until"],
        proposer_id=r["proposer_id"],
        returned_to_id=r["returned_to_id"],
        answer_came=r["answer_came"],
        versions={aspect: r[column] for aspect, column in _COLUMNS.items()},
    )


def as_event(row: Row[Any]) -> CaseEvent:
    """A row of case_event."""
    r = row._mapping
    return CaseEvent(
        r["id"], r["at"], r["type"], Aspect(r["aspect"]), r["version"], r["round"], r["person_id"], r["data"]
    )


class CaseRepo(ClockRows):
    """Everything about cases that a use case reads for a change, or writes."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._dialect = connection.dialect.name
        self._postgres = self._dialect == "postgresql"

    # ------------------------------------------------------------ the row

    def by_id(self, case_id: int) -> CaseState:
        row = self._c.execute(_BY_ID, {"id": case_id}).one_or_none()
        if row is None:
            raise NotFound("case.not_found", ref=str(case_id))
        return to_state(row)

    def several(self, case_ids: Sequence[int]) -> list[CaseState]:
        """Cases by id, in the order of the ids; those that aren't there are left out."""
        rows = self._c.execute(_BY_IDS, {"ids": list(case_ids)})
        found = {row.id: to_state(row) for row in rows}
        return [found[number] for number in case_ids if number in found]

    def by_ref(self, ref: str) -> CaseState:
        row = self._c.execute(_BY_REF, {"ref": ref}).one_or_none()
        if row is None:
            raise NotFound("case.not_found", ref=ref)
        return to_state(row)

    def lock(self, ref: str) -> CaseState:
        """The case for a change: its order locked first, then itself. SQLite's write lock covers both."""
        if not self._postgres:
            return self.by_ref(ref)
        state = self.by_ref(ref)
        self.lock_order(state.order_id)
        row = self._c.execute(_BY_ID.with_for_update(), {"id": state.id}).one()
        return to_state(row)

    def lock_order(self, order_id: int) -> None:
        if self._postgres:
            self._c.execute(_LOCK_ORDER, {"order_id": order_id}).one()

    def lock_customer(self, customer_id: int) -> None:
        """After order and case, in this order everywhere. Lets others refer to the customer meanwhile."""
        if self._postgres:
            query = select(customer.c.id).where(customer.c.id == customer_id)
            self._c.execute(query.with_for_update(key_share=True)).one()

    def new_ref(self, now: datetime) -> str:
        """The next reference of the year; one row, locked until the commit, so that none is given twice."""
        key = f"case_number.{now.year}"
        upsert = insert_of(self._dialect)(desk_mark).values(key=key, value="1")
        number = self._c.execute(
            upsert.on_conflict_do_update(
                index_elements=["key"], set_={"value": cast(cast(desk_mark.c.value, Integer) + 1, Text)}
            ).returning(desk_mark.c.value)
        ).scalar_one()
        return case_ref(now.year, int(number))

    def insert(self, **columns: Any) -> int:
        return new_id(self._c.execute(_ADD_CASE, columns))

    def update(self, case_id: int, **columns: Any) -> None:
        self._c.execute(_CHANGE, {"row": case_id, **columns})

    def of_order(self, order_id: int) -> list[CaseState]:
        """Every case of an order, open or closed, oldest first."""
        return [to_state(row) for row in self._c.execute(_OF_ORDER, {"order_id": order_id})]

    # ------------------------------------------------------------ the thread

    def event(
        self,
        case_id: int,
        type: str,
        aspect: Aspect,
        *,
        at: datetime,
        person_id: int | None = None,
        data: Mapping[str, Any] | None = None,
        **columns: Any,
    ) -> CaseState:
        """Append an event, bump its aspect's version and change `columns` of the case. Returns it as it then is."""
        row = self._c.execute(_STEP[aspect], {"row": case_id, "changed_at": at, **columns}).one()
        state = to_state(row)
        self._c.execute(
            _ADD_EVENT,
            {
                "case_id": case_id,
                "round": state.round,
                "at": at,
                "type": type,
                "aspect": aspect.value,
                "version": state.versions[aspect],
                "person_id": person_id or None,
                "data": dict(data or {}),
            },
        )
        return state

    def events(self, case_id: int, after: int = 0) -> list[CaseEvent]:
        return [as_event(row) for row in self._c.execute(_EVENTS, {"case_id": case_id, "after": after})]

    # ------------------------------------------------------------ requests

    def find_by_keys(self, keys: Iterable[str]) -> list[int]:
        """Cases that already hold one of these request keys, oldest first."""
        wanted = list(keys)
        query = select(request_key.c.case_id).where(request_key.c.key.in_(wanted)).distinct()
        return sorted(self._c.execute(query).scalars())

    def add_keys(self, case_id: int, keys: Iterable[str]) -> None:
        rows = [{"key": key, "case_id": case_id} for key in keys]
        if rows:
            self._c.execute(add_unless_there(self._dialect, request_key), rows)

    def add_request(self, case_id: int, **columns: Any) -> int:
        return new_id(self._c.execute(_ADD_REQUEST, {"case_id": case_id, **columns}))

    def requests(self, case_id: int) -> Sequence[Mapping[str, Any]]:
        return [dict(row._mapping) for row in self._c.execute(_REQUESTS, {"case_id": case_id})]

    # ------------------------------------------------------------ findings, search

    def set_findings(self, case_id: int, found: Iterable[tuple[str, Mapping[str, Any], str]], at: datetime) -> None:
        """Make the case's findings exactly these (code, params, severity); old ones are kept as gone."""
        wanted = {(code, _key(params)): (code, dict(params), severity) for code, params, severity in found}
        have = {(row.code, _key(row.params)): row.id for row in self._c.execute(_FINDINGS, {"case_id": case_id})}
        gone = [have[key] for key in have.keys() - wanted.keys()]
        if gone:
            self._c.execute(update(finding).where(finding.c.id.in_(gone)).values(gone_at=at))
        new = [wanted[key] for key in wanted if key not in have]
        if new:
            self._c.execute(
                insert(finding),
                [{"case_id": case_id, "code": c, "params": p, "severity": s, "at": at} for c, p, s in new],
            )

    def findings(self, case_id: int) -> list[Mapping[str, Any]]:
        return [dict(row._mapping) for row in self._c.execute(_FINDINGS, {"case_id": case_id})]

    def index(self, case_id: int, kind: str, origin: str, text: str) -> None:
        """Make a text of the case findable; the same origin again replaces it."""
        joined = " ".join(tokens(text))
        if not joined:
            return
        statement = put(self._dialect, search_doc, ("case_id", "kind", "origin"), ("tokens",))
        self._c.execute(statement, {"case_id": case_id, "kind": kind, "origin": origin, "tokens": joined})

    def forget_index(self, case_ids: Iterable[int], kinds: Iterable[str]) -> None:
        where = and_(search_doc.c.case_id.in_(list(case_ids)), search_doc.c.kind.in_(list(kinds)))
        self._c.execute(delete(search_doc).where(where))
        if self._dialect != "postgresql":
            # FTS5 only notes that words are gone: they stay readable until the parts that hold them are merged.
            self._c.execute(_MERGE, {"pages": -500})  # below zero: begin with all there is
            self.tidy_index(500)

    def tidy_index(self, pages: int) -> bool:
        """Merge on where words were forgotten, so many pages at a time; whether more is left. SQLite alone."""
        if self._dialect == "postgresql":
            return False
        before = self._changes()
        self._c.execute(_MERGE, {"pages": pages})
        return self._changes() - before >= 2

    def _changes(self) -> int:
        return int(self._c.exec_driver_sql("SELECT total_changes()").scalar_one())

    # ------------------------------------------------------------ whose it is

    def next_free(self, limit: int = 1) -> list[CaseState]:
        """Unassigned cases in review, in the order of the queue, locked."""
        return [to_state(row) for row in self._c.execute(_FREE, {"most": limit})]

    def free_before_others(self, person_id: int | None, limit: int) -> list[CaseState]:
        """Free cases that came back to somebody (None: those that an answer came for), in order, not locked."""
        query = _ANSWERED if person_id is None else _BACK
        return [to_state(row) for row in self._c.execute(query, {"person_id": person_id, "most": limit})]

    def expired_leases(self, now: datetime, limit: int = 200) -> list[CaseState]:
        query = (
            select(refund_case)
            .where(refund_case.c.lease_until.is_not(None), refund_case.c.lease_until <= now)
            .order_by(refund_case.c.lease_until)
            .limit(limit)
        )
        return [to_state(row) for row in self._c.execute(query)]

    def standing_since(self, stage: Stage, before: datetime, limit: int) -> list[int]:
        """Cases that entered a stage before an instant and still stand in it, longest first."""
        query = (
            select(refund_case.c.id)
            .where(refund_case.c.open == true(), refund_case.c.stage == stage.value, refund_case.c.stage_at < before)
            .order_by(refund_case.c.stage_at)
            .limit(limit)
        )
        return list(self._c.execute(query).scalars())

    def entered(self, case_id: int, stage: Stage) -> datetime | None:
        query = select(refund_case.c.stage_at).where(refund_case.c.id == case_id, refund_case.c.stage == stage.value)
        return self._c.execute(query).scalar_one_or_none()

    def last_event_id(self) -> int:
        """Of all cases: a number that grows with everything that happens."""
        return int(self._c.execute(_NEWEST).scalar_one() or 0)

    def open_after(self, case_id: int, limit: int) -> list[int]:
        """Open cases by id, after one."""
        query = select(refund_case.c.id).where(refund_case.c.open == true(), refund_case.c.id > case_id)
        return list(self._c.execute(query.order_by(refund_case.c.id).limit(limit)).scalars())

    def held_by(self, person_id: int) -> list[CaseState]:
        return [to_state(row) for row in self._c.execute(_HELD, {"person_id": person_id})]

    def renew(self, person_id: int, case_id: int, until: datetime, now: datetime) -> bool:
        """Lengthen a lease that is still held; no event, no version: nothing about the case changed. It is still
        looked at.
        """
        self._c.execute(_STILL, {"who": person_id, "row": case_id, "now": now})
        result = self._c.execute(
            update(refund_case)
            .where(refund_case.c.id == case_id, refund_case.c.assignee_id == person_id)
            .values(lease_until=until)
        )
        return bool(result.rowcount)

    # ------------------------------------------------------------ informed, looks

    def inform(self, case_id: int, roles: Iterable[Role], code: str, params: Mapping[str, Any], at: datetime) -> None:
        rows = [{"role": r.value, "case_id": case_id, "at": at, "code": code, "params": dict(params)} for r in roles]
        if rows:
            self._c.execute(_INFORM, rows)

    def inbox_role(self, inbox_id: int) -> str | None:
        """The role an informed line is told to; None for no such line."""
        return self._c.execute(select(inbox.c.role).where(inbox.c.id == inbox_id)).scalar_one_or_none()

    def mark_seen(self, person_id: int, inbox_ids: Iterable[int], at: datetime) -> None:
        rows = [{"inbox_id": i, "person_id": person_id, "at": at} for i in inbox_ids]
        if rows:
            self._c.execute(add_unless_there(self._dialect, inbox_seen), rows)

    def look(self, person_id: int, case_id: int, event_id: int, at: datetime) -> None:
        """Remember up to which event somebody has seen a case."""
        statement = put(self._dialect, last_look, ("person_id", "case_id"), ("event_id", "at"))
        self._c.execute(statement, {"person_id": person_id, "case_id": case_id, "event_id": event_id, "at": at})

    def seen_event(self, person_id: int, case_id: int) -> int | None:
        found = self._c.execute(_SEEN_EVENT, {"person_id": person_id, "case_id": case_id}).scalar_one_or_none()
        return None if found is None else int(found)

    def last_event(self, case_id: int) -> int:
        return int(self._c.execute(_LAST_EVENT, {"case_id": case_id}).scalar_one() or 0)


def _key(params: Mapping[str, Any]) -> str:
    return repr(sorted(params.items(), key=lambda item: item[0]))
