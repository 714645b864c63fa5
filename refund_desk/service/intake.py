"""Take a request in: facts as systems said them, the case it opens or joins, what is odd about it.

Three steps, so that no transaction waits for a disk: `owner` (a customer has a secret), `keep` (evidence
on disk under that secret, no transaction open), `take_in` (everything else, at once). A crash between
two of them costs nothing: the next run goes the same way again and finds done what is done.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import DeskError, Invalid
from refund_desk.domain.evidence import Kept, claimed_type, sniff
from refund_desk.domain.facts import Record
from refund_desk.domain.oddities import AskedFor, Found, Shown, find
from refund_desk.domain.people import Principal
from refund_desk.domain.requests import Buyer, Problem, Proof, RequestRecord, Saying, Wanted, keys_of, problems
from refund_desk.domain.words import Aspect, RecordKind
from refund_desk.service import lifecycle
from refund_desk.service.casefile import leading_lines, open_file, shares_of
from refund_desk.service.filling import Filling
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.facts import CustomerKey, OrderRef

ReadFile = Callable[[str], bytes]
Result = Literal["new", "unchanged", "updated"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record. findings: codes on its case now."""

    result: Result
    ref: str
    findings: tuple[str, ...]


def quarantined(found: Sequence[Problem]) -> Invalid:
    """The refusal of a whole record; nothing of it has been written when it is raised."""
    return Invalid("intake.quarantined", problems=[problem.plain() for problem in found])


def check(desk: Desk, record: RequestRecord) -> None:
    """Raise `quarantined` where the record breaks a rule."""
    if found := problems(record, desk.clock()):
        raise quarantined(found)


class Carries(Protocol):
    """What came with somebody it is about and files of evidence: a request, or what a source says of an order."""

    @property
    def buyer(self) -> Buyer | None: ...
    @property
    def proofs(self) -> Sequence[Proof]: ...


def owner(work: Work, desk: Desk, record: Carries) -> CustomerKey | None:
    """The customer of a record, made with a fresh secret if nobody knows them yet. Own transaction."""
    if record.buyer is None:
        return None
    known = work.facts.customer_key(record.buyer.system, record.buyer.id)
    return known or work.facts.ensure_customer(record.buyer.system, record.buyer.id, desk.secret(32))


def keep(desk: Desk, customer: CustomerKey | None, record: Carries, read: ReadFile) -> list[Kept]:
    """Put a record's evidence on disk; no transaction is open. Raises `quarantined` for what can't be read."""
    if customer is not None and customer.erased:
        return []
    secret = None if customer is None else customer.secret
    kept, found = [], []
    for i, proof in enumerate(record.proofs):
        try:
            data = read(proof.file)
        except DeskError as no:
            found.append(Problem(f"evidence[{i}].file", no.code, no.params))
            continue
        digest = hashlib.sha256(data).digest()
        if not desk.blobs.has(secret, digest):
            desk.blobs.put(secret, data)
        kept.append(Kept(proof.file, digest, len(data), sniff(proof.file, data[:4096], len(data))))
    if found:
        raise quarantined(found)
    return kept


def take_in(
    work: Work, desk: Desk, who: Principal, record: RequestRecord, customer: CustomerKey | None, kept: Sequence[Kept]
) -> Outcome:
    """Take a checked record in; the same twice changes nothing. Raises `quarantined` before it writes."""
    permit(work, desk, who, "intake.submit")
    asked = record.request
    key = (customer.secret if customer else None) or b""
    digest = _keyed(key, b"\0".join([record.content, *sorted(one.sha256 for one in kept)]))
    seen = work.intake.seen(asked.system, asked.id)
    if seen is not None and (seen.digest == digest or (customer is not None and customer.erased)):
        return _outcome(work, "unchanged", work.cases.by_id(seen.case_id))
    order = order_of(work, asked.order, asked.currency, customer, "request.currency")
    put_personal(work, customer, record.buyer, asked.created_at)
    taking = _Taking(work, desk, who, record, customer, order, kept)
    changed = work.facts.observe(order.id, record.sayings, desk.clock(), lambda said: saying_digest(key, said))
    state, result = taking.case(seen.case_id if seen else None)
    taking.fill(state, changed, new=result == "new")
    work.intake.remember(asked.system, asked.id, digest, state.id, desk.clock())
    work.audit("request.taken_in", who, state.ref, request=record.name, result=result)
    _settle(work, desk, state, order, changed)
    return _outcome(work, result, state)


def _keyed(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def saying_digest(key: bytes, said: Saying) -> bytes:
    """Of a saying as it came. Keyed by the customer: notes in it may be personal, and short enough to guess."""
    return _keyed(key, repr((said.source, said.external_id, said.as_of, sorted(said.fields.items()))).encode())


def put_personal(work: Work, customer: CustomerKey | None, buyer: Buyer | None, at: datetime) -> None:
    """Keep what is personal of a customer, unless they were erased."""
    if customer is None or customer.erased or buyer is None:
        return
    said = {name: getattr(buyer, name) for name in ("name", "email", "phone", "address", "country")}
    work.facts.put_personal(customer.id, buyer.id, at, said)


def order_of(work: Work, number: str, currency: str, customer: CustomerKey | None, path: str) -> OrderRef:
    """The order, made if it is new, locked. Raises `quarantined` where it has another currency; path: of ours."""
    known = work.facts.order_by_number(number)
    if known is not None and known.currency != currency:
        params = {"currency": known.currency, "said": currency}
        raise quarantined([Problem(path, "currency.differs", params)])
    return work.facts.ensure_order(number, currency, customer.id if customer else None)


def _outcome(work: Work, result: Result, state: CaseState) -> Outcome:
    return Outcome(result, state.ref, tuple(sorted({str(row["code"]) for row in work.cases.findings(state.id)})))


class _Taking:
    """One record on its way in. `case` finds or opens its case, `fill` puts everything on it."""

    def __init__(
        self,
        work: Work,
        desk: Desk,
        who: Principal,
        record: RequestRecord,
        customer: CustomerKey | None,
        order: OrderRef,
        kept: Sequence[Kept],
    ) -> None:
        self.work, self.desk, self.who = work, desk, who
        self.record, self.customer, self.order, self.kept = record, customer, order, kept
        self.erased = customer is not None and customer.erased
        self.now = desk.clock()

    # ------------------------------------------------------------ which case

    def case(self, seen: int | None) -> tuple[CaseState, Result]:
        """The case of the record: the one it has, the one that asks for the same, or a new one."""
        keys = keys_of(self.record.request)
        if seen is not None:
            state = self._changed(self.work.cases.lock(self.work.cases.by_id(seen).ref))
            result: Result = "updated"
        elif same := self._same(keys):
            state, result = self._join(same), "updated"
        else:
            state, result = self._open(), "new"
        self.work.cases.add_keys(state.id, keys)
        return state, result

    def _same(self, keys: Sequence[str]) -> CaseState | None:
        """A case that asks for one of the same units for a like reason: an open one first, else the latest."""
        found: set[int] = set()
        for start in range(0, len(keys), 500):
            found.update(self.work.cases.find_by_keys(keys[start : start + 500]))
        states = [self.work.cases.by_id(case_id) for case_id in sorted(found)]
        return max(states, key=lambda state: (state.open, state.id), default=None)

    def _open(self) -> CaseState:
        asked, seller = self.record.request, self.record.seller
        state = lifecycle.open_case(
            self.work,
            self.desk,
            self.who,
            order_id=self.order.id,
            customer_id=self.customer.id if self.customer else None,
            merchant_id=self.work.facts.ensure_merchant(seller.id, seller.name) if seller else None,
            kind=asked.kind,
            reason=asked.reason,
            amount_minor=asked.amount_minor,
            currency=asked.currency,
            language=asked.language,
            channel=asked.channel,
            asked_at=asked.created_at,
        )
        self._add_request(state)
        return state

    def _join(self, same: CaseState) -> CaseState:
        """A second request for the same loss. A closed case opens its next round for it."""
        state = self.work.cases.lock(same.ref)
        request_id = self._add_request(state)
        data = {"request": request_id}
        amount = {} if self.record.request.amount_minor is None else {"amount_minor": self.record.request.amount_minor}
        self.work.cases.event(
            state.id, "request.joined", Aspect.FACTS, at=self.now, person_id=self.who.person_id, data=data, **amount
        )
        self.work.audit("request.joined", self.who, state.ref, request=self.record.name)
        state = self.work.cases.by_id(state.id)
        if state.open:
            return state
        facts = open_file(self.work, self.desk, state).facts
        self.work.audit("case.reopened", self.who, state.ref, round=state.round + 1)
        return lifecycle.next_round(self.work, self.desk, self.who, state, "case.reopened", facts)

    def _columns(self) -> dict[str, Any]:
        asked = self.record.request
        words = (None, None, None) if self.erased else (asked.text, asked.reason_text, asked.want)
        return {
            "kind": asked.kind.value,
            "reason": asked.reason.value,
            "text": words[0],
            "reason_text": words[1],
            "want": words[2],
            "amount_minor": asked.amount_minor,
            "currency": asked.currency,
            "lines": [_line(wanted) for wanted in asked.lines],
            "channel": asked.channel,
            "created_at": asked.created_at,
        }

    def _add_request(self, state: CaseState) -> int:
        asked = self.record.request
        return self.work.cases.add_request(
            state.id, system=asked.system, external_id=asked.id, taken_at=self.now, **self._columns()
        )

    def _changed(self, state: CaseState) -> CaseState:
        """The same request again with something else in it: what it says now stands, and is on record."""
        asked, columns = self.record.request, self._columns()
        requests = self.work.cases.requests(state.id)
        before = next(r for r in requests if (r["system"], r["external_id"]) == (asked.system, asked.id))
        fields = sorted(name for name, value in columns.items() if before[name] != value)
        if not fields:
            return state
        self.work.intake.change_request(asked.system, asked.id, **columns)
        case = {name: columns[name] for name in ("kind", "reason", "amount_minor")} if len(requests) == 1 else {}
        data = {"request": int(before["id"]), "fields": fields}
        self.work.cases.event(
            state.id, "request.changed", Aspect.FACTS, at=self.now, person_id=self.who.person_id, data=data, **case
        )
        return self.work.cases.by_id(state.id)

    # ------------------------------------------------------------ what is on it

    def fill(self, state: CaseState, changed: Sequence[str], *, new: bool) -> None:
        """Messages, evidence and search; for a case that was there already, with its events."""
        self._index(state)
        record = self.record
        came = Filling(
            self.work, self.desk, self.who, self.order, self.customer, record.letters, record.proofs, self.kept
        )
        came.fill(state, changed, new=new)

    def _index(self, state: CaseState) -> None:
        asked, index = self.record.request, self.work.cases.index
        index(state.id, "ref", "ref", state.ref)
        if self.erased:
            return
        if self.record.buyer is not None and self.customer is not None:
            who = self.record.buyer
            index(
                state.id,
                "customer",
                str(self.customer.id),
                _joined(who.name, who.phone, _digits(who.phone), who.email, who.id),
            )
        text = _joined(asked.id, asked.reason_text, asked.text, asked.want)
        index(state.id, "request", f"{asked.system}/{asked.id}", text)


def _joined(*words: str | None) -> str:
    return " ".join(word for word in words if word)


def _digits(phone: str | None) -> str:
    """A number as it is dialled: people group digits as they like, and search by the last four."""
    return "".join(sign for sign in phone or "" if sign.isdigit())


def _line(wanted: Wanted) -> dict[str, Any]:
    """A line of a request as it is kept; units only where they aren't simply the first ones."""
    named = {"line": wanted.line, "quantity": wanted.quantity}
    first = wanted.units == tuple(range(1, wanted.quantity + 1))
    return named if first else {**named, "units": list(wanted.units)}


# ---------------------------------------------------------------- what follows from new facts


def _settle(work: Work, desk: Desk, state: CaseState, order: OrderRef, changed: Sequence[str]) -> None:
    """Facts are the order's: every open case of it is brought up to date, and its findings with it."""
    others = [other for other in work.cases.of_order(order.id) if other.open and other.id != state.id]
    if changed:
        for other in others:
            lifecycle.refresh(work, desk, other.id, what={"fields": list(changed)})
    settle(work, desk, [state.id, *(other.id for other in (others if changed else []))], order)


def settle(work: Work, desk: Desk, case_ids: Iterable[int], order: OrderRef) -> None:
    """Findings and words of an order's cases, after its facts changed."""
    records = work.facts.records(order.id)
    words = _order_words(order, records)
    for case_id in case_ids:
        case = work.cases.by_id(case_id)
        work.cases.set_findings(case_id, findings(work, case, order, records), desk.clock())
        work.cases.index(case_id, "order", str(order.id), words)


def findings(work: Work, case: CaseState, order: OrderRef, records: Sequence[Record]) -> list[Found]:
    """What is odd about a case as the facts stand now."""
    shares = shares_of(records, leading_lines(records), order.currency)
    requests = [
        AskedFor(
            id=str(r["external_id"]),
            created_at=r["created_at"],
            amount_minor=r["amount_minor"],
            lines=tuple((str(line["line"]), int(line["quantity"])) for line in r["lines"]),
        )
        for r in work.cases.requests(case.id)
    ]
    found = find(requests, records, shares, case.customer_id, shown(work.facts.evidence(case.id)))
    if case.customer_id and order.customer_id and case.customer_id != order.customer_id:
        found.append(("customer.differs", {}, "warning"))
    found += [(alarm.code, alarm.params, "blocking") for alarm in work.sending.alarms(case.id)]
    return found


def shown(rows: Iterable[Mapping[str, Any]]) -> list[Shown]:
    """Rows of evidence as the rules look at them."""
    out = []
    for row in rows:
        problem = row["problem"] or {}
        claimed = claimed_type(row["file"])
        lies = claimed if claimed not in (None, row["media_type"]) and not problem else None
        params = problem.get("params", {})
        out.append(Shown(row["name"], row["media_type"], problem.get("code"), params, lies))
    return out


def refind(work: Work, case: CaseState, at: datetime) -> None:
    """Findings again, after something about the case's evidence became known."""
    order = work.facts.order(case.order_id)
    work.cases.set_findings(case.id, findings(work, case, order, work.facts.records(order.id)), at)


def _order_words(order: OrderRef, records: Sequence[Record]) -> str:
    """What an order is looked for by: its number, tracking numbers, ids of payments and refunds."""
    words = [order.number]
    for record in records:
        if record.kind in (RecordKind.SHIPMENT, RecordKind.RETURN) and record.get("tracking"):
            words.append(str(record.get("tracking")))
        elif record.kind in (RecordKind.PAYMENT, RecordKind.REFUND, RecordKind.DISPUTE):
            words.append(record.external_id)
    return " ".join(dict.fromkeys(words))
