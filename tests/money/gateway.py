"""A payment gateway of ours that fails in every way at every step. Its books are the truth.

It speaks the published shape of Stripe's charges, refunds and disputes as plain calls: `call` takes a
method, a path, form fields and headers, and gives status, headers and bytes, or raises `NoAnswer`.
It imports nothing of the desk, knows nothing of its tables, and has a clock of its own that nobody sets back.

As measured and published: an idempotency key keeps the first result that was begun, a 500 included, and
replays it with `idempotent-replayed: true`; another body under it is a 400; while the first still runs
it is a 409; after `key_life_s` the key is forgotten, and the same call is a new one. What is refused at
the door (429, 401) is kept under no key. A listing shows a refund only after up to `settling_s`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class Fault(StrEnum):
    """How one call goes wrong. `before`: nothing was booked; `after`: it was, and the caller doesn't learn it."""

    NONE = "none"
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    GARBAGE_BEFORE = "garbage_before"
    GARBAGE_AFTER = "garbage_after"
    SLOW = "slow"  # the caller gives up; it is booked later, and listed within the settling time
    BUSY = "busy"  # 429 with Retry-After
    KEY_REVOKED = "key_revoked"  # 401
    ODD_STATUS = "odd_status"  # booked, in a state that no table lists
    PENDING = "pending"  # booked, not through yet
    REFUSED = "refused"  # booked as failed: a final no
    STALE_PAGE = "stale_page"  # a listing from a copy that lags: what came under a key is missing, once


GETS_LOST = (
    Fault.TIMEOUT_BEFORE,
    Fault.CUT_BEFORE,
    Fault.ERROR_BEFORE,
    Fault.GARBAGE_BEFORE,
    Fault.BUSY,
    Fault.STALE_PAGE,
)
"""What a call that only reads can meet."""


class NoAnswer(Exception):
    """The caller hears nothing. `kind`: timeout or cut."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass
class Refund:
    """One refund in the books. `intent`, `case`: what the caller wrote into its metadata, if anybody did.

    made_by: the key it came under, or `dashboard`. loss: of a dashboard's, which loss the clerk meant.
    """

    id: str
    payment: str
    minor: int
    status: str
    at: float
    visible_at: float
    made_by: str
    seq: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    loss: str = ""
    paid: bool = False  # it has been through, whatever came after

    @property
    def intent(self) -> str | None:
        return self.metadata.get("refund_desk_intent")

    @property
    def counts(self) -> bool:
        """Whether the money has gone or is going."""
        return self.status != "failed"


@dataclass
class Dispute:
    """A chargeback; its funds are gone unless it was won."""

    id: str
    payment: str
    minor: int
    status: str
    at: float
    seq: int


@dataclass
class Payment:
    """A charge: what was authorised and what was captured of it so far."""

    id: str
    currency: str
    authorised: int
    captured: int
    seq_captured: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Entry:
    """A line of the journal: `what` happened to a payment, in order."""

    seq: int
    at: float
    what: str
    payment: str
    subject: str = ""
    minor: int = 0


@dataclass
class _Kept:
    """What stands under an idempotency key."""

    body: str
    born: float
    status: int = 0
    answer: bytes = b""
    runs_until: float | None = None  # still running until then


Meanwhile = Callable[[str], None]


class Gateway:
    """One account at one gateway. Amounts are minor units, times seconds of its own clock."""

    def __init__(self, *, settling_s: float = 120, key_life_s: float = 86400, lag: Callable[[], float] = lambda: 0.0):
        self.settling_s, self.key_life_s = settling_s, key_life_s
        self._lag = lag  # how long until a listing shows a new refund; at most settling_s
        self.now = 1_795_000_000.0
        self.payments: dict[str, Payment] = {}
        self.refunds: list[Refund] = []
        self.disputes: list[Dispute] = []
        self.journal: list[Entry] = []
        self.keys: dict[str, _Kept] = {}
        self.later: list[tuple[float, str, Mapping[str, str], str, float]] = []
        self.notices: list[str] = []  # payments about which a signed notification is on its way
        self.send_faults: list[Fault] = []
        self.read_faults: list[Fault] = []
        self.before_booking: Meanwhile = lambda _: None
        self.after_booking: Meanwhile = lambda _: None
        self.while_reading: Meanwhile = lambda _: None
        self._seq = 0

    # ------------------------------------------------------------ the world

    def forward(self, seconds: float) -> None:
        """Time passes; what was slow is booked when its time comes."""
        end = self.now + seconds
        while self.later and min(at for at, *_ in self.later) <= end:
            one = min(self.later, key=lambda waiting: waiting[0])
            self.later.remove(one)
            at, key, form, payment, listed = one
            self.now = max(self.now, at)
            status, answer = self._book(form, key, payment, "succeeded", listed)
            kept = self.keys.get(key)
            if kept is not None:
                kept.status, kept.answer, kept.runs_until = status, answer, None
        self.now = end

    def pay(self, payment: str, currency: str, authorised: int, captured: int | None = None) -> None:
        """A customer pays."""
        amount = authorised if captured is None else captured
        self.payments[payment] = Payment(payment, currency, authorised, amount)
        self._note("captured", payment, minor=amount)

    def capture(self, payment: str, minor: int) -> int:
        """Capture more of what was authorised; how much it came to."""
        paid = self.payments[payment]
        more = min(minor, paid.authorised - paid.captured)
        if more > 0:
            paid.captured += more
            self._note("captured", payment, minor=more)
        return max(0, more)

    def refund_by_hand(self, payment: str, minor: int, loss: str = "") -> Refund | None:
        """A clerk refunds in the gateway's own dashboard; None where the gateway refuses."""
        if minor <= 0 or minor > self.left(payment):
            return None
        return self._add(payment, minor, "succeeded", "dashboard", {}, loss)

    def dispute(self, payment: str, minor: int) -> Dispute:
        """The customer's bank takes money back."""
        made = Dispute(f"dp_{len(self.disputes)}", payment, minor, "needs_response", self.now, self._next())
        self.disputes.append(made)
        self._note("disputed", payment, made.id, minor)
        self.notices.append(payment)
        return made

    def end_dispute(self, number: int, *, won: bool) -> None:
        one = self.disputes[number]
        one.status = "won" if won else "lost"
        self._note(f"dispute_{one.status}", one.payment, one.id)
        self.notices.append(one.payment)

    def finish(self, number: int, *, fails: bool) -> None:
        """A pending refund comes to an end; a succeeded one may still fail (退票)."""
        one = self.refunds[number]
        if one.status == "failed":
            return
        one.status = "failed" if fails else "succeeded"
        one.paid = one.paid or not fails
        self._note("failed_later" if fails else "went_through", one.payment, one.id)
        self.notices.append(one.payment)

    # ------------------------------------------------------------ the books

    def left(self, payment: str) -> int:
        """What the gateway itself would still give back."""
        gone = sum(one.minor for one in self.refunds if one.payment == payment and one.counts)
        held = sum(one.minor for one in self.disputes if one.payment == payment and one.status != "won")
        return self.payments[payment].captured - gone - held

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    def _note(self, what: str, payment: str, subject: str = "", minor: int = 0) -> None:
        self.journal.append(Entry(self._next(), self.now, what, payment, subject, minor))

    def _add(
        self, payment: str, minor: int, status: str, made_by: str, metadata: Mapping[str, str], loss: str = ""
    ) -> Refund:
        number = f"re_{len(self.refunds)}"
        lag = 0.0 if made_by == "dashboard" else min(self._lag(), self.settling_s)
        made = Refund(
            number,
            payment,
            minor,
            status,
            self.now,
            self.now + lag,
            made_by,
            self._next(),
            dict(metadata),
            loss,
            status == "succeeded",
        )
        self.refunds.append(made)
        self._note("refunded", payment, number, minor)
        self.notices.append(payment)
        return made

    # ------------------------------------------------------------ the wire

    def call(
        self, method: str, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """One request. Raises NoAnswer where the caller hears nothing."""
        parts = urlsplit(url)
        path, query = parts.path, dict(parse_qsl(parts.query))
        if method == "POST" and path == "/v1/refunds":
            return self._send(dict(form), headers)
        if method == "GET":
            return self._read(path, query)
        return self._answer(404, _error("invalid_request_error", "resource_missing"))

    def _answer(self, status: int, body: Any, **more: str) -> tuple[int, dict[str, str], bytes]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return status, {"date": formatdate(self.now, usegmt=True), "content-type": "application/json", **more}, raw

    def _read(self, path: str, query: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        fault = Fault.NONE
        if self.read_faults and (self.read_faults[0] is not Fault.STALE_PAGE or path == "/v1/refunds"):
            fault = self.read_faults.pop(0)
        payment = query.get("charge") or path.rpartition("/")[2]
        self._note("asked", payment)
        _may_get_lost(fault)
        if fault is Fault.BUSY:
            return self._answer(429, _error("rate_limit_error", "rate_limit"), **{"retry-after": "7"})
        if fault is Fault.ERROR_BEFORE:
            return self._answer(500, _error("api_error", ""))
        if fault is Fault.GARBAGE_BEFORE:
            return self._answer(200, b"<html>maintenance</html>")
        answer = self._looked_up(path, query, stale=fault is Fault.STALE_PAGE)
        self.while_reading(payment)
        return answer

    def _looked_up(self, path: str, query: Mapping[str, str], *, stale: bool) -> tuple[int, dict[str, str], bytes]:
        kind, _, number = path.removeprefix("/v1/").partition("/")
        if kind == "charges" and number in self.payments:
            self._note("read", number)
            return self._answer(200, self._charge(self.payments[number]))
        if kind == "refunds" and not number:
            shown = [r for r in self.refunds if r.payment == query.get("charge") and r.visible_at <= self.now]
            shown = [r for r in shown if not stale or r.made_by == "dashboard"]
            self._note("listed", query.get("charge", ""), "stale" if stale else "")
            return self._answer(200, _page([_refund(r, self.payments) for r in reversed(shown)], query))
        if kind == "disputes" and not number:
            held = [d for d in self.disputes if d.payment == query.get("charge")]
            return self._answer(200, _page([_dispute(d) for d in held], query))
        return self._answer(404, _error("invalid_request_error", "resource_missing"))

    def _charge(self, paid: Payment) -> dict[str, Any]:
        shown = [r for r in self.refunds if r.payment == paid.id and r.visible_at <= self.now and r.counts]
        return {
            "id": paid.id,
            "object": "charge",
            "amount": paid.authorised,
            "amount_captured": paid.captured,
            "amount_refunded": sum(r.minor for r in shown),
            "captured": paid.captured > 0,
            "currency": paid.currency.lower(),
            "disputed": any(d.payment == paid.id for d in self.disputes),
            "status": "succeeded",
        }

    def _send(self, form: dict[str, str], headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        fault = self.send_faults.pop(0) if self.send_faults else Fault.NONE
        key, body, payment = headers.get("idempotency-key", ""), json.dumps(form, sort_keys=True), form["charge"]
        self._note("called", payment, form.get("metadata[refund_desk_intent]", ""), int(form.get("amount", "0")))
        intent, sure = form.get("metadata[refund_desk_intent]", ""), False
        try:
            answer = self._serve(fault, form, key, body, payment)
            sure = _is_sure(answer)
            return answer
        finally:
            self._note("ended" if sure else "unsure", payment, intent)

    def _serve(
        self, fault: Fault, form: dict[str, str], key: str, body: str, payment: str
    ) -> tuple[int, dict[str, str], bytes]:
        self.before_booking(payment)
        _may_get_lost(fault)
        if fault is Fault.BUSY:
            return self._answer(429, _error("rate_limit_error", "rate_limit"), **{"retry-after": "7"})
        if fault is Fault.KEY_REVOKED:
            return self._answer(401, _error("invalid_request_error", "api_key_expired"))
        if fault is Fault.GARBAGE_BEFORE:
            return self._answer(200, b"<html>please hold the line</html>")
        replay = self._replay(key, body)
        if replay is not None:
            return replay
        if fault is Fault.SLOW:
            due = self.now + min(self._lag() or self.settling_s / 2, self.settling_s)
            self.keys[key] = _Kept(body, self.now, runs_until=due)
            self.later.append((due, key, form, payment, self.now + self.settling_s))
            raise NoAnswer("timeout")
        status, answer = self._run(fault, form, key, payment)
        self.keys[key] = _Kept(body, self.now, status, answer)
        self.after_booking(payment)
        if fault is Fault.TIMEOUT_AFTER:
            raise NoAnswer("timeout")
        if fault is Fault.CUT_AFTER:
            raise NoAnswer("cut")
        if fault is Fault.GARBAGE_AFTER:
            return self._answer(200, answer[: len(answer) // 2])
        return self._answer(status, answer)

    def _replay(self, key: str, body: str) -> tuple[int, dict[str, str], bytes] | None:
        kept = self.keys.get(key)
        if kept is None:
            return None
        if self.now - kept.born >= self.key_life_s and kept.runs_until is None:
            del self.keys[key]
            return None
        if kept.body != body:
            return self._answer(400, _error("idempotency_error", "idempotency_key_reused"))
        if kept.runs_until is not None:
            return self._answer(409, _error("idempotency_error", "idempotency_key_in_use"))
        return self._answer(kept.status, kept.answer, **{"idempotent-replayed": "true"})

    def _run(self, fault: Fault, form: Mapping[str, str], key: str, payment: str) -> tuple[int, bytes]:
        broken = json.dumps(_error("api_error", "")).encode()
        if fault is Fault.ERROR_BEFORE:
            return 500, broken
        states = {Fault.PENDING: "pending", Fault.ODD_STATUS: "in_review_by_partner", Fault.REFUSED: "failed"}
        status, answer = self._book(form, key, payment, states.get(fault, "succeeded"))
        return (500, broken) if fault is Fault.ERROR_AFTER else (status, answer)

    def _book(
        self, form: Mapping[str, str], key: str, payment: str, state: str, listed: float | None = None
    ) -> tuple[int, bytes]:
        """`listed`: when at the latest it is shown; the settling time counts from the call, not from here."""
        minor = int(form["amount"])
        if payment not in self.payments:
            return 404, json.dumps(_error("invalid_request_error", "resource_missing")).encode()
        if minor > self.left(payment):
            return 400, json.dumps(_error("invalid_request_error", "charge_already_refunded")).encode()
        start = "metadata["
        metadata = {name[len(start) : -1]: value for name, value in form.items() if name.startswith(start)}
        made = self._add(payment, minor, state, key, metadata)
        made.visible_at = made.visible_at if listed is None else min(made.visible_at, max(self.now, listed))
        return 200, json.dumps(_refund(made, self.payments)).encode()


def _is_sure(answer: tuple[int, dict[str, str], bytes]) -> bool:
    """Whether somebody who reads the published reference knows from this answer what happened."""
    status, _, raw = answer
    try:
        state = json.loads(raw).get("status")
    except ValueError:
        return False
    return status in (400, 402, 404) or (status == 200 and state in ("succeeded", "pending", "failed"))


def _may_get_lost(fault: Fault) -> None:
    if fault is Fault.TIMEOUT_BEFORE:
        raise NoAnswer("timeout")
    if fault is Fault.CUT_BEFORE:
        raise NoAnswer("cut")


def _error(kind: str, code: str) -> dict[str, Any]:
    return {"error": {"type": kind, "code": code, "message": "no"}}


def _refund(one: Refund, payments: Mapping[str, Payment]) -> dict[str, Any]:
    return {
        "id": one.id,
        "object": "refund",
        "amount": one.minor,
        "charge": one.payment,
        "created": int(one.at),
        "currency": payments[one.payment].currency.lower(),
        "metadata": dict(one.metadata),
        "status": one.status,
    }


def _dispute(one: Dispute) -> dict[str, Any]:
    return {"id": one.id, "object": "dispute", "amount": one.minor, "charge": one.payment, "status": one.status}


def _page(rows: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    after, limit = query.get("starting_after"), int(query.get("limit", "10"))
    start = next((i + 1 for i, row in enumerate(rows) if row["id"] == after), 0)
    shown = rows[start : start + limit]
    return {"object": "list", "data": shown, "has_more": start + limit < len(rows)}
