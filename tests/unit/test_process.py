"""The process file and what the rules make of it: who may, who answers, where to, by when."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from refund_desk.client.words import load_catalogue
from refund_desk.domain.conditions import CaseFacts, ConsultFact, risk_score
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.process import (
    ClockRule,
    ClockState,
    Process,
    arrival_days,
    clock_state,
    could_do,
    in_force,
    may,
    next_stage,
    progress_of,
)
from refund_desk.domain.raci import (
    Sums,
    accountable,
    check_answer,
    check_approval,
    check_override,
    check_proposal,
    decision_option,
    decision_options,
    merge_stricter,
    needs_approval,
    required_consultations,
)
from refund_desk.domain.urgency import act_by, expected_work_s
from refund_desk.domain.words import (
    MONEY_DECISIONS,
    ClockKind,
    Decision,
    Progress,
    Raci,
    Reason,
    RequestKind,
    Role,
    Stage,
)
from refund_desk.engines import process_book

FILE = Path(__file__).resolve().parents[2] / "resources" / "process" / "standard.yaml"
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "raci.txt"
REVIEWER, SUPERVISOR, FINANCE = {Role.REVIEWER}, {Role.SUPERVISOR}, {Role.FINANCE}


@pytest.fixture(scope="module")
def process() -> Process:
    return process_book.standard()


def case(**changed: Any) -> CaseFacts:
    """A plain case in review, held by person 7 who looks at it: 99.00 CNY for a damaged thing."""
    plain = CaseFacts(
        Stage.REVIEW,
        RequestKind.REFUND_ONLY,
        Reason.DAMAGED,
        "CNY",
        amount=9900,
        refundable=20000,
        shipped=True,
        delivered=True,
        viewer=7,
        assignee=7,
    )
    return replace(plain, **changed)


def in_approval(**changed: Any) -> CaseFacts:
    """The same, proposed by 7 and looked at by 8."""
    return case(stage=Stage.APPROVAL, proposal_open=True, proposer=7, viewer=8, **changed)


# ---------------------------------------------------------------- role × activity × stage


def letters_of_file(text: str) -> dict[str, dict[str, Any]]:
    """A reader of its own: activity → roles that act, the accountable, and the stages, straight from the YAML."""
    plain = yaml.safe_load(text)
    out = {}
    for name, row in plain["activities"].items():
        stages = row["stages"]
        everywhere = [*plain["stages"], None]
        where = everywhere if stages == "any" else [s for s in plain["stages"] if s != "closed"]
        out[name] = {"R": row["R"], "A": row["A"], "where": stages if isinstance(stages, list) else where}
    return out


def refusal_of(act: Callable[[], object]) -> Refused | None:
    try:
        act()
    except Refused as refused:
        return refused
    return None


def walk(process: Process, text: str) -> list[str]:
    """Every role, every activity, every stage and none: where the rules and the file say different things."""
    wrong = []
    for name, row in letters_of_file(text).items():
        for role in Role:
            for stage in [*Stage, None]:
                refused = refusal_of(lambda n=name, r=role, s=stage: may(process, {r}, n, s))  # type: ignore[misc]
                expected = role.value in row["R"] and (stage.value if stage else None) in row["where"]
                if (refused is None) is not expected:
                    wrong.append(f"{role.value} {name} {stage}")
                if refused is not None and (refused.params["could"] != row["R"] or not refused.params["rule"]):
                    wrong.append(f"refusal of {role.value} {name} {stage}")
    return wrong


def test_every_role_activity_and_stage_is_as_the_file_says(process: Process) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert set(letters_of_file(text)) == set(process.activities)
    assert len(process.activities) * len(Role) * (len(Stage) + 1) > 5000
    assert walk(process, text) == []


def test_what_somebody_could_do_is_what_may_allows(process: Process) -> None:
    for role in Role:
        for stage in [*Stage, None]:
            allowed = {
                name
                for name in process.activities
                if refusal_of(lambda n=name, r=role, s=stage: may(process, {r}, n, s)) is None  # type: ignore[misc]
            }
            assert set(could_do(process, {role}, stage)) == allowed


def raci_table(process: Process) -> str:
    """Activity × role and decision × role in letters; A* is the accountable by limit."""
    ladder = [band.role for band in process.limits.bands]
    rows = []
    for name, seats in [
        *((each.id, each.seats) for each in process.activities.values()),
        *((f"= {each.decision.value}", each.seats) for each in process.decisions.values()),
    ]:
        cells = []
        for role in Role:
            letters = "R" if role in seats.r else ""
            letters += "A" if seats.a is role else "A*" if seats.a is None and role in ladder else ""
            for consult in seats.c:
                if consult.role is role:
                    letters += "C!" if consult.required else "C"
            letters += "I" if role in seats.i else ""
            cells.append(f"{letters or '.':<8}")
        rows.append(f"{name:<24}{''.join(cells)}".rstrip())
    head = f"{'':<24}" + "".join(f"{role.value[:7]:<8}" for role in Role).rstrip()
    return "\n".join([head, *rows]) + "\n"


def test_the_raci_table_reads_as_agreed(process: Process) -> None:
    """R acts, A answers for it, A* by limit, C is asked (C! may block), I is told. UPDATE_GOLDEN=1 writes it anew."""
    table = raci_table(process)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(table, encoding="utf-8")
    assert table == GOLDEN.read_text(encoding="utf-8")


def test_one_letter_in_the_file_changes_permission_refusal_and_options(tmp_path: Path, process: Process) -> None:
    text = FILE.read_text(encoding="utf-8")
    changed = text.replace(
        "    label: {zh: 收回方案, en: Withdraw a proposal}\n    stages: [approval]\n    R: [reviewer]",
        "    label: {zh: 收回方案, en: Withdraw a proposal}\n    stages: [approval]\n    R: [supervisor]",
    ).replace("      - {role: warehouse, required: true}\n", "      - {role: warehouse, required: false}\n")
    (tmp_path / "flipped.yaml").write_text(changed, encoding="utf-8")
    content = {
        "process": yaml.safe_load((tmp_path / "flipped.yaml").read_text(encoding="utf-8")),
        "reasons": process_book.standard_content()["reasons"],
        "calendars": process_book.standard_content()["calendars"],
    }
    flipped = process_book.read(content, "flipped.yaml")

    assert flipped.version != process.version
    assert walk(flipped, changed) == []
    assert walk(flipped, text) != []
    may(process, REVIEWER, "proposal.withdraw", Stage.APPROVAL)
    with pytest.raises(Refused) as refused:
        may(flipped, REVIEWER, "proposal.withdraw", Stage.APPROVAL)
    assert refused.value.params["could"] == ["supervisor"]

    facts = case(kind=RequestKind.EXCHANGE)
    before, after = (decision_option(each, REVIEWER, facts, Decision.EXCHANGE) for each in (process, flipped))
    assert [lack.what.params["role"] for lack in before.missing] == ["warehouse"]
    assert not before.ready
    assert after.ready
    with pytest.raises(Refused, match="consultation_missing"):
        check_proposal(process, REVIEWER, facts, Decision.EXCHANGE, "damage_verified")
    check_proposal(flipped, REVIEWER, facts, Decision.EXCHANGE, "damage_verified")


def test_the_worker_does_what_its_clock_says_and_nothing_else(process: Process) -> None:
    may(process, set(), "return.expire", Stage.RETURN, worker=True)
    with pytest.raises(Refused, match="not_allowed"):
        may(process, set(), "payout.confirm", Stage.PAYOUT, worker=True)


def test_an_unknown_activity_is_refused_for_everybody(process: Process) -> None:
    with pytest.raises(Refused, match="unknown_activity"):
        may(process, set(Role), "case.burn", Stage.REVIEW)


def test_auditor_only_reads_and_administrator_touches_no_case(process: Process) -> None:
    for each in process.activities.values():
        if Role.AUDITOR in each.seats.r:
            assert not each.writes, each.id
        if Role.ADMINISTRATOR in each.seats.r:
            assert each.stages is None, each.id


# ---------------------------------------------------------------- limits


def test_the_accountable_follows_amount_and_risk(process: Process) -> None:
    def head(minor: int, risk: int = 0, customer: int = 0, currency: str = "CNY") -> Role:
        sums = Sums({currency: minor}, {currency: minor + customer})
        return accountable(process, Decision.FULL, sums, risk)

    assert [head(each) for each in (200_000, 200_001, 2_000_000, 2_000_001)] == [
        Role.SUPERVISOR,
        Role.LEAD,
        Role.LEAD,
        Role.FINANCE,
    ]
    assert [head(100, risk) for risk in (39, 40, 69, 70)] == [Role.SUPERVISOR, Role.LEAD, Role.LEAD, Role.FINANCE]
    assert head(100, customer=500_000) is Role.LEAD
    assert head(45_000, currency="JPY") is Role.SUPERVISOR  # yen have no decimals
    assert head(100, currency="SEK") is Role.FINANCE  # a currency without limits goes to the top


def test_exactly_one_accountable_for_each_decision_amount_and_risk(process: Process) -> None:
    edges = [0, 1, 200_000, 200_001, 500_001, 2_000_000, 2_000_001, 3_000_001, 10**12]
    ladder = [band.role for band in process.limits.bands]
    for decision in Decision:
        for minor in edges:
            for risk in (0, 39, 40, 70, 100):
                role = accountable(process, decision, Sums({"CNY": minor}, {"CNY": minor}), risk)
                assert (role in ladder) if decision in MONEY_DECISIONS else role is process.decisions[decision].seats.a


def test_a_limit_is_not_split_in_two(process: Process) -> None:
    whole = decision_option(process, REVIEWER, case(amount=200_002), Decision.PARTIAL)
    half = case(amount=100_001)
    other_half = case(amount=100_001, order_sum={"CNY": 100_001})
    same_customer = case(amount=100_001, customer_sum={"CNY": 400_000})
    assert decision_option(process, REVIEWER, half, Decision.PARTIAL).accountable is Role.SUPERVISOR
    for facts in (other_half, same_customer):
        assert decision_option(process, REVIEWER, facts, Decision.PARTIAL).accountable is whole.accountable is Role.LEAD


def test_an_amount_nobody_can_name_is_the_largest(process: Process) -> None:
    facts = case(amount=None, refundable=None)
    assert decision_option(process, REVIEWER, facts, Decision.FULL).accountable is Role.FINANCE
    assert decision_option(process, REVIEWER, facts, Decision.ESCALATE).accountable is Role.LEAD


def test_the_stricter_of_then_and_now_holds(process: Process) -> None:
    supervisor, lead, finance = process.limits.bands
    assert supervisor.order_max is not None
    tight = replace(
        process.limits,
        period_s=process.limits.period_s * 2,
        bands=(replace(supervisor, order_max={"CNY": 5_000}, risk_below=30), lead, finance),
        unapproved={Decision.DECLINE: {"CNY": 100, "USD": 10**9}},
    )
    one, other = merge_stricter(process.limits, tight), merge_stricter(tight, process.limits)
    assert one == other
    assert one.period_s == tight.period_s
    assert one.bands[0].order_max == {"CNY": 5_000}
    assert one.bands[0].risk_below == 30
    assert one.unapproved[Decision.DECLINE] == {"CNY": 100, "USD": process.limits.unapproved[Decision.DECLINE]["USD"]}
    merged = replace(process, limits=one)
    assert accountable(merged, Decision.FULL, Sums({"CNY": 5_001}, {"CNY": 5_001}), 0) is Role.LEAD
    assert accountable(merged, Decision.FULL, Sums({"USD": 100}, {"USD": 100}), 0) is Role.LEAD


def test_what_gives_value_always_needs_somebody_else(process: Process) -> None:
    for decision in MONEY_DECISIONS:
        assert needs_approval(process, decision, case(amount=1, customer_withdrew=True)), decision
    for decision in (Decision.MORE_INFORMATION, Decision.HOLD, Decision.ESCALATE):
        assert not needs_approval(process, decision, case(amount=10**9))
    decline = Decision.DECLINE
    small, large = case(amount=50_000), case(amount=50_001)
    assert [needs_approval(process, decline, each) for each in (small, large, case(amount=None))] == [False, True, True]
    assert needs_approval(process, decline, case(amount=1, currency="SEK"))
    assert needs_approval(process, Decision.CANCEL, case())
    assert not needs_approval(process, Decision.CANCEL, case(customer_withdrew=True))


# ---------------------------------------------------------------- options, refusals


def test_options_say_who_what_is_missing_and_why_not(process: Process) -> None:
    options = {option.decision: option for option in decision_options(process, REVIEWER, case())}
    assert list(options) == list(Decision)
    full = options[Decision.FULL]
    assert full.ready
    assert full.needs_amount
    assert [(seat.letter, seat.role, seat.state) for seat in full.seats if seat.letter in (Raci.R, Raci.A)] == [
        (Raci.R, Role.REVIEWER, "you"),
        (Raci.A, Role.SUPERVISOR, "open"),
    ]
    assert full.reasons[0] == "damage_verified"
    price = options[Decision.PRICE_DIFFERENCE]
    assert (price.allowed, price.why_not and price.why_not.code) == (False, "error.process.not_for_reason")
    exchange = options[Decision.EXCHANGE]
    assert exchange.why_not
    assert exchange.why_not.code == "error.process.not_for_kind"


def test_an_option_asks_for_the_case_to_be_taken(process: Process) -> None:
    option = decision_option(process, REVIEWER, case(assignee=9), Decision.FULL)
    assert [lack.what.code for lack in option.missing] == ["missing.assignment"]
    assert not option.ready
    with pytest.raises(Refused, match="assignment_missing"):
        check_proposal(process, REVIEWER, case(assignee=None), Decision.FULL, "damage_verified")


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        (case(), []),
        (case(conflicts=frozenset({"order.note"})), []),
        (case(conflicts=frozenset({"payment.refunded"})), ["finance"]),
        (case(disputed=True), ["risk"]),
        (case(risk=70, disputed=True), ["risk"]),
        (case(held_before=True), ["compliance"]),
        (case(disputed=True, conflicts=frozenset({"order.refunded"}), risk=0), ["finance", "risk"]),
        # Finance approves it by amount, so it is not asked as well.
        (case(amount=3_000_000, conflicts=frozenset({"order.refunded"}), risk=0), []),
    ],
)
def test_required_consultations_follow_the_facts(process: Process, facts: CaseFacts, asked: list[str]) -> None:
    assert [role.value for role, _ in required_consultations(process, Decision.FULL, facts)] == asked


def test_a_required_answer_blocks_until_it_is_settled(process: Process) -> None:
    facts = case(disputed=True, consultations=(ConsultFact(Role.RISK, True), ConsultFact(Role.WAREHOUSE, False)))
    option = decision_option(process, REVIEWER, facts, Decision.FULL)
    blocking = {(lack.what.code, lack.what.params["role"]): lack.blocking for lack in option.missing}
    assert blocking == {("missing.answer", "risk"): True, ("missing.answer", "warehouse"): False}
    with pytest.raises(Refused, match="answer_missing") as refused:
        check_proposal(process, REVIEWER, facts, Decision.FULL, "damage_verified")
    assert refused.value.params["could"] == ["risk"]
    settled = replace(facts, consultations=(ConsultFact(Role.RISK, True, settled=True),))
    seats = {
        seat.role: seat.state
        for seat in check_proposal(process, REVIEWER, settled, Decision.FULL, "damage_verified").seats
        if seat.letter is Raci.C
    }
    assert seats[Role.RISK] == "done"


def test_only_r_proposes(process: Process) -> None:
    for role in Role:
        refused = refusal_of(
            lambda r=role: check_proposal(process, {r}, case(), Decision.FULL, "damage_verified")  # type: ignore[misc]
        )
        assert (refused is None) is (role is Role.REVIEWER)
        if refused:
            assert refused.params["could"] == ["reviewer"]


def test_a_reason_must_fit_and_one_proposal_is_enough(process: Process) -> None:
    with pytest.raises(Invalid, match="reason_does_not_fit"):
        check_proposal(process, REVIEWER, case(), Decision.FULL, "suspected_fraud")
    with pytest.raises(Refused, match="proposal_open"):
        check_proposal(process, REVIEWER, case(proposal_open=True, proposer=9), Decision.FULL, "damage_verified")
    with pytest.raises(Refused, match="condition") as refused:
        check_proposal(process, REVIEWER, case(shipped=False), Decision.RETURN_FIRST, "within_window")
    assert refused.value.params["condition"] == "shipped"


def test_nobody_approves_their_own_whatever_their_roles(process: Process) -> None:
    everything = set(Role)
    permit = check_approval(process, SUPERVISOR, in_approval(), Decision.FULL)
    assert permit.accountable is Role.SUPERVISOR
    for activity in ("proposal.approve", "proposal.return", "proposal.decline"):
        with pytest.raises(Refused, match="own_proposal") as refused:
            check_approval(process, everything, replace(in_approval(), viewer=7), Decision.FULL, activity)
        assert refused.value.params["could"] == ["supervisor"]
    seats = decision_option(process, everything, replace(in_approval(), viewer=7), Decision.FULL).seats
    assert [seat.state for seat in seats if seat.letter is Raci.A] == ["open"]


def test_only_the_accountable_role_approves(process: Process) -> None:
    large = in_approval(amount=300_000)
    with pytest.raises(Refused, match="not_accountable") as refused:
        check_approval(process, SUPERVISOR, large, Decision.FULL)
    assert refused.value.params["could"] == ["lead"]
    check_approval(process, {Role.LEAD}, large, Decision.FULL)
    with pytest.raises(Refused, match="not_accountable"):
        check_approval(process, FINANCE, large, Decision.FULL)
    waiting = replace(large, consultations=(ConsultFact(Role.RISK, True),))
    with pytest.raises(Refused, match="answer_missing"):
        check_approval(process, {Role.LEAD}, waiting, Decision.FULL)
    check_approval(process, {Role.LEAD}, waiting, Decision.FULL, "proposal.return")


def test_the_role_that_was_asked_answers_and_the_accountable_overrides(process: Process) -> None:
    check_answer(process, FINANCE, Role.FINANCE, case())
    with pytest.raises(Refused, match="not_asked") as refused:
        check_answer(process, FINANCE, Role.RISK, case())
    assert refused.value.params["could"] == ["risk"]
    check_override(process, SUPERVISOR, Decision.FULL, case())
    with pytest.raises(Refused, match="not_accountable"):
        check_override(process, FINANCE, Decision.FULL, case())


# ---------------------------------------------------------------- the path, the clocks, the queue


@pytest.mark.parametrize(
    ("event", "facts", "target"),
    [
        ("decided.full", in_approval(), Stage.PAYOUT),
        ("decided.return_first", in_approval(), Stage.RETURN),
        ("decided.return_first", in_approval(goods_back=True), Stage.INSPECTION),
        ("decided.more_information", case(), Stage.WAITING_CUSTOMER),
        ("decided.decline", in_approval(), Stage.CLOSED),
        ("proposal.returned", in_approval(), Stage.REVIEW),
        ("customer.answered", case(stage=Stage.WAITING_CUSTOMER), Stage.REVIEW),
        ("return.received", case(stage=Stage.RETURN), Stage.INSPECTION),
        ("inspection.differs", case(stage=Stage.INSPECTION), Stage.REVIEW),
        ("payout.confirmed", case(stage=Stage.PAYOUT, open_intents=True), Stage.PAYOUT),
        ("payout.confirmed", case(stage=Stage.PAYOUT, unsettled=True), Stage.SETTLEMENT),
        ("payout.confirmed", case(stage=Stage.PAYOUT), Stage.CLOSED),
        ("case.reopened", case(stage=Stage.CLOSED), Stage.REVIEW),
    ],
)
def test_where_a_case_goes(process: Process, event: str, facts: CaseFacts, target: Stage) -> None:
    assert next_stage(process, event, facts) is target


def test_a_case_begins_in_review_and_no_event_leads_nowhere(process: Process) -> None:
    assert next_stage(process, "intake", None) is Stage.REVIEW
    with pytest.raises(Conflict, match="no_move"):
        next_stage(process, "payout.confirmed", case())
    with pytest.raises(Conflict, match="no_move"):
        next_stage(process, "intake", case())


def test_progress_is_the_stage_until_a_decision_says_otherwise(process: Process) -> None:
    assert progress_of(process, Stage.HOLD) is Progress.SUBMITTED  # a hold is not told
    assert progress_of(process, Stage.CLOSED, Decision.FULL) is Progress.COMPLETED
    assert progress_of(process, Stage.CLOSED, Decision.DECLINE) is Progress.DECLINED
    assert progress_of(process, Stage.REVIEW, Decision.DECLINE) is Progress.SUBMITTED


def test_the_decision_clock_pauses_while_we_wait_for_somebody_else(process: Process) -> None:
    assert process.clocks[ClockKind.DECISION] == ClockRule(48 * 3600)
    assert process.clocks[ClockKind.PAYOUT] == ClockRule(16 * 3600, "office")
    assert clock_state(process, Stage.WAITING_CUSTOMER, ClockKind.DECISION) is ClockState.PAUSE
    assert clock_state(process, Stage.REVIEW, ClockKind.DECISION) is ClockState.RUN
    assert clock_state(process, Stage.RETURN, ClockKind.PAYOUT) is ClockState.PAUSE
    assert arrival_days(process, "card") == 5
    assert arrival_days(process, "pigeon") == arrival_days(process, None) == 10


def test_act_by_is_the_sum_of_its_terms(process: Process) -> None:
    due = datetime(2026, 11, 20, 12, tzinfo=UTC)
    facts = case(amount=250_000, disputed=True)
    instant, terms = act_by(process, facts, due, ClockKind.DECISION)
    assert [term.code for term in terms] == ["why.due", "why.work", "why.amount", "why.risk"]
    assert instant == due + timedelta(seconds=sum(term.seconds or 0 for term in terms))
    assert expected_work_s(process, RequestKind.EXCHANGE, Reason.DAMAGED) == 8 * 60
    plain, terms = act_by(process, case(amount=None), due)
    assert [term.code for term in terms] == ["why.no_clock", "why.work"]
    assert instant < plain < due


def test_risk_is_the_sum_of_its_signals_unless_somebody_knows_better(process: Process) -> None:
    assert risk_score(process, case()) == 0
    assert risk_score(process, case(disputed=True, reason=Reason.UNAUTHORISED)) == 80
    assert risk_score(process, case(disputed=True, risk=5)) == 5


def test_a_case_keeps_its_stages_and_gets_todays_limits(process: Process) -> None:
    now = replace(process, version="later", stages=process.stages[:1], undo_s=99)
    both = in_force(process, now)
    assert (both.stages, both.undo_s, both.version) == (process.stages, 99, "later")


# ---------------------------------------------------------------- broken files


Change = Callable[[dict[str, Any]], object]


def _set(path: str, value: Any) -> Change:
    """Put a value at a path like `stages/hold/owner` or `reasons/…`; None as value takes the key away."""

    def change(content: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        place: Any = content if path.startswith("reasons/") else content["process"]
        for key in parents:
            place = place[int(key) if isinstance(place, list) else key]
        if value is None:
            del place[int(last) if isinstance(place, list) else last]
        else:
            place[int(last) if isinstance(place, list) else last] = value

    return change


def _activity(path: str, value: Any) -> Change:
    return _set(f"activities/{path}", value)


def _drop_moves(event: str) -> Change:
    def change(content: dict[str, Any]) -> None:
        moves = content["process"]["moves"]
        moves[:] = [move for move in moves if move["event"] != event]

    return change


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        (_activity("case.take/A", None), "process.activities[case.take].A", "file.missing"),
        (_activity("case.take/A", ["supervisor", "lead"]), "process.activities[case.take].A", "file.unknown_word"),
        (_activity("case.take/R", ["king"]), "process.activities[case.take].R[0]", "file.unknown_word"),
        (_activity("case.take/R", []), "activities.case.take.R", "bad.no_responsible"),
        (_activity("case.take/R", ["reviewer", "reviewer"]), "activities.case.take.R", "bad.role_twice"),
        (_activity("case.take/stages", ["limbo"]), "process.activities[case.take].stages[0]", "file.unknown_word"),
        (_activity("case.take/colour", "red"), "process.activities[case.take].colour", "file.unknown_key"),
        (_activity("case.take/label/zh", None), "activities.case.take.label", "bad.label_missing"),
        (_activity("case.take/in", ["spoon"]), "activities.case.take", "bad.artefact_unknown"),
        (_activity("note.add/R", ["auditor"]), "activities.note.add", "bad.seat_forbidden"),
        (_activity("case.take/R", ["administrator"]), "activities.case.take", "bad.seat_forbidden"),
        (_activity("proposal.make/R", ["reviewer", "lead"]), "activities.proposal.make.R", "bad.proposers_differ"),
        (_activity("proposal.return/R", ["lead"]), "activities.proposal.return.R", "bad.ladder_not_responsible"),
        (_set("stages/hold", None), "stages", "bad.stage_missing"),
        (_set("stages/hold/owner", "auditor"), "stages.hold.owner", "bad.seat_forbidden"),
        (_set("stages/hold/clocks/notice", None), "stages.hold.clocks", "bad.clock_missing"),
        (_set("stages/hold/limit_hours", 0), "process.stages[hold].limit_hours", "file.not_number"),
        (_set("decisions/full/A", "supervisor"), "decisions.full", "bad.value_without_approval"),
        (_set("decisions/full/approval", "never"), "decisions.full", "bad.value_without_approval"),
        (_set("decisions/hold/A", "by_limit"), "decisions.hold.A", "bad.no_accountable"),
        (_set("decisions/full", None), "decisions.full", "bad.decision_missing"),
        (_set("decisions/full/needs", ["sunny"]), "decisions.full.needs", "bad.condition_unknown"),
        (_set("limits/bands/2/risk_below", 90), "limits.bands", "bad.ladder_ends"),
        (_set("limits/bands/1/order/CNY", "10.00"), "limits.bands[1]", "bad.limits_fall"),
        (_set("limits/bands/0/order/JPY", "0.5"), "process.limits.bands[0].order[JPY]", "money.too_precise"),
        (_set("limits/bands/0/order/CNY", 2000), "process.limits.bands[0].order[CNY]", "file.not_text"),
        (_set("limits/bands/1/role", "supervisor"), "limits.bands", "bad.ladder_role_twice"),
        (_set("risk/levels/1/from", 90), "risk.levels", "bad.risk_levels"),
        (_drop_moves("consult.required"), "stages.consult", "bad.stage_unreachable"),
        (_drop_moves("hold.released"), "stages.hold", "bad.stage_dead_end"),
        (_drop_moves("decided.coupon"), "moves", "bad.move_missing"),
        (_set("reasons/decisions/coupon", ["goodwill"] * 2), "reasons.decisions.coupon", "bad.reasons_count"),
        (_set("reasons/decisions/coupon", ["because"]), "reasons.decisions.coupon", "bad.reason_unknown"),
        (_set("reasons/decisions/fly", ["goodwill"]), "reasons.decisions.fly", "file.unknown_key"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_the_place(change: Change, path: str, code: str) -> None:
    content = copy.deepcopy(process_book.standard_content())
    change(content)
    with pytest.raises(Invalid, match="invalid_file") as refused:
        process_book.read(content, "broken.yaml")
    problems = {(problem["path"], problem["code"]) for problem in refused.value.params["problems"]}
    assert (path, f"process.{code}" if code.startswith("bad.") else code) in problems, problems
    catalogue = load_catalogue("zh")
    assert all(f"error.{each}" in catalogue or each.startswith("money.") for _, each in problems)


def test_a_key_that_stands_twice_is_no_silent_loss() -> None:
    with pytest.raises(Invalid, match="not_yaml"):
        process_book.read_text("process: {name: a, name: b}\nreasons: {}", "twice.yaml")


def test_the_version_names_the_content() -> None:
    content = copy.deepcopy(process_book.standard_content())
    again = process_book.read(copy.deepcopy(content))
    content["process"]["undo_seconds"] = 11
    assert again.version == process_book.standard().version
    assert process_book.read(content).version != again.version


# ---------------------------------------------------------------- words


@pytest.mark.parametrize("language", ["zh", "en"])
def test_file_and_catalogue_use_the_same_words(process: Process, language: str) -> None:
    words = load_catalogue(language)
    said = {f"stage.{rule.stage.value}": rule.label for rule in process.stages}
    said |= {f"activity.{each.id}": each.label for each in process.activities.values()}
    said |= {f"decision_reason.{each.code}": each.label for each in process.reasons.values()}
    said |= {f"artefact.{key}": label for key, label in process.artefacts.items()}
    assert {key: words.get(key) for key in said} == {key: getattr(label, language) for key, label in said.items()}


def test_every_reason_fits_a_decision_and_some_are_never_told(process: Process) -> None:
    used = {code for rule in process.decisions.values() for code in rule.reasons}
    assert used == set(process.reasons)
    assert not any(process.reasons[code].told for code in process.decisions[Decision.HOLD].reasons)
