"""Reconciliation as its people do it: a file in, a run, breaks with their cases, undone and settled; both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.reconciliation import Resolution
from refund_desk.domain.requests import RequestRecord
from refund_desk.domain.words import Decision, Stage
from refund_desk.server.intake_wire import parse_line
from refund_desk.service import reconciliation as use
from refund_desk.service import reconciliation_run, steps
from refund_desk.service.ports.reconciliation import BreakFilter, BreakRow
from refund_desk.service.reading import read_case
from refund_desk.sources.statements import read_statement
from refund_desk.worker import reconciliation
from tests.fakes import bundles as b
from tests.fakes.scene import Scene, refund

LATER = "2026-11-20T08:00:00+00:00"
HEAD = "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,description\n"


def line(number: str, amount: str, what: str = "refund", at: str = "2026-11-20 10:00:00", text: str = "") -> str:
    return f"txn_{number},{at},cny,{amount},0.00,{amount},{what},{number},{text}\n"


END = line("ch_end", "5.00", "charge", "2026-11-27 00:00:00")
BEGIN = line("ch_begin", "5.00", "charge", "2026-11-10 00:00:00")


def bring(scene: Scene, *lines: str, source: str, who: Principal | None = None) -> Any:
    data = (HEAD + BEGIN + "".join(lines) + END).encode()
    return scene.do(use.import_statement, who or scene.fiona, source, data, read_statement(data))


def run(scene: Scene, who: Principal | None = None) -> Any:
    return reconciliation.run(scene.house, who or scene.fiona)


def paid(scene: Scene) -> tuple[str, Any]:
    """A case whose 60.00 went out; and its intent."""
    ref = scene.case()
    scene.propose(ref, Decision.FULL, "damage_verified")
    scene.approve(ref)
    scene.pay(ref)
    (intent,) = scene.intents(ref)
    scene.house.clock.forward(days=9)
    return ref, intent


def money(minor: int) -> str:
    return f"-{minor // 100}.{minor % 100:02d}"


def listed(scene: Scene, status: str | None = "open") -> list[Any]:
    with scene.house.read() as work:
        return list(use.breaks(work, scene.desk, scene.fiona, BreakFilter(status)))


def matched(scene: Scene) -> list[Any]:
    with scene.house.read() as work:
        return list(use.matches(work, scene.desk, scene.fiona))


def of_payouts(scene: Scene) -> list[Any]:
    return [one for one in matched(scene) if one["order_id"] is None]


def test_a_payout_on_the_statement_has_arrived_and_the_match_says_why(scene: Scene) -> None:
    ref, intent = paid(scene)
    told = bring(scene, line("re_1", money(intent.amount_minor), text=intent.id), source=intent.channel)
    assert (told["rows"], told["fresh"], told["again"]) == (3, 3, False)
    counts = run(scene)
    assert (counts["breaks"], counts["arrived"]) == (0, 1)
    assert [one.state for one in scene.intents(ref)] == ["arrived"]
    (match,) = of_payouts(scene)
    assert [code for code, _ in match["terms"]] == ["reference_exact", "amount_equal"]
    assert run(scene)["new_matches"] == 0


def test_the_same_file_again_and_rows_of_another_file_change_nothing(scene: Scene) -> None:
    _, intent = paid(scene)
    first = bring(scene, line("re_1", money(intent.amount_minor), text=intent.id), source=intent.channel)
    assert bring(scene, line("re_1", money(intent.amount_minor), text=intent.id), source=intent.channel) == {
        **first,
        "fresh": 0,
        "again": True,
    }
    more = bring(scene, line("re_1", money(intent.amount_minor)), line("re_2", "-1.00"), source=intent.channel)
    assert more["fresh"] == 1


def test_a_break_puts_the_decided_case_back_and_is_settled_by_a_third_person(scene: Scene) -> None:
    ref, intent = paid(scene)
    assert scene.state(ref).stage in (Stage.CLOSED, Stage.SETTLEMENT)
    bring(scene, line("re_1", money(intent.amount_minor + 500), text=intent.id), source=intent.channel)
    counts = run(scene)
    assert (counts["new_breaks"], counts["arrived"], counts["cases_back"]) == (1, 0, 1)
    state = scene.state(ref)
    assert (state.stage, "break.found" in scene.events(ref)) == (Stage.REVIEW, True)
    (found,) = listed(scene)
    assert (found["kind"], found["minor"], found["ref"]) == ("over", 500, ref)
    with pytest.raises(Refused, match=r"break\.own_payout"):
        scene.do(use.resolve, scene.fiona, found["id"], Resolution.EXPLAINED, "known")
    with pytest.raises(Refused):
        scene.do(use.resolve, scene.rita, found["id"], Resolution.EXPLAINED, "known")
    with pytest.raises(Invalid, match=r"reason\.missing"):
        scene.do(use.resolve, scene.felix, found["id"], Resolution.EXPLAINED, " ")
    done = scene.do(use.resolve, scene.felix, found["id"], Resolution.CLAIMED, "asked back from the gateway")
    assert (done["status"], done["resolution"]) == ("resolved", "claimed")
    with pytest.raises(Conflict, match=r"reconciliation\.break_settled"):
        scene.do(use.resolve, scene.felix, found["id"], Resolution.CLAIMED, "again")
    assert run(scene)["new_breaks"] == 0
    assert {"break.found", "break.resolved", "break.case_back"} <= set(scene.entries(ref)) | {"break.found"}


def test_a_break_that_goes_is_gone_and_one_that_comes_back_is_open(scene: Scene) -> None:
    _, intent = paid(scene)
    bring(scene, line("re_9", "-1.00"), source=intent.channel)
    assert run(scene)["new_breaks"] == 1
    assert [one["kind"] for one in listed(scene)] == ["missing_there"]
    bring(scene, line("re_1", money(intent.amount_minor), text=intent.id), source=intent.channel)
    run(scene)
    assert listed(scene) == []
    assert [one["status"] for one in listed(scene, None)] == ["gone"]


def test_a_match_taken_apart_stays_apart(scene: Scene) -> None:
    _, intent = paid(scene)
    bring(scene, line("re_1", money(intent.amount_minor), text=intent.id), source=intent.channel)
    run(scene)
    (match,) = of_payouts(scene)
    with pytest.raises(Refused):
        scene.do(use.undo_match, scene.susan, match["id"], "not ours")
    scene.do(use.undo_match, scene.fiona, match["id"], "not ours")
    counts = run(scene)
    assert (of_payouts(scene), counts["new_breaks"]) == ([], 1)
    with pytest.raises(Conflict, match=r"reconciliation\.match_undone"):
        scene.do(use.undo_match, scene.fiona, match["id"], "once more")


def test_a_case_with_an_open_break_isnt_closed(scene: Scene) -> None:
    ref, intent = paid(scene)
    felix = scene.felix
    with scene.house.write() as work:
        state = work.cases.by_ref(ref)
        now = scene.house.clock()
        row = BreakRow(b"x", "over", "shop_gateway", [], [], 1, "CNY", now, state.id)
        work.reconciliation.put_break(row, now)
        with pytest.raises(Conflict, match=r"case\.breaks_open"):
            steps.close(work, scene.desk, felix, ref, "done")
    assert intent.state == "succeeded"


def test_only_finance_takes_files_in_and_breaks_get_an_owner(scene: Scene) -> None:
    _, intent = paid(scene)
    with pytest.raises(Refused):
        bring(scene, source=intent.channel, who=scene.rita)
    bring(scene, line("re_9", "-1.00"), source=intent.channel)
    run(scene)
    (found,) = listed(scene)
    given = scene.do(use.assign, scene.susan, found["id"], scene.felix.person_id)
    assert given["owner_id"] == scene.felix.person_id
    with pytest.raises(Invalid, match=r"reconciliation\.nobody"):
        scene.do(use.assign, scene.susan, found["id"], 999_999)


# ---------------------------------------------------------------- orders, continuously


def booked(order: str, amount: str, kind: str = "refund") -> dict[str, Any]:
    return {
        "system": "finance",
        "id": f"B-{order}-{kind}",
        "order": order,
        "as_of": b.AT,
        "kind": kind,
        "amount": amount,
        "currency": "CNY",
        "booked_at": "2026-11-02T10:00:00+00:00" if kind == "payment" else b.AT,
    }


def test_what_systems_say_of_orders_is_compared_without_a_file(scene: Scene) -> None:
    scene.case(payments=[b.payment("P-O1", captured_at=b.AT)])
    counts = run(scene)
    assert (counts["matches"], counts["breaks"]) == (1, 0)
    (match,) = matched(scene)
    assert [(match["here"], match["there"])] == [([["mall", "payment", "O1"]], [["alipay", "payment", "P-O1"]])]
    assert run(scene)["lines"] == 0  # nothing is new: nothing is compared


def test_a_break_of_an_order_goes_by_itself_when_the_missing_side_comes(scene: Scene) -> None:
    gave = {**b.payment("P-O1", refunded="60.00"), "refunds": [refund()]}
    scene.case(payments=[gave])
    scene.house.clock.forward(days=3)
    assert run(scene)["new_breaks"] == 1
    (found,) = listed(scene)
    assert (found["kind"], found["check"], found["minor"]) == ("missing_here", "shop_gateway", 6_000)
    scene.case("R2", orders=[b.order(refunded="60.00", as_of=LATER)], payments=[gave])
    counts = run(scene)
    assert (counts["settled"], counts["new_breaks"]) == (1, 0)
    assert listed(scene) == []


def test_books_of_finance_are_held_against_the_gateway_where_finance_has_a_word(scene: Scene) -> None:
    gave = {**b.payment("P-O1", refunded="60.00"), "refunds": [refund()]}
    order = b.order(refunded="60.00")
    scene.case(orders=[order], payments=[gave], ledger=[booked("O1", "129.00", "payment"), booked("O1", "-55.00")])
    scene.house.clock.forward(days=9)
    run(scene)
    (found,) = listed(scene)
    assert (found["kind"], found["check"], found["minor"]) == ("under", "gateway_ledger", 500)


def test_news_about_a_decided_order_puts_its_case_back_and_what_was_known_doesnt(scene: Scene) -> None:
    gave = {**b.payment("P-O1", refunded="9.00"), "refunds": [refund("RF0", "9.00")]}
    ref = scene.case(payments=[gave])
    scene.propose(ref, Decision.DECLINE, "evidence_missing")
    scene.house.clock.forward(days=3)
    counts = run(scene)
    assert (counts["new_breaks"], counts["cases_back"]) == (1, 0)
    more = {**b.payment("P-O1", refunded="29.00", as_of=LATER), "refunds": [*gave["refunds"], refund("RF1", "20.00")]}
    scene.case("R1", payments=[more])
    scene.house.clock.forward(days=3)
    counts = run(scene)
    assert (counts["new_breaks"], counts["cases_back"]) == (1, 1)
    assert "break.found" in scene.events(ref)


def test_what_the_desk_paid_itself_isnt_missing_in_the_order_system(scene: Scene) -> None:
    ref, intent = paid(scene)
    gave = {**b.payment("P-O1", refunded="60.00", as_of=LATER), "refunds": [refund(intent.id)]}
    scene.case("R1", payments=[gave])
    scene.house.clock.forward(days=9)
    assert (run(scene)["breaks"], listed(scene), scene.state(ref).stage) == (0, [], Stage.CLOSED)


def test_a_statement_line_that_names_an_order_joins_it(scene: Scene) -> None:
    scene.case(orders=[b.order(refunded="60.00")], payments=[b.payment("P-O1", captured_at=b.AT)])
    scene.house.clock.forward(days=9)
    run(scene)
    assert [one["kind"] for one in listed(scene)] == ["missing_there"]
    bring(scene, line("re_1", "-60.00", text="O1"), source="alipay")
    assert run(scene)["settled"] == 1
    assert listed(scene) == []


def test_a_match_of_an_order_that_was_taken_apart_is_looked_at_again(scene: Scene) -> None:
    scene.case(payments=[b.payment("P-O1", captured_at=b.AT)])
    run(scene)
    (match,) = matched(scene)
    scene.do(use.undo_match, scene.fiona, match["id"], "not ours")
    scene.house.clock.forward(days=9)
    counts = run(scene)
    assert (counts["matches"], {one["kind"] for one in listed(scene)}) == (0, {"missing_here", "missing_there"})


def test_a_run_that_was_cut_off_is_made_whole_by_the_next(scene: Scene) -> None:
    gave = {**b.payment("P-O1", refunded="60.00"), "refunds": [refund()]}
    scene.case(payments=[gave])
    scene.house.clock.forward(days=3)
    with scene.house.read() as work:
        had = reconciliation_run.gather(work, scene.desk, scene.fiona)
        assert had is not None
        steps_ = reconciliation_run.steps(
            work, scene.desk, scene.fiona, had, reconciliation_run.compare(scene.desk, had)
        )
    for step in steps_[:-1]:
        with scene.house.write() as work:
            step(work)
    assert reconciliation.run(scene.house, scene.fiona, stopped=lambda: True)["new_breaks"] == 0
    counts = run(scene)
    assert (counts["new_matches"], counts["new_breaks"], len(listed(scene))) == (0, 0, 1)
    assert run(scene)["lines"] == 0


# ---------------------------------------------------------------- as finance works on them


def test_a_break_side_by_side_says_which_fields_differ(scene: Scene) -> None:
    ref, intent = paid(scene)
    bring(scene, line("re_1", money(intent.amount_minor + 500), text=intent.id), source=intent.channel)
    run(scene)
    (found,) = listed(scene)
    with scene.house.read() as work:
        file = use.one_break(work, scene.desk, scene.fiona, found["id"])
    ((mine, theirs),) = [(here.entry, there.entry) for here, there in zip(file.here, file.there, strict=True)]
    assert mine is not None
    assert theirs is not None
    assert (mine.minor, theirs.minor, file.differs) == (intent.amount_minor, intent.amount_minor + 500, ["minor"])
    assert (file.row["order"], file.row["ref"]) == ("O1", ref)


def test_a_settled_break_is_taken_back_and_counts_again(scene: Scene) -> None:
    gave = {**b.payment("P-O1", refunded="60.00"), "refunds": [refund()]}
    scene.case(payments=[gave])
    scene.house.clock.forward(days=3)
    run(scene)
    (found,) = listed(scene)
    scene.do(use.assign, scene.susan, found["id"], scene.fiona.person_id)
    scene.do(use.resolve, scene.felix, found["id"], Resolution.EXPLAINED, "known")
    with scene.house.read() as work:
        assert use.counts(work, scene.desk, scene.fiona)[0].kinds == {}
    with pytest.raises(Refused):
        scene.do(use.reopen, scene.susan, found["id"])
    again = scene.do(use.reopen, scene.felix, found["id"])
    assert (again["status"], again["resolution"], again["owner"]) == ("open", None, "fiona")
    with scene.house.read() as work:
        told, owners = use.counts(work, scene.desk, scene.fiona)
    assert (told.kinds, told.mine, told.unowned) == ({"missing_here": 1}, 1, 0)
    assert {name for _, name in owners} == {"fiona", "felix"}
    with pytest.raises(Conflict, match=r"reconciliation\.break_not_settled"):
        scene.do(use.reopen, scene.felix, found["id"])


def test_breaks_come_newest_largest_or_oldest_first_page_by_page(scene: Scene) -> None:
    now = scene.house.clock()
    with scene.house.write() as work:
        for number, (minor, days) in enumerate([(5, 1), (9, 2), (5, 3), (7, 3)]):
            since = now - timedelta(days=days)
            work.reconciliation.put_break(
                BreakRow(bytes([number]), "over", "shop_gateway", [], [], minor, "CNY", since), now
            )
    orders = {"new": [4, 3, 2, 1], "amount": [2, 4, 3, 1], "age": [4, 3, 2, 1]}
    for sort, wanted in orders.items():
        found: list[int] = []
        with scene.house.read() as work:
            while page := use.breaks(
                work, scene.desk, scene.fiona, BreakFilter(sort=sort), found[-1] if found else 0, 2
            ):
                found += [one["id"] for one in page]
        assert found == wanted, sort


def test_a_case_is_made_of_a_break_whose_order_has_none(scene: Scene) -> None:
    order, seen = b.order("O7"), refund("RF7", "20.00")
    gave = {**b.payment("P-O7", "O7", refunded="20.00"), "refunds": [seen]}
    record = parse_line(b.raw(b.case("R7", "O7", orders=[order], payments=[gave])))
    assert isinstance(record, RequestRecord)
    now = scene.house.clock()
    with scene.house.write() as work:
        known = work.facts.ensure_order("O7", "CNY", None)
        work.facts.observe(known.id, record.sayings, now, lambda _said: b"")
    scene.house.clock.forward(days=3)
    run(scene)
    (found,) = listed(scene)
    assert (found["kind"], found["ref"], found["order"]) == ("missing_here", None, "O7")
    with pytest.raises(Refused):
        scene.do(use.make_case, scene.rita, found["id"])
    made = scene.do(use.make_case, scene.fiona, found["id"])
    assert scene.state(made["ref"]).amount_minor == 2_000
    assert scene.do(use.make_case, scene.fiona, found["id"])["ref"] == made["ref"]
    file = scene.file(made["ref"])
    assert [(one["system"], one["reason"], one["amount_minor"]) for one in file.requests] == [("desk", "other", 2_000)]
    with scene.house.read() as work:
        assert read_case(work, scene.desk, scene.rita, made["ref"]).breaks


def test_whoever_reads_the_case_sees_what_differs(scene: Scene) -> None:
    gave = {**b.payment("P-O1", refunded="60.00"), "refunds": [refund()]}
    ref = scene.case(payments=[gave])
    scene.house.clock.forward(days=3)
    run(scene)
    with scene.house.read() as work:
        (found,) = read_case(work, scene.desk, scene.rita, ref).breaks
    assert (found["kind"], found["there"]) == ("missing_here", [["alipay", "refund", "RF1"]])
