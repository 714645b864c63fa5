"""The ledger in the database: proposals, intents with their lines and history, sums that limits look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from refund_desk.domain.errors import Conflict, NotFound
from refund_desk.domain.words import Decision, Role, Tender
from refund_desk.service.ports.money import IntentRow
from refund_desk.store.work import SqlStore, SqlWork
from tests.store.many import NOW, Cases, store_over


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    return store_over(engine)


class Ledger:
    """A case of a customer with a proposal, and intents of it."""

    def __init__(self, work: SqlWork) -> None:
        self.work, self.cases = work, Cases(work)
        self.me = work.people.add_person("me", NOW)
        self.customer = self.cases.customer()
        self.case = self.cases.case("O1", self.customer)
        self.order = work.cases.by_id(self.case).order_id
        self.proposal = self.propose(1)
        self.n = 0

    def propose(self, number: int, **columns: object) -> int:
        plain: dict[str, object] = {
            "case_id": self.case, "round": 1, "number": number, "decision": "full", "reason": "damage_verified",
            "content": b"{}", "digest": b"d" * 32, "amount_minor": 100, "currency": "CNY", "person_id": self.me,
            "at": NOW, "status": "open",
        }  # fmt: skip
        return self.work.money.add_proposal(**plain | columns)

    def intent(self, minor: int = 100, **changes: object) -> IntentRow:
        self.n += 1
        row = IntentRow(
            id=f"i{self.n}", case_id=self.case, order_id=self.order, customer_id=self.customer,
            proposal_id=self.proposal, tender=Tender.MONEY, payment_record_id=None, channel="alipay",
            amount_minor=minor, currency="CNY", state="reserved", reference=None, created_at=NOW, changed_at=NOW,
            proposer_id=self.me, approver_id=None, confirmed_by=None,
        )  # fmt: skip
        row = replace(row, **changes)  # type: ignore[arg-type]
        self.work.money.add_intent(row)
        return row


def test_a_proposal_comes_back_whole_newest_first(store: SqlStore) -> None:
    with store.write() as work:
        ledger = Ledger(work)
        second = ledger.propose(
            2, content='{"为":1}'.encode(), undo_until=NOW, note="嗯", amount_minor=None, currency=None
        )
        work.money.settle_proposal(second, status="void", void_because=[{"code": "void.amount", "params": {"n": 1}}])
        row, first = work.money.proposals(ledger.case)
        assert (row.id, row.number, row.decision, row.content) == (second, 2, Decision.FULL, '{"为":1}'.encode())
        assert (row.status, row.void_because) == ("void", [{"code": "void.amount", "params": {"n": 1}}])
        assert (row.undo_until, row.note, row.amount_minor) == (NOW, "嗯", None)
        assert first == work.money.proposal(ledger.proposal)
        with pytest.raises(NotFound, match=r"proposal\.not_found"):
            work.money.proposal(second + 1)


def test_an_intent_comes_back_with_its_lines_and_keeps_its_history(store: SqlStore) -> None:
    with store.write() as work:
        ledger = Ledger(work)
        made = ledger.intent(minor=1500, lines=(("", 0, 300), ("L1", 2, 1200)))
        other = ledger.intent(tender=Tender.POINTS, channel="points")
        assert work.money.intent(made.id) == made
        assert work.money.intents_of_order(ledger.order) == work.money.intents_of_case(ledger.case) == [made, other]
        later = NOW + timedelta(seconds=5)
        work.money.set_intent(
            made.id, "succeeded", later, ledger.me, {"reference": "B1"}, reference="B1", confirmed_by=ledger.me
        )
        now = work.money.intent(made.id)
        assert (now.state, now.reference, now.changed_at, now.confirmed_by) == ("succeeded", "B1", later, ledger.me)
        rows = work.connection.exec_driver_sql("SELECT state FROM intent_event WHERE intent_id = 'i1' ORDER BY id")
        assert list(rows.scalars()) == ["reserved", "succeeded"]
        with pytest.raises(NotFound, match=r"intent\.not_found"):
            work.money.intent("nobody's")


def test_a_reference_is_given_once_per_channel_and_the_second_is_a_conflict(store: SqlStore) -> None:
    with store.write() as work:
        ledger = Ledger(work)
        first, second = ledger.intent(), ledger.intent()
        elsewhere = ledger.intent(channel="bank")
        work.money.set_intent(first.id, "succeeded", NOW, ledger.me, {}, reference="B1")
        work.money.set_intent(elsewhere.id, "succeeded", NOW, ledger.me, {}, reference="B1")
        assert work.money.reference_used("alipay", "B1")
        assert not work.money.reference_used("alipay", "B2")
        assert not work.money.reference_used("card", "B1")
    with pytest.raises(Conflict) as taken, store.write() as work:
        work.money.set_intent(second.id, "succeeded", NOW, ledger.me, {}, reference="B1")
    assert taken.value.code == "payout.reference_used"
    with store.read() as work:
        assert work.money.intent(second.id).state == "reserved"


def test_sums_hold_what_is_promised_or_gone_and_nothing_that_fell(store: SqlStore) -> None:
    with store.write() as work:
        ledger = Ledger(work)
        for n, state in enumerate(
            ("reserved", "submitting", "pending", "unknown", "succeeded", "arrived", "failed", "cancelled", "returned")
        ):
            ledger.intent(minor=10**n, state=state)
        ledger.intent(minor=7, currency="USD")
        ledger.intent(minor=5, created_at=NOW - timedelta(days=31))
        money = work.money
        assert money.decided_for_order(ledger.order) == {"CNY": 111111 + 5, "USD": 7}
        assert money.decided_for_customer(ledger.customer, NOW - timedelta(days=30)) == {"CNY": 111111, "USD": 7}
        assert money.decided_for_order(ledger.order + 1) == {}


def test_consultations_are_asked_and_settled(store: SqlStore) -> None:
    with store.write() as work:
        ledger = Ledger(work)
        asked = {"case_id": ledger.case, "round": 1, "required": True, "question": "可以吗？", "asked_by": ledger.me}
        first = work.money.ask(**asked, role="finance", asked_at=NOW, due_at=NOW + timedelta(days=1), open=True)
        second = work.money.ask(**asked, role="risk", asked_at=NOW, open=True)
        work.money.settle_consultation(first, open=False, answer="可以", answered_by=ledger.me, answered_at=NOW)
        one, two = work.money.consultations(ledger.case)
        assert (one.id, one.role, one.open, one.answer) == (first, Role.FINANCE, False, "可以")
        assert (two.id, two.open, two.due_at) == (second, True, None)
        assert work.money.consultation(second) == two
        with pytest.raises(NotFound, match=r"consultation\.not_found"):
            work.money.consultation(second + 1)
