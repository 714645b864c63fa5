"""A refund request as it comes in, and the rules that decide whether we know what is meant.

A record that breaks one of them is quarantined whole, with the place and the rule; what is odd but can
be decided becomes a finding on the case (`domain.oddities`). Pure: the time is an argument.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from refund_desk.domain.cases import request_keys
from refund_desk.domain.evidence import path_problem
from refund_desk.domain.words import EvidenceKind, Reason, RecordKind, RequestKind, Tender, Who

UNIT_KEYS: Final = 20
"""Units with a key of their own; all further ones of a line share one, so that a bulk order stays small."""
AHEAD: Final = timedelta(days=1)
"""How far a time may lie in the future: clocks differ, zones are mistaken."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record can't be taken. `path` as in `orders[0].lines[2].paid`; code worded as `quarantine.<code>`."""

    path: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return {"path": self.path, "code": self.code, "params": dict(self.params)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units (1-based) of an order line that the request is about."""

    line: str
    quantity: int
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The request itself. `lines` empty: the whole order."""

    system: str
    id: str
    order: str
    kind: RequestKind
    reason: Reason
    reason_text: str | None
    text: str | None
    created_at: datetime
    amount_minor: int | None
    currency: str
    lines: tuple[Wanted, ...]
    language: str
    channel: str | None
    want: str | None


@dataclass(frozen=True, slots=True)
class Buyer:
    system: str
    id: str
    name: str | None
    email: str | None
    phone: str | None
    address: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Seller:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Saying:
    """What one system said about one thing. Fields are those of the data dictionary, without the kind.

    parent: index into the record's sayings of the order, payment it belongs to. currency: of its amounts.
    """

    path: str
    source: str
    kind: RecordKind
    external_id: str
    order: str
    as_of: datetime
    fields: Mapping[str, Any]
    parent: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    minor: int
    currency: str
    form: Tender


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. `attachments` name files of the record's evidence."""

    source: str
    id: str
    direction: Literal["in", "out", "note"]
    channel: str
    who: Who
    name: str | None
    sent_at: datetime
    text: str
    language: str | None
    attachments: tuple[str, ...]
    promise: Promise | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A file of evidence as the record lists it."""

    file: str
    name: str
    kind: EvidenceKind
    who: Who
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One line of a bundle, read. `content`: its canonical bytes, the same however it was written."""

    request: Asked
    buyer: Buyer | None
    seller: Seller | None
    sayings: tuple[Saying, ...]
    letters: tuple[Letter, ...]
    proofs: tuple[Proof, ...]
    content: bytes

    @property
    def name(self) -> str:
        return f"{self.request.system}/{self.request.id}"

    def of(self, kind: RecordKind) -> list[Saying]:
        return [saying for saying in self.sayings if saying.kind is kind]


def keys_of(asked: Asked) -> tuple[str, ...]:
    """The request's keys, one per unit; the many units of a bulk line share the last one."""
    units = [(w.line, sorted({min(unit, UNIT_KEYS + 1) for unit in w.units})) for w in asked.lines]
    return request_keys(asked.system, asked.order, units, asked.reason)


def problems(record: RequestRecord, now: datetime) -> list[Problem]:
    """Every reason why we can't know what the record means; empty when it can be taken."""
    return [
        *_wanted(record),
        *_one_order(record),
        *_currencies(record),
        *_twice(record),
        *_times(record, now),
        *_evidence(record),
    ]


def _wanted(record: RequestRecord) -> Iterator[Problem]:
    """Lines that nobody lists: some of them are a finding; all of them, and the request is about nothing we know."""
    asked = record.request
    for i, wanted in enumerate(asked.lines):
        if len(wanted.units) != wanted.quantity:
            counts = {"quantity": wanted.quantity, "units": len(wanted.units)}
            yield Problem(f"request.lines[{i}].units", "units.count_differs", counts)
        if len(set(wanted.units)) != len(wanted.units):
            yield Problem(f"request.lines[{i}].units", "id.duplicate", {"id": wanted.line})
    listed = {saying.external_id for saying in record.of(RecordKind.ORDER_LINE)}
    if listed and asked.lines and not any(wanted.line in listed for wanted in asked.lines):
        for i, wanted in enumerate(asked.lines):
            yield Problem(f"request.lines[{i}].line", "request.lines_unlisted", {"line": wanted.line})


def _one_order(record: RequestRecord) -> Iterator[Problem]:
    for saying in record.sayings:
        if saying.order != record.request.order:
            name = "number" if saying.kind is RecordKind.ORDER else "order"
            params = {"order": record.request.order, "said": saying.order}
            yield Problem(f"{saying.path}.{name}", "order.number_differs", params)


def _currencies(record: RequestRecord) -> Iterator[Problem]:
    """One order, one currency: its sums are compared and subtracted from one another."""
    for saying in record.sayings:
        if saying.currency is not None and saying.currency != record.request.currency:
            params = {"currency": record.request.currency, "said": saying.currency}
            yield Problem(f"{saying.path}.currency", "currency.differs", params)


def _twice(record: RequestRecord) -> Iterator[Problem]:
    seen: set[tuple[Any, ...]] = set()
    named: list[tuple[str, tuple[Any, ...], str]] = [
        (s.path, (s.kind, s.source, s.external_id), s.external_id) for s in record.sayings
    ]
    named += [(f"messages[{i}]", ("message", m.source, m.id), m.id) for i, m in enumerate(record.letters)]
    named += [(f"evidence[{i}].file", ("evidence", p.file), p.file) for i, p in enumerate(record.proofs)]
    named += [(f"request.lines[{i}].line", ("line", w.line), w.line) for i, w in enumerate(record.request.lines)]
    for path, key, text in named:
        if key in seen:
            yield Problem(path, "id.duplicate", {"id": text})
        seen.add(key)


def _times(record: RequestRecord, now: datetime) -> Iterator[Problem]:
    latest = now + AHEAD
    times: list[tuple[str, datetime | None]] = [("request.created_at", record.request.created_at)]
    for saying in record.sayings:
        times.append((f"{saying.path}.as_of", saying.as_of))
        # A deadline lies ahead, what a system says happened does not.
        happened = ((n, v) for n, v in saying.fields.items() if isinstance(v, datetime) and n != "due_at")
        times += [(f"{saying.path}.{name}", value) for name, value in happened]
    times += [(f"messages[{i}].sent_at", m.sent_at) for i, m in enumerate(record.letters)]
    times += [(f"evidence[{i}].sent_at", p.sent_at) for i, p in enumerate(record.proofs)]
    for path, value in times:
        if value is not None and value > latest:
            yield Problem(path, "time.in_future", {"at": value.isoformat()})


def _evidence(record: RequestRecord) -> Iterator[Problem]:
    files = {proof.file for proof in record.proofs}
    for i, proof in enumerate(record.proofs):
        if code := path_problem(proof.file):
            yield Problem(f"evidence[{i}].file", code, {"file": proof.file})
    for i, letter in enumerate(record.letters):
        for j, file in enumerate(letter.attachments):
            if file not in files:
                yield Problem(f"messages[{i}].attachments[{j}]", "evidence.unknown", {"file": file})


def reasons(found: Iterable[Problem]) -> Counter[str]:
    """Codes of a record's problems, each counted once."""
    return Counter({problem.code for problem in found})
