"""Take what a source gives: facts of orders, requests, mail; the same again changes nothing.

Records are taken in their order, some to a transaction; the cursor is committed with the last of a page.
Killed anywhere, the next run pulls the page again and finds done what is done, by the digest of each
record. What a record breaks is its own affair: it is quarantined and the others go on.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.evidence import Kept
from refund_desk.domain.people import Principal
from refund_desk.domain.requests import AHEAD, Problem, RequestRecord, Saying
from refund_desk.domain.sources import DELETED, Hint, Item, OrderFacts, Tracked, not_after
from refund_desk.domain.words import RecordKind
from refund_desk.service import intake, lifecycle, quarantine, sources
from refund_desk.service.evidence import PERSONAL_FIELDS
from refund_desk.service.filling import Filling
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.facts import CustomerKey
from refund_desk.service.ports.sources import Connection, TakenRecord

Result = Literal["new", "changed", "unchanged", "quarantined", "ignored", "gone"]
HOLD: Final = timedelta(seconds=90)
"""How long a run holds its source without a word; every page renews it."""
LONGEST_WAIT: Final = timedelta(hours=1)
FOR_GOOD: Final = frozenset({"source.gone", "source.too_large", "source.address", "evidence.missing"})
"""Why a file will not be had next time either."""
QUARANTINED: Final = "!"
"""`head` of a record that is in quarantine: when it can be taken, its row there is settled."""


# ---------------------------------------------------------------- a run


def begin(work: Work, desk: Desk, who: Principal, name: str, holder: str) -> tuple[Connection, int]:
    """Start a run of a source; nobody else runs it meanwhile. Raises NotFound, Conflict."""
    permit(work, desk, who, "source.sync")
    connection = sources.find(work, name)
    if not connection.enabled:
        raise Conflict("source.disabled", name=name)
    now = desk.clock()
    if not work.sources.claim(connection.id, holder, now, now + HOLD):
        raise Conflict("source.busy", name=name, retry_after=5)
    return connection, work.sources.start_run(connection.id, now)


def hold(work: Work, desk: Desk, connection: Connection, holder: str) -> None:
    """Within the transaction of a slice: go on holding the source. Raises Conflict where another run has it."""
    if not work.sources.held(connection.id, holder, desk.clock() + HOLD):
        raise Conflict("source.busy", name=connection.name, retry_after=5)


def next_at(work: Work, desk: Desk, connection: Connection) -> datetime | None:
    """When a source runs again by itself: after its interval, later and later while it fails."""
    minutes = int(connection.settings.get("every", 5))
    if not minutes or not connection.enabled:
        return None
    failures = 0
    for run in work.sources.runs(connection.id, 10):
        if run.status not in ("failed", "lost"):
            break
        failures += 1
    usual = timedelta(minutes=minutes)
    return desk.clock() + min(usual * (1 << failures), max(LONGEST_WAIT, usual))


# ---------------------------------------------------------------- one record


@dataclass(slots=True)
class Arrived:
    """A record on its way in: what it is, what is known of it, whose it is, its evidence on disk."""

    item: Item
    before: TakenRecord | None
    digest: bytes
    as_of: datetime
    customer: CustomerKey | None = None
    kept: Sequence[Kept] = ()
    problems: Sequence[Problem] = ()
    case_id: int | None = None
    lacking: bool = False  # a file of it could not be had now

    @property
    def unchanged(self) -> bool:
        """As it was taken; nothing is waiting in it."""
        before = self.before
        return before is not None and before.digest == self.digest and before.gone_at is None

    @property
    def late(self) -> bool:
        """An older version than we have."""
        before = self.before
        if before is None or before.head == QUARANTINED:
            return False
        return before.digest != self.digest and self.as_of < before.as_of


def arrive(desk: Desk, connection: Connection, version: str, item: Item, before: TakenRecord | None) -> Arrived:
    """A record beside what we have of it. The digest is keyed, and changes with the connector's version."""
    digest = hmac.new(connection.salt, version.encode() + b"\0" + item.digest, hashlib.sha256).digest()
    arrived = Arrived(item, before, digest, not_after(item.as_of, desk.clock()), problems=item.problems)
    if item.what is None and not item.problems:
        arrived.problems = [Problem("", "record.unreadable")]
    return arrived


def check(desk: Desk, arrived: Arrived) -> None:
    """Note what is wrong with a record before anything is written."""
    what = arrived.item.what
    if arrived.problems:
        return
    if isinstance(what, RequestRecord):
        try:
            intake.check(desk, what)
        except Invalid as no:
            arrived.problems = quarantine.problems_of(no)
    elif isinstance(what, OrderFacts):
        arrived.problems = list(_facts_problems(what, desk.clock()))


def _facts_problems(facts: OrderFacts, now: datetime) -> list[Problem]:
    """What can't be meant: another order's facts, two currencies, things that happened days from now."""
    found = []
    if not facts.order.strip():
        found.append(Problem("order", "order.missing"))
    for saying in facts.sayings:
        if saying.order != facts.order:
            found.append(Problem(saying.path, "order.number_differs", {"order": facts.order, "said": saying.order}))
        if saying.currency is not None and saying.currency != facts.currency:
            params = {"currency": facts.currency, "said": saying.currency}
            found.append(Problem(f"{saying.path}.currency", "currency.differs", params))
        happened = ((n, v) for n, v in saying.fields.items() if isinstance(v, datetime) and n != "due_at")
        for name, value in happened:
            if value > now + AHEAD:
                found.append(Problem(f"{saying.path}.{name}", "time.in_future", {"at": value.isoformat()}))
    return found


def take(
    work: Work, desk: Desk, who: Principal, connection: Connection, arrived: Arrived
) -> tuple[Result, TakenRecord]:
    """Take one checked record in. Raises Invalid `intake.quarantined` before it writes anything of it."""
    what = arrived.item.what
    if isinstance(what, OrderFacts):
        changed, record = _take_facts(work, desk, who, connection, what, arrived)
    elif isinstance(what, RequestRecord):
        outcome = intake.take_in(work, desk, who, what, arrived.customer, arrived.kept)
        changed, record = outcome.result != "unchanged", _record(arrived)
    elif arrived.case_id is not None:
        changed, record = _take_mail(work, desk, who, arrived), _record(arrived)
    else:
        return "ignored", _record(arrived)
    if arrived.before is not None and arrived.before.head == QUARANTINED:
        work.intake.settle_of(connection.name, record_name(arrived.item), "taken")
    if arrived.before is None:
        return "new", record
    return ("changed" if changed else "unchanged"), record


def record_name(item: Item) -> str:
    """What a record is called in quarantine."""
    return item.id[:400].replace("\0", "")


def _record(arrived: Arrived, **more: Any) -> TakenRecord:
    item = arrived.item
    return TakenRecord(item.id, arrived.digest, arrived.as_of, item.made_at, item.mark, **more)


def refuse(work: Work, desk: Desk, who: Principal, connection: Connection, arrived: Arrived) -> TakenRecord:
    """Quarantine a record, in place of an older version of it that is there; the same bytes again change nothing.

    Its files are not kept aside: the system has them, and it is read again from there.
    """
    item = arrived.item
    if arrived.before is not None and arrived.before.head == QUARANTINED:
        work.intake.settle_of(connection.name, record_name(item), "dropped")
    row = quarantine.Refused(connection.name, None, item.raw, record_name(item), arrived.problems)
    quarantine.put(work, desk, who, [row])
    return _record(arrived, head=QUARANTINED)


# ---------------------------------------------------------------- facts of an order


def _take_facts(
    work: Work, desk: Desk, who: Principal, connection: Connection, facts: OrderFacts, arrived: Arrived
) -> tuple[bool, TakenRecord]:
    """Observe them, bring the order's open cases up to date, and put notes and pictures on its cases."""
    customer = arrived.customer
    order = intake.order_of(work, facts.order, facts.currency, customer, "currency")
    intake.put_personal(work, customer, facts.buyer, arrived.as_of)
    key = (customer.secret if customer else None) or b""
    sayings = _without_personal(facts.sayings) if customer is not None and customer.erased else facts.sayings
    changed = work.facts.observe(order.id, sayings, desk.clock(), lambda said: intake.saying_digest(key, said))
    cases = work.cases.of_order(order.id)
    open_cases = [case for case in cases if case.open]
    came = bool(changed)
    for case in open_cases or cases[-1:]:
        filling = Filling(work, desk, who, order, customer, facts.letters, facts.proofs, arrived.kept)
        state = work.cases.lock(case.ref)
        seen = filling.fill(state, changed if case.open else (), new=False)
        if changed or seen:
            work.audit("facts.changed", who, case.ref, source=connection.name, fields=list(changed))
        came = came or seen
    if changed and open_cases:
        intake.settle(work, desk, [case.id for case in open_cases], order)
    head = facts.sayings[0] if facts.sayings else None
    waiting = arrived.lacking or (not cases and bool(facts.letters or facts.proofs))
    named = f"{head.kind.value}/{head.external_id}" if head else None
    return came, _record(arrived, order_id=order.id, head=named, waiting=waiting)


def _without_personal(sayings: Sequence[Saying]) -> list[Saying]:
    """Of an erased customer: what systems still say of their order, without free text."""
    gone = {f"{kind}.{name}" for kind, name in PERSONAL_FIELDS}
    return [
        replace(said, fields={n: v for n, v in said.fields.items() if f"{said.kind.value}.{n}" not in gone})
        for said in sayings
    ]


def gone(work: Work, desk: Desk, who: Principal, connection: Connection, hint: Hint, known: TakenRecord) -> TakenRecord:
    """The system has no such thing any more: that is what it says of it now; what it said before stays history."""
    now = desk.clock()
    if known.order_id is not None and known.head and "/" in known.head:
        kind, _, external_id = known.head.partition("/")
        order = work.facts.order(known.order_id)
        said = Saying(
            hint.stream, connection.name, RecordKind(kind), external_id, order.number, now, {"status": DELETED}
        )
        changed = work.facts.observe(order.id, [said], now, lambda saying: intake.saying_digest(b"", saying))
        open_cases = [case for case in work.cases.of_order(order.id) if case.open]
        for case in open_cases if changed else ():
            lifecycle.refresh(work, desk, case.id, what={"fields": changed})
            work.audit("facts.changed", who, case.ref, source=connection.name, fields=changed)
        if changed and open_cases:
            intake.settle(work, desk, [case.id for case in open_cases], order)
    return replace(known, gone_at=now)


# ---------------------------------------------------------------- mail


def _take_mail(work: Work, desk: Desk, who: Principal, arrived: Arrived) -> bool:
    """A message of a thread that belongs to a case."""
    mail, case_id = arrived.item.what, arrived.case_id
    if case_id is None or mail is None or isinstance(mail, RequestRecord | OrderFacts | Tracked):
        return False
    state = work.cases.lock(work.cases.by_id(case_id).ref)
    order = work.facts.order(state.order_id)
    filling = Filling(work, desk, who, order, arrived.customer, [mail.letter], mail.proofs, arrived.kept)
    came = filling.fill(state, (), new=False)
    if came:
        work.audit("message.came", who, state.ref, source=mail.letter.source)
    return came


# ---------------------------------------------------------------- what waits


def asked_again(work: Work, connection: Connection, limit: int) -> tuple[list[int], list[Hint]]:
    """Records to read by themselves: hinted at, or with something for a case that has come to be. Ids of hints."""
    hinted = work.sources.hints(connection.id, limit)
    waiting = work.sources.waiting(connection.id, limit)
    return [number for number, _ in hinted], list(dict.fromkeys([*(hint for _, hint in hinted), *waiting]))


def report(work: Work, who: Principal, connection: Connection, stream: str, results: Mapping[str, int]) -> None:
    """An entry for what a transaction took, where it changed anything."""
    told: dict[str, Any] = {name: results[name] for name in ("new", "changed", "gone") if results.get(name)}
    if told:
        work.audit("source.taken", who, source=connection.name, stream=stream, **told)
