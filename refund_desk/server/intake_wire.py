"""One line of a bundle: bytes to wire shape to a record of the domain, or the list of what is wrong.

The same function reads lines of an import and bodies of `POST /v1/refund-requests`: same checks, same
words. Every problem carries the path of its field, as in `orders[0].lines[2].paid`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from refund_desk.domain.errors import Invalid
from refund_desk.domain.money import parse
from refund_desk.domain.requests import (
    Asked,
    Buyer,
    Letter,
    Problem,
    Promise,
    Proof,
    RequestRecord,
    Saying,
    Seller,
    Wanted,
)
from refund_desk.domain.words import RecordKind, Tender
from refund_desk.server.field_problems import worded
from refund_desk.wire import bundle as wire

MAX_PROBLEMS: Final = 50
_MONEY_CODES: Final = {
    "money.unknown_currency": "currency.unknown",
    "money.not_decimal": "money.not_decimal",
    "money.too_precise": "money.too_precise",
    "money.too_large": "money.too_large",
}
_IN_KIND: Final = {Tender.POINTS: "points", Tender.STORE_CREDIT: "store_credit", Tender.COUPON: "coupon"}


def parse_line(raw: bytes) -> RequestRecord | list[Problem]:
    """Read one JSON line (UTF-8). The record, or every problem found, at most `MAX_PROBLEMS`."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        return [Problem("", "text.not_utf8", {"at": problem.start})]
    if found := _twice(text):
        return found
    try:
        case = wire.BundleCase.model_validate_json(text, strict=True)
    except ValidationError as problem:
        return [worded(dict(error)) for error in problem.errors(include_url=False)[:MAX_PROBLEMS]]
    return _Reader().record(case, "\\u0000" in text)


def request_name(raw: bytes) -> str | None:
    """`system/id` of the request where it can be read at all: quarantined records are found by it."""
    try:
        request = json.loads(raw)["request"]
        system, name = request["system"], request["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return f"{system}/{name}"[:400].replace("\0", "") if isinstance(system, str) and isinstance(name, str) else None


def _twice(text: str) -> list[Problem]:
    """A key that stands twice in one object: readers differ on which counts, so we don't guess."""
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in items]
        if len(set(names)) != len(names):
            twice.extend(sorted({name for name in names if names.count(name) > 1})[:3])

    try:
        json.loads(text, object_pairs_hook=pairs)
    except RecursionError:
        return [Problem("", "json.broken", {"at": 0})]
    except ValueError as problem:
        return [Problem("", "json.broken", {"at": getattr(problem, "pos", 0)})]
    return [Problem("", "json.duplicate_key", {"key": key[:80]}) for key in twice]


# ---------------------------------------------------------------- wire into domain


class _Reader:
    """Turns the wire shape into a record; collects what pydantic can't see: amounts and times."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def record(self, case: wire.BundleCase, nul: bool) -> RequestRecord | list[Problem]:
        plain = case.model_dump(mode="json", by_alias=True)
        if nul:
            self.problems += [Problem(path, "text.control") for path in _with_nul(plain, "")]
        record = RequestRecord(
            request=self._asked(case.request),
            buyer=_buyer(case),
            seller=None if case.merchant is None else Seller(case.merchant.id, case.merchant.name),
            sayings=tuple(self._sayings(case)),
            letters=tuple(self._letter(f"messages[{i}]", m) for i, m in enumerate(case.messages)),
            proofs=tuple(self._proof(f"evidence[{i}]", e) for i, e in enumerate(case.evidence)),
            content=json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(),
        )
        return self.problems[:MAX_PROBLEMS] or record

    # A value that can't be read is noted and stands as 0 only in a record that nobody gets to see.
    def _money(self, path: str, text: str | None, currency: str, negative: bool = False) -> int | None:
        if text is None:
            return None
        try:
            minor = parse(text, currency).minor
        except Invalid as no:
            problem = Problem(path, _MONEY_CODES.get(no.code, "money.not_decimal"), no.params)
            # An unknown currency is one mistake, however many amounts are in it.
            if not any((p.code, p.params) == ("currency.unknown", problem.params) for p in self.problems):
                self.problems.append(problem)
            return 0
        if minor < 0 and not negative:
            self.problems.append(Problem(path, "money.negative"))
        return minor

    def _time(self, path: str, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return self._moment(path, value)

    def _moment(self, path: str, value: datetime) -> datetime:
        if not 1900 <= value.year <= 2900:
            self.problems.append(Problem(path, "time.out_of_range"))
            return datetime(2000, 1, 1, tzinfo=UTC)
        return value.astimezone(UTC)

    def _asked(self, asked: wire.BundleRequest) -> Asked:
        return Asked(
            system=asked.system,
            id=asked.id,
            order=asked.order,
            kind=asked.kind,
            reason=asked.reason,
            reason_text=asked.reason_text,
            text=asked.text,
            created_at=self._moment("request.created_at", asked.created_at),
            amount_minor=self._money("request.amount", asked.amount, asked.currency),
            currency=asked.currency,
            lines=tuple(
                Wanted(w.line, w.quantity, tuple(w.units) if w.units is not None else tuple(range(1, w.quantity + 1)))
                for w in asked.lines
            ),
            language=asked.language,
            channel=asked.channel,
            want=asked.want,
        )

    def _sayings(self, case: wire.BundleCase) -> Iterator[Saying]:
        out: list[Saying] = []
        for i, order in enumerate(case.orders):
            self._order(out, f"orders[{i}]", order)
        for i, payment in enumerate(case.payments):
            self._payment(out, f"payments[{i}]", payment)
        for i, shipment in enumerate(case.shipments):
            path = f"shipments[{i}]"
            fields = self._fields(path, shipment, ("carrier", "tracking", "status", "shipped_at", "delivered_at"))
            out.append(self._said(path, shipment, RecordKind.SHIPMENT, fields))
        for i, back in enumerate(case.returns):
            fields = self._fields(f"returns[{i}]", back, ("status", "tracking", "received_at", "note"))
            out.append(self._said(f"returns[{i}]", back, RecordKind.RETURN, fields))
        for i, entry in enumerate(case.ledger):
            path = f"ledger[{i}]"
            fields = self._fields(path, entry, ("kind", "currency", "booked_at", "reference"))
            fields["amount"] = self._money(f"{path}.amount", entry.amount, entry.currency, negative=True)
            out.append(self._said(path, entry, RecordKind.LEDGER_ENTRY, fields, entry.currency))
        return iter(out)

    def _fields(self, path: str, of: Any, names: Iterable[str]) -> dict[str, Any]:
        """Fields that aren't money, those that were said."""
        values = ((name, getattr(of, name)) for name in names)
        return {
            name: self._moment(f"{path}.{name}", value) if isinstance(value, datetime) else value
            for name, value in values
            if value is not None
        }

    def _sums(self, path: str, of: Any, names: Iterable[str], currency: str, negative: Iterable[str] = ()) -> Any:
        values = ((name, getattr(of, name)) for name in names)
        return {
            name: self._money(f"{path}.{name}", text, currency, name in negative)
            for name, text in values
            if text is not None
        }

    def _said(
        self, path: str, of: Any, kind: RecordKind, fields: dict[str, Any], currency: str | None = None
    ) -> Saying:
        as_of = self._moment(f"{path}.as_of", of.as_of)
        return Saying(path, of.system, kind, of.id, of.order, as_of, fields, None, currency)

    def _order(self, out: list[Saying], path: str, order: wire.BundleOrder) -> None:
        as_of, code = self._moment(f"{path}.as_of", order.as_of), order.currency
        fields = self._fields(path, order, ("placed_at", "status", "currency", "paid_at", "note"))
        sums: tuple[str, ...] = ("total", "paid", "refunded", "shipping", "discount", "tax")
        fields |= self._sums(path, order, sums, code, ("discount",))
        for i, tender in enumerate(order.tenders):
            if name := _IN_KIND.get(tender.kind):
                minor = self._money(f"{path}.tenders[{i}].amount", tender.amount, code) or 0
                fields[name] = int(fields.get(name, 0)) + minor
        head = len(out)
        out.append(Saying(path, order.system, RecordKind.ORDER, order.number, order.number, as_of, fields, None, code))
        for i, line in enumerate(order.lines):
            at = f"{path}.lines[{i}]"
            names = ("sku", "name", "quantity", "perishable", "made_to_order", "returned_quantity")
            said = self._fields(at, line, names)
            sums = ("unit_price", "discount", "paid")
            said |= self._sums(at, line, sums, code, sums)
            out.append(Saying(at, order.system, RecordKind.ORDER_LINE, line.id, order.number, as_of, said, head))

    def _payment(self, out: list[Saying], path: str, payment: wire.BundlePayment) -> None:
        as_of, code = self._moment(f"{path}.as_of", payment.as_of), payment.currency
        fields = self._fields(
            path, payment, ("method", "account_hint", "status", "currency", "captured_at", "arrival_days")
        )
        fields |= self._sums(path, payment, ("captured", "refunded", "fee"), code, ("fee",))
        head, source, number = len(out), payment.system, payment.order
        out.append(Saying(path, source, RecordKind.PAYMENT, payment.id, number, as_of, fields, None, code))
        for i, refund in enumerate(payment.refunds):
            at = f"{path}.refunds[{i}]"
            said = self._fields(at, refund, ("status", "created_at", "reason", "by"))
            said |= self._sums(at, refund, ("amount",), code)
            out.append(Saying(at, source, RecordKind.REFUND, refund.id, number, as_of, said, head))
        for i, dispute in enumerate(payment.disputes):
            at = f"{path}.disputes[{i}]"
            said = self._fields(at, dispute, ("status", "opened_at", "due_at", "reason"))
            said |= self._sums(at, dispute, ("amount",), code)
            out.append(Saying(at, source, RecordKind.DISPUTE, dispute.id, number, as_of, said, head))

    def _letter(self, path: str, message: wire.BundleMessage) -> Letter:
        promise = None
        if message.promise is not None:
            said = message.promise
            minor = self._money(f"{path}.promise.amount", said.amount, said.currency) or 0
            promise = Promise(minor, said.currency, said.form)
        return Letter(
            source=message.system,
            id=message.id,
            direction=message.direction,
            channel=message.channel,
            who=message.who,
            name=message.name,
            sent_at=self._moment(f"{path}.sent_at", message.sent_at),
            text=message.text,
            language=message.language,
            attachments=tuple(message.attachments),
            promise=promise,
        )

    def _proof(self, path: str, evidence: wire.BundleEvidence) -> Proof:
        name = evidence.name or evidence.file.rsplit("/", 1)[-1]
        sent_at = self._time(f"{path}.sent_at", evidence.sent_at)
        return Proof(evidence.file, name, evidence.kind, evidence.who, sent_at)


def _buyer(case: wire.BundleCase) -> Buyer | None:
    who = case.customer
    if who is None:
        return None
    system = who.system or case.request.system
    return Buyer(system, who.id, who.name, who.email, who.phone, who.address, who.country)


def _with_nul(value: Any, path: str) -> Iterator[str]:
    """Paths of texts with a NUL in them: no database takes one, and no person wrote it."""
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _with_nul(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _with_nul(inner, f"{path}[{i}]")
