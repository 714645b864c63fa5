"""Load, missed deadlines, balance and what it skips; hours left of a shift; from whom a case is kept."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from refund_desk.domain.calendars import Calendar, Shift, always
from refund_desk.domain.fairness import KeepFrom, Party, Ties, address_key, kept_from, payment_keys, surname
from refund_desk.domain.words import Reason, RequestKind, Stage
from refund_desk.domain.workload import (
    Duty,
    Held,
    Options,
    StageLoad,
    Worker,
    balance,
    bottleneck,
    lease_until,
    misses,
    moved,
    standing,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday
DAY = Calendar("day", week=tuple((Shift(8 * 60, 17 * 60),) for _ in range(7)))


def held(number: int, holder: int | None, due_min: float | None = 480, work_min: float = 10, **more: object) -> Held:
    due = None if due_min is None else NOW + timedelta(minutes=due_min)
    plain = Held(
        number, f"RC-26-{number:06d}", holder, work_min * 60, due, Reason.DAMAGED, RequestKind.REFUND_ONLY, "zh"
    )
    return plain._replace(**more)  # type: ignore[arg-type]


def crew(*workers: Worker) -> dict[int, Worker]:
    return {worker.id: worker for worker in workers}


def nobody(_person: int, _case: Held) -> KeepFrom | None:
    return None


def targets(plan_moves: Iterable[object]) -> list[tuple[int, int | None]]:
    return [(move.case.id, move.to) for move in plan_moves]  # type: ignore[attr-defined]


# ---------------------------------------------------------------- hours left


@pytest.mark.parametrize(
    ("at", "left_h", "ends_h"),
    [(7, 9, 17), (9, 8, 17), (16.5, 0.5, 17), (17, 0, None), (20, 0, None)],
)
def test_hours_left_of_a_day_shift(at: float, left_h: float, ends_h: float | None) -> None:
    midnight = NOW.replace(hour=0)
    left, ends = DAY.rest_of_day(midnight + timedelta(hours=at))
    assert left == left_h * 3600
    assert ends == (None if ends_h is None else midnight + timedelta(hours=ends_h))


def test_a_night_shift_is_yesterdays_until_it_ends_and_breaks_do_not_count() -> None:
    night = Calendar("night", week=tuple((Shift(22 * 60, 30 * 60),) for _ in range(7)))
    assert night.rest_of_day(NOW.replace(hour=2)) == (4 * 3600, NOW.replace(hour=6))
    assert night.rest_of_day(NOW.replace(hour=7))[0] == 8 * 3600  # tonight's
    lunch = Calendar("l", week=tuple((Shift(8 * 60, 12 * 60), Shift(13 * 60, 17 * 60)) for _ in range(7)))
    assert lunch.rest_of_day(NOW) == (7 * 3600, NOW.replace(hour=17))
    off = replace(DAY, exceptions={date(2026, 11, 20): ()})
    assert off.rest_of_day(NOW) == (0.0, None)
    assert always().rest_of_day(NOW) == (15 * 3600, NOW + timedelta(hours=15))


def test_duty_goes_by_shift_absence_and_pause() -> None:
    assert Worker(1, DAY).duty(NOW) == (Duty.ON, NOW.replace(hour=17))
    assert Worker(1, DAY).duty(NOW.replace(hour=18)) == (Duty.OFF, None)
    assert Worker(1, DAY, away=True).duty(NOW)[0] is Duty.AWAY
    back = NOW + timedelta(days=3)
    assert Worker(1, DAY, away=True, absent_until=back).duty(NOW) == (Duty.ABSENT, back)
    assert lease_until(Worker(1, DAY), NOW, 1200) == NOW.replace(hour=17)
    assert lease_until(Worker(1, DAY), NOW.replace(hour=16, minute=55), 1200) == NOW.replace(hour=17, minute=15)
    assert lease_until(Worker(1, DAY, absent_until=back), NOW, 1200) == back
    assert lease_until(None, NOW, 1200) == NOW + timedelta(minutes=20)


# ---------------------------------------------------------------- load and what misses


def test_load_is_work_at_ones_pace_with_approvals() -> None:
    cases = [held(number, 1) for number in range(6)]
    found = standing(Worker(1, DAY, pace=1.5, approvals_s=600), cases, NOW)
    assert (found.cases, found.load_s, found.left_s) == (6, 6 * 600 * 1.5 + 600, 8 * 3600)
    assert found.share == pytest.approx(6000 / 28800)


def test_what_cannot_be_done_before_it_is_due_misses() -> None:
    three = [held(number, 1, due_min=15) for number in range(3)]
    found = misses(Worker(1, DAY), three, NOW)
    assert sorted(miss > 0.5 for miss in found.values()) == [False, True, True]
    assert sum(misses(Worker(1, DAY), [held(1, 1, due_min=300)], NOW).values()) < 0.01


def test_what_is_surely_in_time_needs_no_forecast_and_says_the_same() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(60):
        worker = Worker(1, DAY, pace=rng.uniform(0.5, 2.0))
        cases = [held(n, 1, rng.uniform(-100, 3000), rng.uniform(3, 15)) for n in range(rng.randrange(1, 20))]
        said = standing(worker, cases, NOW).missing
        assert said == pytest.approx(sum(misses(worker, cases, NOW).values()), abs=0.01)


def test_time_in_which_one_does_not_work_saves_nothing() -> None:
    """Due tonight, an hour of work before the end of the shift: two hours of work aren't done by then."""
    late = NOW.replace(hour=16)
    cases = [held(number, 1, work_min=60)._replace(due_at=NOW.replace(hour=22)) for number in range(2)]
    assert sum(misses(Worker(1, DAY), cases, late).values()) > 0.9
    assert sum(misses(Worker(1, always()), cases, late).values()) < 0.1
    gone = Worker(1, DAY, absent_until=NOW + timedelta(days=2))
    assert misses(gone, cases[:1], NOW)[cases[0].id] == 1.0
    assert misses(Worker(1, DAY), [held(1, 1, due_min=None)], NOW) == {}


# ---------------------------------------------------------------- balance


def test_whoever_has_too_much_gives_until_it_fits() -> None:
    cases = [held(number, 1) for number in range(60)]  # ten hours of work in eight
    found = balance(crew(Worker(1, DAY), Worker(2, DAY)), cases, NOW, nobody)
    assert {move.to for move in found.moves} == {2}
    assert found.before[1].share > 1.0 >= found.after[1].share
    assert found.after[2].share <= 0.9
    assert found.after[1].missing + found.after[2].missing < found.before[1].missing
    assert sum(each.cases for each in found.after.values()) == 60


def test_where_all_is_well_nothing_moves() -> None:
    cases = [held(number, 1) for number in range(6)]
    found = balance(crew(Worker(1, DAY), Worker(2, DAY)), cases, NOW, nobody)
    assert (found.moves, found.skipped, dict(found.before)) == ((), (), {})


def test_what_will_miss_goes_to_somebody_who_has_it_in_time() -> None:
    cases = [held(number, 1, due_min=15) for number in range(3)]
    found = balance(crew(Worker(1, DAY), Worker(2, DAY), Worker(3, DAY)), cases, NOW, nobody)
    assert len({move.to for move in found.moves}) == len(found.moves) == 2
    assert found.after[1].missing < 0.5


def test_the_absent_give_all_and_what_nobody_can_take_goes_to_the_queue() -> None:
    gone = Worker(1, DAY, absent_until=NOW + timedelta(days=5))
    english = held(1, 1, language="en")
    found = balance(crew(gone, Worker(2, DAY, languages=frozenset({"zh"}))), [english, held(2, 1)], NOW, nobody)
    assert dict(targets(found.moves)) == {1: None, 2: 2}
    assert found.after[1].cases == 0


@pytest.mark.parametrize(
    ("taker", "code"),
    [
        (Worker(2, DAY, languages=frozenset({"en"})), "workload.nobody_fits"),
        (Worker(2, DAY, skills=frozenset({"late"})), "workload.nobody_fits"),
        (Worker(2, DAY, reviews=False), "workload.nobody_fits"),
        (Worker(2, DAY, away=True), "workload.nobody_fits"),
        (Worker(2, DAY, approvals_s=8 * 3600), "workload.no_room"),
    ],
)
def test_what_stays_says_why(taker: Worker, code: str) -> None:
    cases = [held(number, 1) for number in range(60)]
    found = balance(crew(Worker(1, DAY), taker), cases, NOW, nobody)
    assert found.moves == ()
    assert {each.why.code for each in found.skipped} == {code}
    plain = balance(crew(Worker(1, DAY), taker), cases, NOW, nobody, Options(skills=False, languages=False))
    assert bool(plain.moves) == bool(taker.languages or taker.skills)


def test_a_skill_is_a_reason_or_a_kind() -> None:
    cases = [held(number, 1) for number in range(60)]
    for skill in ("damaged", "refund_only"):
        assert balance(crew(Worker(1, DAY), Worker(2, DAY, skills=frozenset({skill}))), cases, NOW, nobody).moves


def test_nothing_is_moved_under_somebodys_eyes() -> None:
    gone = Worker(1, DAY, absent_until=NOW + timedelta(days=5))
    found = balance(crew(gone, Worker(2, DAY)), [held(1, 1, looking=frozenset({7}))], NOW, nobody)
    assert [(each.why.code, each.why.params) for each in found.skipped] == [("workload.looking", {"person": 7})]
    assert found.moves == ()


def test_interests_keep_a_case_from_one_and_not_from_the_other() -> None:
    def bar(person: int, case: Held) -> KeepFrom | None:
        return KeepFrom.SAME_CUSTOMER if person == 2 and case.customer == 5 else None

    cases = [held(number, 1, due_min=15, customer=5) for number in range(3)]
    found = balance(crew(Worker(1, DAY), Worker(2, DAY)), cases, NOW, bar)
    assert [each.why.code for each in found.skipped] == ["workload.kept.same_customer"] * len(found.skipped)
    assert found.skipped
    assert not found.moves
    third = balance(crew(Worker(1, DAY), Worker(2, DAY), Worker(3, DAY)), cases, NOW, bar)
    assert {move.to for move in third.moves} == {3}
    heedless = balance(crew(Worker(1, DAY), Worker(2, DAY)), cases, NOW, bar, Options(interests=False))
    assert {move.to for move in heedless.moves} == {2}


def test_a_balance_never_makes_more_late_whatever_the_desk() -> None:
    """Random desks: nobody at work is filled above what they can do, what is counted stays, fewer miss."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(15):
        people = crew(
            *(
                Worker(
                    number,
                    DAY,
                    pace=rng.uniform(0.7, 1.5),
                    away=rng.random() < 0.1,
                    absent_until=NOW + timedelta(days=2) if rng.random() < 0.15 else None,
                    languages=frozenset(rng.sample(["zh", "en"], rng.randint(1, 2))),
                )
                for number in range(8)
            )
        )
        cases = [
            held(
                number,
                rng.randrange(8),
                rng.uniform(-60, 900),
                rng.uniform(3, 15),
                language=rng.choice(["zh", "en"]),
            )
            for number in range(rng.randrange(40, 260))
        ]
        found = balance(people, cases, NOW, nobody)
        before, after = (sum(each.missing for each in side.values()) for side in (found.before, found.after))
        queue = sum(move.to is None for move in found.moves)
        assert after <= before + 0.5
        assert sum(e.cases for e in found.before.values()) == sum(e.cases for e in found.after.values()) + queue
        for move in found.moves:
            assert move.to is None or found.after[move.to].load_s <= 0.9 * found.after[move.to].left_s + 1


# ---------------------------------------------------------------- by hand


def test_a_move_by_hand_says_what_it_does_and_what_it_cannot() -> None:
    people = crew(Worker(1, DAY), Worker(2, DAY, languages=frozenset({"zh"})))
    mine = [held(1, 1), held(2, 1, language="en-GB"), held(3, 1, looking=frozenset({1})), held(4, 2)]
    found = moved(people, mine, [(case, 2) for case in mine], NOW, nobody)
    assert targets(found.moves) == [(1, 2)]
    whys = [each.why.code for each in found.skipped]
    assert whys == ["workload.no_language", "workload.looking", "workload.there_already"]
    assert (found.before[1].cases, found.after[1].cases, found.after[2].cases) == (3, 2, 2)
    back = moved(people, mine, [(mine[0], None)], NOW, nobody)
    assert targets(back.moves) == [(1, None)]
    assert [each.why.code for each in moved(people, mine, [(mine[0], 9)], NOW, nobody).skipped] == [
        "workload.no_reviewer"
    ]


def test_the_bottleneck_is_where_most_are_over_time() -> None:
    stages = [StageLoad(Stage.REVIEW, 900, 60, 3), StageLoad(Stage.APPROVAL, 20, 9000, 11)]
    assert bottleneck(stages) is Stage.APPROVAL
    assert bottleneck([StageLoad(Stage.REVIEW, 900, 60, 0)]) is None


# ---------------------------------------------------------------- fairness


def test_rules_that_are_in_force_keep_a_case() -> None:
    ties = Ties(frozenset({1}), frozenset({2}), frozenset({"王|a"}), frozenset({"card|*1"}))
    parties = {
        KeepFrom.OWN: Party(1),
        KeepFrom.DECLARED: Party(2),
        KeepFrom.SAME_ADDRESS: Party(3, address="王|a"),
        KeepFrom.SAME_PAYMENT: Party(4, payments=frozenset({"card|*1", "card|*2"})),
        KeepFrom.SAME_CUSTOMER: Party(5, last_by=9),
    }
    for rule, party in parties.items():
        assert kept_from(tuple(KeepFrom), 9, ties, party) is rule
        assert kept_from([other for other in KeepFrom if other is not rule], 9, ties, party) is None
    assert kept_from(tuple(KeepFrom), 9, ties, Party(6, last_by=8)) is None
    assert kept_from(tuple(KeepFrom), 9, ties, Party(None, last_by=9)) is None


@pytest.mark.parametrize(
    ("name", "family"),
    [("王小明", "王"), ("欧阳 修", "欧阳"), ("Ana Ruiz", "ruiz"), (" Helen  MARSH ", "marsh"), ("", "")],
)
def test_surnames(name: str, family: str) -> None:
    assert surname(name) == family


def test_addresses_are_compared_as_people_write_them() -> None:
    one = address_key("王小明", "北京市朝阳区 建国路1号,2-301")
    assert one == address_key("王芳", "北京市朝阳区建国路１号 2-301")
    assert one != address_key("李芳", "北京市朝阳区建国路1号2-301")
    assert address_key("王小明", None) is address_key(None, "somewhere") is address_key("王小明", " - ") is None


def test_a_payment_account_is_method_and_hint() -> None:
    assert payment_keys([("card", "*4242 "), ("card", None), (None, "*1")]) == {"card|*4242"}
