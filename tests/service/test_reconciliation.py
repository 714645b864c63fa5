"""Reconciliation as its people do it: a file in, a run, breaks with their cases, undone and settled; both databases."""

from __future__ import annotations

from typing import Any

import pytest

from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.reconciliation import Resolution
from refund_desk.domain.reconciliation_run import reconcile
from refund_desk.domain.words import Decision, Stage
from refund_desk.service import reconciliation as use
from refund_desk.service import steps
from refund_desk.service.ports.reconciliation import BreakRow
from refund_desk.sources.statements import read_statement
from tests.fakes.scene import Scene

HEAD = "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,description\n"


def line(number: str, amount: str, what: str = "refund", at: str = "2026-11-20 10:00:00", text: str = "") -> str:
    return f"txn_{number},{at},cny,{amount},0.00,{amount},{what},{number},{text}\n"


END = line("ch_end", "5.00", "charge", "2026-11-27 00:00:00")
BEGIN = line("ch_begin", "5.00", "charge", "2026-11-10 00:00:00")


def bring(scene: Scene, *lines: str, source: str, who: Principal | None = None) -> Any:
    data = (HEAD + BEGIN + "".join(lines) + END).encode()
    return scene.do(use.import_statement, who or scene.fiona, source, data, read_statement(data))


def run(scene: Scene, who: Principal | None = None) -> Any:
    person = who or scene.fiona
    with scene.house.read() as work:
        had = use.gather(work, scene.desk, person)
    outcome = reconcile(had.entries, had.rules, had.as_of, had.apart)
    return scene.do(use.record, person, had, outcome)


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
        return list(use.breaks(work, scene.desk, scene.fiona, status))


def test_a_payout_on_the_statement_has_arrived_and_the_match_says_why(scene: Scene) -> None:
    ref, intent = paid(scene)
    told = bring(scene, line("re_1", money(intent.amount_minor), text=intent.id), source=intent.channel)
    assert (told["rows"], told["fresh"], told["again"]) == (3, 3, False)
    counts = run(scene)
    assert (counts["matches"], counts["breaks"], counts["arrived"]) == (1, 0, 1)
    assert [one.state for one in scene.intents(ref)] == ["arrived"]
    with scene.house.read() as work:
        (match,) = use.matches(work, scene.desk, scene.fiona)
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
    with scene.house.read() as work:
        (match,) = use.matches(work, scene.desk, scene.fiona)
    with pytest.raises(Refused):
        scene.do(use.undo_match, scene.susan, match["id"], "not ours")
    scene.do(use.undo_match, scene.fiona, match["id"], "not ours")
    counts = run(scene)
    assert (counts["matches"], counts["new_breaks"]) == (0, 1)
    with pytest.raises(Conflict, match=r"reconciliation\.match_undone"):
        scene.do(use.undo_match, scene.fiona, match["id"], "once more")


def test_a_case_with_an_open_break_isnt_closed(scene: Scene) -> None:
    ref, intent = paid(scene)
    felix = scene.felix
    with scene.house.write() as work:
        state = work.cases.by_ref(ref)
        now = scene.house.clock()
        row = BreakRow(b"x", "over", "shop_gateway", [], [], 1, "CNY", now, state.id)
        work.reconciliation.put_breaks([row], now)
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
