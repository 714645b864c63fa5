"""A staffed desk for tests of whole journeys: people with roles, requests taken in, one call a step.

Each step is one transaction, as at the edge: what it raises rolls it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from refund_desk.domain.cases import CaseState
from refund_desk.domain.people import Principal
from refund_desk.domain.requests import RequestRecord
from refund_desk.domain.words import Decision, Role
from refund_desk.server.intake_wire import parse_line
from refund_desk.service import cases, decisions, intake, payouts
from refund_desk.service.casefile import CaseFile, open_file
from refund_desk.service.decisions import Done
from refund_desk.service.drafting import Draft
from refund_desk.service.ports import Desk
from refund_desk.service.ports.money import IntentRow
from refund_desk.store.work import SqlWork
from tests.fakes import bundles as b
from tests.fakes.house import OPERATOR, FakeHouse

P = ParamSpec("P")
T = TypeVar("T")

STAFF: Mapping[str, Role] = {
    "rita": Role.REVIEWER,
    "ray": Role.REVIEWER,
    "susan": Role.SUPERVISOR,
    "leo": Role.LEAD,
    "fiona": Role.FINANCE,
    "felix": Role.FINANCE,
    "risto": Role.RISK,
    "carl": Role.COMPLIANCE,
    "celia": Role.CUSTOMER_SERVICE,
    "walt": Role.WAREHOUSE,
}


class Scene:
    """One house with its staff. Amounts are minor units."""

    def __init__(self, house: FakeHouse) -> None:
        self.house = house

    def __getattr__(self, name: str) -> Principal:
        """Somebody of `STAFF`, hired when first asked for."""
        if name not in STAFF:
            raise AttributeError(name)
        made = self.person(name, STAFF[name])
        setattr(self, name, made)
        return made

    @property
    def desk(self) -> Desk:
        return self.house.desk

    def person(self, name: str, *roles: Role, same_as: Principal | None = None) -> Principal:
        """A person with an account that holds these roles; or another account of somebody."""
        now = self.house.clock()
        with self.house.write() as work:
            person = same_as.person_id if same_as else work.people.add_person(name, now)
            account = work.people.add_account(person, name, None, False, "en", False, now)
            work.people.set_roles(account, roles, now)
        return Principal(person, account, name, frozenset(roles), name)

    # ------------------------------------------------------------ taking in

    def take_in(self, line: Mapping[str, Any]) -> CaseState:
        """One line of a bundle, without evidence; the case it opened or joined."""
        record = parse_line(b.raw(line))
        assert isinstance(record, RequestRecord), record
        with self.house.write() as work:
            customer = intake.owner(work, self.desk, record)
        with self.house.write() as work:
            done = intake.take_in(work, self.desk, OPERATOR, record, customer, [])
            return work.cases.by_ref(done.ref)

    def case(self, number: str = "R1", order: str = "O1", **parts: Any) -> str:
        """A new case of an order of 129.00 CNY: two cups of 60.00 (L1) and a plate of 9.00 (L2); its reference."""
        parts = {"payments": [b.payment(f"P-{order}", order)], "shipments": [shipment(order)], **parts}
        return self.take_in(b.case(number, order, **parts)).ref

    # ------------------------------------------------------------ steps

    def do(
        self,
        step: Callable[Concatenate[SqlWork, Desk, Principal, P], T],
        who: Principal,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """A use case in a transaction of its own."""
        with self.house.write() as work:
            return step(work, self.desk, who, *args, **kwargs)

    def held(self, ref: str, who: Principal | None = None) -> str:
        """The case, taken by somebody (Rita) who doesn't hold it yet."""
        person = who or self.rita
        if self.state(ref).assignee_id != person.person_id:
            self.do(cases.take, person, ref)
        return ref

    def propose(self, ref: str, decision: Decision, reason: str, who: Principal | None = None, **form: Any) -> Done:
        """Take it if need be, and propose."""
        person = who or self.rita
        self.held(ref, person)
        return self.do(decisions.propose, person, ref, Draft(decision, reason, **form), self.state(ref).versions)

    def approve(self, ref: str, who: Principal | None = None, reason: str | None = None) -> Done:
        """Approve what is proposed, as it now stands."""
        file = self.file(ref)
        row = file.last_proposal
        assert row is not None
        rests = file.state.versions
        return self.do(decisions.approve, who or self.susan, ref, row.number, row.digest, rests, reason)

    def pay(self, ref: str, who: Principal | None = None) -> CaseState:
        """Confirm everything of the case that waits for a hand."""
        for intent in self.reserved(ref):
            args = (intent.id, f"BANK-{intent.id}", intent.amount_minor, intent.currency)
            self.do(payouts.confirm, who or self.fiona, *args)
        return self.state(ref)

    # ------------------------------------------------------------ looking

    def state(self, ref: str) -> CaseState:
        with self.house.read() as work:
            return work.cases.by_ref(ref)

    def file(self, ref: str, who: Principal | None = None) -> CaseFile:
        with self.house.read() as work:
            return open_file(work, self.desk, work.cases.by_ref(ref), who)

    def intents(self, ref: str) -> list[IntentRow]:
        with self.house.read() as work:
            return work.money.intents_of_case(work.cases.by_ref(ref).id)

    def reserved(self, ref: str) -> list[IntentRow]:
        return [intent for intent in self.intents(ref) if intent.state == "reserved"]

    def events(self, ref: str) -> list[str]:
        with self.house.read() as work:
            return [event.type for event in work.cases.events(work.cases.by_ref(ref).id)]

    def entries(self, ref: str) -> list[str]:
        """Actions of the audit log about a case, oldest first."""
        with self.house.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT action, case_ref FROM audit_entry ORDER BY id")
            return [action for action, about in rows if about == ref]

    def entries_of(self, action: str) -> int:
        """How often the log has an action."""
        with self.house.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT action FROM audit_entry")
            return sum(row[0] == action for row in rows)


def shipment(order: str = "O1", **changes: Any) -> dict[str, Any]:
    return {
        "system": "mall",
        "id": f"S-{order}",
        "order": order,
        "as_of": b.AT,
        "carrier": "SF",
        "tracking": f"SF-{order}",
        "status": "delivered",
        "shipped_at": "2026-11-02T02:00:00+00:00",
        "delivered_at": "2026-11-15T02:00:00+00:00",
        **changes,
    }


def refund(number: str = "RF1", amount: str = "60.00", **changes: Any) -> dict[str, Any]:
    """A refund as a gateway lists it on a payment."""
    return {"id": number, "amount": amount, "status": "succeeded", "created_at": b.AT, **changes}


def in_order(events: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether `wanted` all stand in `events`, in that order."""
    rest = iter(events)
    return all(one in rest for one in wanted)
