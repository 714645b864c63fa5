"""What systems said, as they said it: orders, records with their observations, customers, messages, evidence.

One observation per record and field is current. A later word of the same system replaces it, an earlier
one that arrives late becomes history; so it doesn't matter in which order two records come in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, text, true, update

from refund_desk.domain.dictionary import BY_KEY
from refund_desk.domain.errors import NotFound
from refund_desk.domain.facts import Observed, Record
from refund_desk.domain.masking import NOBODY, masked_name
from refund_desk.domain.requests import Saying
from refund_desk.domain.words import RecordKind
from refund_desk.service.ports.facts import CustomerKey, OrderRef
from refund_desk.store.statements import insert_of
from refund_desk.store.tables.cases import evidence_opened, refund_case
from refund_desk.store.tables.facts import (
    customer,
    evidence,
    evidence_note,
    merchant,
    message,
    observation,
    personal,
    record,
    shop_order,
)

_PERSONAL = ("name", "email", "phone", "address", "country")
SAID = (
    select(record.c.id, record.c.source, record.c.kind, record.c.external_id, record.c.parent_id, record.c.as_of)
    .add_columns(observation.c.field, observation.c.value, observation.c.as_of.label("said_at"))
    .add_columns(observation.c.fetched_at, observation.c.id.label("observation_id"))
    .join_from(
        record, observation, and_(observation.c.record_id == record.c.id, observation.c.current == true()), isouter=True
    )
    .order_by(record.c.id, observation.c.id)
)
_RECORDS = SAID.where(record.c.order_id == bindparam("order_id"))
_MESSAGES = select(message).where(message.c.case_id == bindparam("case_id")).order_by(message.c.sent_at, message.c.id)
_EVIDENCE = select(evidence).where(evidence.c.case_id == bindparam("case_id")).order_by(evidence.c.id)

_NOTES = (
    select(evidence_note)
    .where(evidence_note.c.evidence_id.in_(bindparam("images", expanding=True)), evidence_note.c.removed_at.is_(None))
    .order_by(evidence_note.c.id)
)
_OPENED = (
    select(evidence_opened.c.evidence_id)
    .join_from(evidence_opened, evidence)
    .where(evidence.c.case_id == bindparam("case_id"), evidence_opened.c.person_id == bindparam("person_id"))
)
_ORDER_BY_ID = select(shop_order).where(shop_order.c.id == bindparam("id"))
_ORDER = select(shop_order).where(shop_order.c.number == bindparam("number"))
_CUSTOMER = select(customer).where(
    customer.c.system == bindparam("system"),
    customer.c.external_id.in_([bindparam("external_id"), bindparam("erased_id")]),
)
CUSTOMERS = select(customer, *(personal.c[name] for name in (*_PERSONAL, "masked", "updated_at"))).outerjoin_from(
    customer, personal
)
_CUSTOMER_BY_ID = CUSTOMERS.where(customer.c.id == bindparam("id"))
_PERSONAL_OF = select(personal).where(personal.c.customer_id == bindparam("customer_id"))
_MESSAGE_IDS = select(message.c.source, message.c.external_id, message.c.id).where(
    message.c.case_id == bindparam("case_id")
)
_IMAGES = (
    select(func.count())
    .select_from(evidence)
    .where(evidence.c.case_id == bindparam("case_id"), evidence.c.status.in_(("ready", "waiting")))
)
_ADD_MESSAGE = insert(message).returning(message.c.id)
_ADD_RECORD = insert(record).returning(record.c.id, sort_by_parameter_order=True)
_ADD_OBSERVATION = insert(observation)
_WAITING = text("evidence.status = 'waiting'")
"""As written in the partial index: SQLite doesn't see that a bound value is the same."""


def stored(value: Any) -> Any:
    """A value as an observation keeps it in JSON: times as ISO 8601 in UTC."""
    return value.isoformat() if isinstance(value, datetime) else value


def read(kind: str, field: str, value: Any) -> Any:
    """The inverse of `stored`, by the data dictionary's type of the field."""
    known = BY_KEY.get(f"{kind}.{field}")
    if known is not None and known.type == "time" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def as_records(rows: Iterable[Sequence[Any]]) -> list[Record]:
    """Rows of `SAID`, one per field, as the records they are of."""
    made: dict[int, Record] = {}
    fields: dict[str, Observed] = {}
    for row in rows:
        number, source, kind, external_id, parent_id, as_of, field, value, said_at, fetched_at = row[:10]
        if number not in made:
            fields = {}
            made[number] = Record(number, source, RecordKind(kind), external_id, parent_id, as_of, fields)
        if field is not None:
            fields[field] = Observed(read(kind, field, value), said_at, fetched_at)
    return list(made.values())


def as_customer(row: Row[Any]) -> Mapping[str, Any]:
    """A row of `CUSTOMERS`; who was erased, or never named, is nobody."""
    found = dict(row._mapping)
    found["masked"] = found["masked"] or NOBODY
    return found


def erased_id(system: str, external_id: str) -> str:
    """By which an erased customer is known again, so that they stay erased. Their own id may be an address."""
    named = "\0".join((system, external_id))
    return f"erased:{hashlib.sha256(named.encode()).hexdigest()}"


class FactRepo:
    """Facts over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._postgres = connection.dialect.name == "postgresql"
        self._insert = insert_of(connection.dialect.name)

    # ------------------------------------------------------------ orders

    def order(self, order_id: int) -> OrderRef:
        row = self._c.execute(_ORDER_BY_ID, {"id": order_id}).one_or_none()
        if row is None:
            raise NotFound("order.not_found", order=str(order_id))
        return OrderRef(row.id, row.number, row.currency, row.customer_id)

    def order_by_number(self, number: str) -> OrderRef | None:
        row = self._c.execute(_ORDER, {"number": number}).one_or_none()
        return None if row is None else OrderRef(row.id, row.number, row.currency, row.customer_id)

    def ensure_order(self, number: str, currency: str, customer_id: int | None) -> OrderRef:
        """The order with that number, made if it is new, and locked until the commit (PostgreSQL)."""
        put = self._insert(shop_order).values(number=number, currency=currency, customer_id=customer_id, version=1)
        self._c.execute(put.on_conflict_do_nothing(index_elements=["number"]))
        row = self._c.execute(_ORDER.with_for_update() if self._postgres else _ORDER, {"number": number}).one()
        if row.customer_id is None and customer_id is not None:
            self._c.execute(update(shop_order).where(shop_order.c.id == row.id).values(customer_id=customer_id))
        return OrderRef(row.id, row.number, row.currency, row.customer_id or customer_id)

    # ------------------------------------------------------------ records and observations

    def records(self, order_id: int) -> list[Record]:
        """Everything any system says about an order now, in a stable order."""
        return as_records(self._c.execute(_RECORDS, {"order_id": order_id}))

    def observe(
        self, order_id: int, sayings: Sequence[Saying], fetched_at: datetime, digest: Callable[[Saying], bytes]
    ) -> list[str]:
        """Keep what systems said about an order. Returns the keys of fields whose current value changed.

        digest: of one saying, keyed by whoever it is about.
        """
        rows = list(self._c.execute(_RECORDS, {"order_id": order_id}))
        digests = [digest(saying) for saying in sayings]
        ids = self._ensure_records(order_id, sayings, rows, digests)
        current = {(row.id, row.field): row for row in rows if row.field is not None}
        retired: list[int] = []
        confirmed: list[dict[str, Any]] = []
        new: list[dict[str, Any]] = []
        late: list[dict[str, Any]] = []
        changed: list[str] = []
        for saying, record_id, raw_digest in zip(sayings, ids, digests, strict=True):
            for name, value in saying.fields.items():
                said = {"record_id": record_id, "field": name, "value": stored(value), "as_of": saying.as_of}
                said |= {"fetched_at": fetched_at, "raw_digest": raw_digest, "current": True}
                before = current.get((record_id, name))
                if before is None:
                    new.append(said)
                    changed.append(f"{saying.kind.value}.{name}")
                elif before.value == said["value"]:
                    if saying.as_of > before.said_at:
                        confirmed.append({"row": before.observation_id, "at": saying.as_of, "fetched": fetched_at})
                elif saying.as_of >= before.said_at:
                    retired.append(before.observation_id)
                    new.append(said)
                    changed.append(f"{saying.kind.value}.{name}")
                else:
                    late.append(said | {"current": False})
        self._write(retired, confirmed, new, self._unknown(late))
        return sorted(set(changed))

    def _write(
        self, retired: list[int], confirmed: list[dict[str, Any]], new: list[dict[str, Any]], late: list[dict[str, Any]]
    ) -> None:
        table = observation
        for start in range(0, len(retired), 500):  # before the new ones: one current per field
            some = retired[start : start + 500]
            self._c.execute(update(table).where(table.c.id.in_(some)).values(current=False))
        if confirmed:
            same = update(table).where(table.c.id == bindparam("row"))
            self._c.execute(same.values(as_of=bindparam("at"), fetched_at=bindparam("fetched")), confirmed)
        if new or late:
            self._c.execute(_ADD_OBSERVATION, new + late)

    def _unknown(self, late: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of the late sayings that history doesn't have yet."""
        if not late:
            return []
        records = sorted({said["record_id"] for said in late})
        query = select(observation).where(observation.c.record_id.in_(records), observation.c.current.is_(False))
        known = {(row.record_id, row.field, row.as_of, repr(row.value)) for row in self._c.execute(query)}
        return [
            said for said in late if (said["record_id"], said["field"], said["as_of"], repr(said["value"])) not in known
        ]

    def _ensure_records(
        self, order_id: int, sayings: Sequence[Saying], rows: Iterable[Any], digests: Sequence[bytes]
    ) -> list[int]:
        """Ids of the records spoken of, in the order of the sayings; parents are made before their children."""
        known = {(row.source, row.kind, row.external_id): row for row in rows}
        ids: list[int] = [0] * len(sayings)
        newer: list[dict[str, Any]] = []
        for children in (False, True):
            missing: dict[tuple[str, str, str], list[int]] = {}
            for i, saying in enumerate(sayings):
                if (saying.parent is not None) is not children:
                    continue
                key = (saying.source, saying.kind.value, saying.external_id)
                row = known.get(key)
                if row is None:
                    missing.setdefault(key, []).append(i)
                    continue
                ids[i] = row.id
                if saying.as_of > row.as_of:
                    newer.append({"row": row.id, "at": saying.as_of, "raw": digests[i]})
            self._make_records(order_id, sayings, missing, ids, digests)
        if newer:
            later = update(record).where(record.c.id == bindparam("row"))
            self._c.execute(later.values(as_of=bindparam("at"), digest=bindparam("raw")), newer)
        return ids

    def _make_records(
        self,
        order_id: int,
        sayings: Sequence[Saying],
        missing: Mapping[tuple[str, str, str], list[int]],
        ids: list[int],
        digests: Sequence[bytes],
    ) -> None:
        if not missing:
            return
        values = []
        for (source, kind, external_id), places in missing.items():
            first = sayings[places[0]]
            parent = None if first.parent is None else ids[first.parent]
            values.append(
                {"order_id": order_id, "source": source, "kind": kind, "external_id": external_id}
                | {"parent_id": parent, "as_of": first.as_of, "digest": digests[places[0]]}
            )
        made = self._c.execute(_ADD_RECORD, values).scalars()
        for record_id, places in zip(made, missing.values(), strict=True):
            for place in places:
                ids[place] = record_id

    # ------------------------------------------------------------ customers and merchants

    def customer(self, customer_id: int) -> Mapping[str, Any]:
        """The customer with what is personal: id, system, external_id, secret, erased_at, name, masked, email …"""
        row = self._c.execute(_CUSTOMER_BY_ID, {"id": customer_id}).one_or_none()
        if row is None:
            raise NotFound("customer.not_found", customer=customer_id)
        return as_customer(row)

    def customer_key(self, system: str, external_id: str) -> CustomerKey | None:
        named = {"system": system, "external_id": external_id, "erased_id": erased_id(system, external_id)}
        row = self._c.execute(_CUSTOMER, named).one_or_none()
        return None if row is None else CustomerKey(row.id, row.secret, row.erased_at is not None)

    def ensure_customer(self, system: str, external_id: str, secret: bytes) -> CustomerKey:
        """The customer with that id in that system; a new one gets `secret` (32 bytes) for life."""
        if (known := self.customer_key(system, external_id)) is not None:
            return known
        put = self._insert(customer).values(system=system, external_id=external_id, secret=secret)
        self._c.execute(put.on_conflict_do_nothing(index_elements=["system", "external_id"]))
        found = self.customer_key(system, external_id)
        assert found is not None
        return found

    def put_personal(self, customer_id: int, external_id: str, at: datetime, values: Mapping[str, str | None]) -> None:
        """Keep what is personal. What was said later replaces; what was said earlier only fills gaps."""
        row = self._c.execute(_PERSONAL_OF, {"customer_id": customer_id}).one_or_none()
        before = {} if row is None else dict(row._mapping)
        later = row is None or at >= row.updated_at
        now = {
            name: values.get(name) if (later and values.get(name)) or not before.get(name) else before.get(name)
            for name in _PERSONAL
        }
        now["masked"] = masked_name(now["name"], now["email"], external_id)
        changed: dict[str, Any] = {**now, "updated_at": at if row is None else max(at, row.updated_at)}
        put = self._insert(personal).values(customer_id=customer_id, **changed)
        self._c.execute(put.on_conflict_do_update(index_elements=["customer_id"], set_=changed))

    def ensure_merchant(self, external_id: str, name: str) -> int:
        put = self._insert(merchant).values(external_id=external_id, name=name)
        put = put.on_conflict_do_update(index_elements=["external_id"], set_={"name": name})
        return int(self._c.execute(put.returning(merchant.c.id)).scalar_one())

    # ------------------------------------------------------------ messages

    def messages(self, case_id: int) -> Sequence[Mapping[str, Any]]:
        return [dict(row._mapping) for row in self._c.execute(_MESSAGES, {"case_id": case_id})]

    def message_ids(self, case_id: int) -> dict[tuple[str, str], int]:
        """(source, id there) → our id, of the messages on a case."""
        return {(row[0], row[1]): row[2] for row in self._c.execute(_MESSAGE_IDS, {"case_id": case_id})}

    def add_message(self, **columns: Any) -> int:
        return int(self._c.execute(_ADD_MESSAGE, columns).scalar_one())

    def recall_messages(self, proposal_id: int) -> None:
        """Take back the letter of a decision that was undone before it left."""
        self._c.execute(
            delete(message).where(message.c.source == "desk", message.c.external_id == f"proposal:{proposal_id}")
        )

    def set_promise(self, message_id: int, minor: int, currency: str, form: str) -> None:
        said = {"promise_minor": minor, "promise_currency": currency, "promise_form": form}
        self._c.execute(update(message).where(message.c.id == message_id).values(**said))

    # ------------------------------------------------------------ evidence

    def evidence(self, case_id: int) -> Sequence[Mapping[str, Any]]:
        return [dict(row._mapping) for row in self._c.execute(_EVIDENCE, {"case_id": case_id})]

    def evidence_by_id(self, evidence_id: int) -> Mapping[str, Any]:
        row = self._c.execute(select(evidence).where(evidence.c.id == evidence_id)).one_or_none()
        if row is None:
            raise NotFound("evidence.not_found", evidence=evidence_id)
        return dict(row._mapping)

    def add_evidence(self, **columns: Any) -> int | None:
        """A new file on a case; None where the case has the same bytes already."""
        put = self._insert(evidence).values(**columns).on_conflict_do_nothing(index_elements=["case_id", "sha256"])
        made = self._c.execute(put.returning(evidence.c.id)).scalar_one_or_none()
        return None if made is None else int(made)

    def change_evidence(self, evidence_id: int, **columns: Any) -> None:
        self._c.execute(update(evidence).where(evidence.c.id == evidence_id).values(**columns))

    def waiting(self, limit: int, after: int = 0) -> Sequence[Mapping[str, Any]]:
        """Images that nobody has decoded yet, oldest first, with the secret of whom they are about."""
        query = (
            select(evidence.c.id, evidence.c.case_id, evidence.c.sha256, evidence.c.customer_id, customer.c.secret)
            .outerjoin_from(evidence, customer, customer.c.id == evidence.c.customer_id)
            .where(_WAITING, evidence.c.id > after)
            .order_by(evidence.c.id)
            .limit(limit)
        )
        return [dict(row._mapping) for row in self._c.execute(query)]

    def count_images(self, case_id: int) -> int:
        """Images that can be looked at, or will be once decoded."""
        return int(self._c.execute(_IMAGES, {"case_id": case_id}).scalar_one())

    def notes(self, evidence_ids: Iterable[int]) -> Sequence[Mapping[str, Any]]:
        return [dict(row._mapping) for row in self._c.execute(_NOTES, {"images": list(evidence_ids)})]

    def add_note(self, evidence_id: int, shape: Mapping[str, Any], person_id: int, at: datetime) -> int:
        """A note on an image: `shape` has x, y, w, h in fractions of the upright image, and text."""
        values = {"evidence_id": evidence_id, "shape": dict(shape), "person_id": person_id, "at": at}
        return int(self._c.execute(insert(evidence_note).values(**values).returning(evidence_note.c.id)).scalar_one())

    def note(self, note_id: int) -> Mapping[str, Any]:
        row = self._c.execute(select(evidence_note).where(evidence_note.c.id == note_id)).one_or_none()
        if row is None or row.removed_at is not None:
            raise NotFound("note.not_found", note=note_id)
        return dict(row._mapping)

    def remove_note(self, note_id: int, at: datetime) -> None:
        self._c.execute(update(evidence_note).where(evidence_note.c.id == note_id).values(removed_at=at))

    def opened(self, case_id: int, person_id: int) -> set[int]:
        return set(self._c.execute(_OPENED, {"case_id": case_id, "person_id": person_id}).scalars())

    def mark_opened(self, person_id: int, evidence_ids: Iterable[int], at: datetime) -> None:
        rows = [{"person_id": person_id, "evidence_id": one, "at": at} for one in evidence_ids]
        if rows:
            self._c.execute(self._insert(evidence_opened).on_conflict_do_nothing(), rows)

    # ------------------------------------------------------------ erasing

    def cases_of_customer(self, customer_id: int) -> list[int]:
        query = select(refund_case.c.id).where(refund_case.c.customer_id == customer_id).order_by(refund_case.c.id)
        return list(self._c.execute(query).scalars())

    def erase(self, customer_id: int, case_ids: Sequence[int], fields: Iterable[tuple[str, str]], at: datetime) -> None:
        """Blank everything personal of a customer and their cases, and drop the secret.

        Rows that others point at stay as husks. fields: (record kind, field) of observations that hold
        free text or account hints; all their observations on the customer's orders go.
        """
        if not self._postgres:
            self._c.exec_driver_sql("PRAGMA secure_delete = ON")  # else the words stay readable in freed space
        known = self.customer(customer_id)
        husk = {"external_id": erased_id(known["system"], known["external_id"]), "secret": None, "erased_at": at}
        self._c.execute(update(customer).where(customer.c.id == customer_id).values(**husk))
        blank: dict[str, Any] = {**dict.fromkeys(_PERSONAL), "masked": NOBODY, "updated_at": at}
        self._c.execute(update(personal).where(personal.c.customer_id == customer_id).values(**blank))
        self._c.execute(update(message).where(message.c.case_id.in_(case_ids)).values(text="", name=None))
        about = select(evidence.c.id).where(evidence.c.case_id.in_(case_ids))
        self._c.execute(delete(evidence_note).where(evidence_note.c.evidence_id.in_(about)))
        gone: dict[str, Any] = {"name": "", "file": "", "exif": None, "taken_at": None, "status": "refused"}
        gone["problem"] = {"code": "evidence.erased", "params": {}}
        self._c.execute(update(evidence).where(evidence.c.case_id.in_(case_ids)).values(**gone))
        orders = select(refund_case.c.order_id).where(refund_case.c.id.in_(case_ids))
        for kind, name in fields:
            records = select(record.c.id).where(record.c.order_id.in_(orders), record.c.kind == kind)
            said = and_(observation.c.record_id.in_(records), observation.c.field == name)
            self._c.execute(delete(observation).where(said))
