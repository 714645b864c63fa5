"""What is wrong with a process: each problem with the place it stands at. An empty list is a sound process."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from refund_desk.domain.conditions import known_condition
from refund_desk.domain.people import DECIDING
from refund_desk.domain.process import Activity, ApprovalRule, Label, Limits, Prefer, Process, Seats, TakeRule, Why
from refund_desk.domain.words import MONEY_DECISIONS, ClockKind, Decision, Role, Stage

MOST_REASONS = 9
"""One digit each on the keyboard."""

UNDONE = "proposal.undone"

LATER = frozenset({Stage.WAITING_MERCHANT})
"""Stages that a process of before doesn't have; cases that began with it never stand there."""

UNREAD = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles that hold no seat in which a case is changed."""


def validate(process: Process) -> list[Why]:
    """Problems, each a code `error.process.bad.…` with `path` and what is wrong there."""
    return [
        *_stages(process),
        *_activities(process),
        *_decisions(process),
        *_limits(process.limits),
        *_take(process.take),
        *_moves(process),
        *_conditions(process),
        *_labels(process),
    ]


def _bad(code: str, path: str, **params: object) -> Why:
    return Why(f"error.process.bad.{code}", {"path": path, **params})


def _take(rule: TakeRule) -> Iterator[Why]:
    """Whatever comes first, every free case has its turn."""
    if not rule.prefer or rule.prefer[-1] is not Prefer.ACT_BY or len(set(rule.prefer)) != len(rule.prefer):
        yield _bad("take_order", "take.prefer")


def _stages(process: Process) -> Iterator[Why]:
    have = [rule.stage for rule in process.stages]
    for stage in Stage:
        if have.count(stage) != 1 and not (stage in LATER and stage not in have):
            yield _bad("stage_missing", "stages", stage=stage.value)
    for stage_rule in process.stages:
        path = f"stages.{stage_rule.stage.value}"
        if stage_rule.owner in UNREAD:
            yield _bad("seat_forbidden", f"{path}.owner", role=stage_rule.owner.value)
        for clock in ClockKind:
            if clock not in stage_rule.clocks:
                yield _bad("clock_missing", f"{path}.clocks", clock=clock.value)
        if stage_rule.limit_s is not None and stage_rule.limit_s <= 0:
            yield _bad("limit_not_positive", f"{path}.limit_hours")
    for clock in ClockKind:
        rule = process.clocks.get(clock)
        if rule is None or rule.limit_s <= 0:
            yield _bad("limit_not_positive", f"clocks.{clock.value}.limit_hours")
        if rule is not None and rule.calendar not in process.calendars:
            yield _bad("calendar_unknown", f"clocks.{clock.value}.calendar", calendar=rule.calendar)
    for path, calendar in (("arrival_calendar", process.arrival_calendar), ("workload.shift", process.workload.shift)):
        if calendar not in process.calendars:
            yield _bad("calendar_unknown", path, calendar=calendar)


def _activities(process: Process) -> Iterator[Why]:
    ladder = {band.role for band in process.limits.bands}
    for each in process.activities.values():
        path = f"activities.{each.id}"
        yield from _seats(each.seats, path)
        if each.seats.a is None and ladder - set(each.seats.r):
            missing = sorted(role.value for role in ladder - set(each.seats.r))
            yield _bad("ladder_not_responsible", f"{path}.R", roles=missing)
        yield from _forbidden_seats(each, path)
    proposers = {role for rule in process.decisions.values() for role in rule.seats.r}
    make = process.activities.get("proposal.make")
    if make is None or set(make.seats.r) != proposers:
        yield _bad("proposers_differ", "activities.proposal.make.R")


def _forbidden_seats(each: Activity, path: str) -> Iterator[Why]:
    """An auditor only reads. An administrator does nothing that belongs to a stage of a case."""
    roles = {*each.seats.r, *([each.seats.a] if each.seats.a else [])}
    if each.writes and Role.AUDITOR in roles:
        yield _bad("seat_forbidden", path, role=Role.AUDITOR.value)
    if each.writes and each.stages is not None and Role.ADMINISTRATOR in roles:
        yield _bad("seat_forbidden", path, role=Role.ADMINISTRATOR.value)


def _seats(seats: Seats, path: str) -> Iterator[Why]:
    if not seats.r:
        yield _bad("no_responsible", f"{path}.R")
    consulted = [seat.role for seat in seats.c]
    for letter, roles in (("R", list(seats.r)), ("C", consulted), ("I", list(seats.i))):
        for role in {role for role in roles if roles.count(role) > 1}:
            yield _bad("role_twice", f"{path}.{letter}", role=role.value)
    for letter, roles in (("C", consulted), ("I", list(seats.i))):
        for role in set(roles) & set(seats.r):
            yield _bad("role_twice", f"{path}.{letter}", role=role.value)


def _decisions(process: Process) -> Iterator[Why]:
    for decision in Decision:
        path = f"decisions.{decision.value}"
        rule = process.decisions.get(decision)
        if rule is None:
            yield _bad("decision_missing", path, decision=decision.value)
            continue
        yield from _seats(rule.seats, path)
        for role in {*rule.seats.r, *([rule.seats.a] if rule.seats.a else [])} - DECIDING:
            yield _bad("seat_forbidden", path, role=role.value)
        if decision in MONEY_DECISIONS and (rule.seats.a is not None or rule.approval is not ApprovalRule.ALWAYS):
            yield _bad("value_without_approval", path, decision=decision.value)
        if decision not in MONEY_DECISIONS and rule.seats.a is None:
            yield _bad("no_accountable", f"{path}.A")
        if not 1 <= len(rule.reasons) <= MOST_REASONS or len(set(rule.reasons)) != len(rule.reasons):
            yield _bad("reasons_count", f"reasons.decisions.{decision.value}", most=MOST_REASONS)
        for code in rule.reasons:
            if code not in process.reasons:
                yield _bad("reason_unknown", f"reasons.decisions.{decision.value}", reason=code)


def _limits(limits: Limits) -> Iterator[Why]:
    bands = limits.bands
    if limits.period_s <= 0:
        yield _bad("limit_not_positive", "limits.period_days")
    if not bands or (bands[-1].order_max, bands[-1].customer_max, bands[-1].risk_below) != (None, None, None):
        yield _bad("ladder_ends", "limits.bands")
    if len({band.role for band in bands}) != len(bands):
        yield _bad("ladder_role_twice", "limits.bands")
    for number, (low, high) in enumerate(pairwise(bands), start=1):
        path = f"limits.bands[{number}]"
        if not (_rises(low.order_max, high.order_max) and _rises(low.customer_max, high.customer_max)):
            yield _bad("limits_fall", path, role=high.role.value)
        if high.risk_below is not None and (low.risk_below is None or low.risk_below > high.risk_below):
            yield _bad("limits_fall", f"{path}.risk_below", role=high.role.value)
    for band in bands:
        if band.role not in DECIDING:
            yield _bad("seat_forbidden", "limits.bands", role=band.role.value)


def _rises(low: Mapping[str, int] | None, high: Mapping[str, int] | None) -> bool:
    """Whether the upper bound is nowhere below the lower; no bound is above all others."""
    if high is None:
        return True
    if low is None:
        return False
    return all(currency in high and amount <= high[currency] for currency, amount in low.items())


def _moves(process: Process) -> Iterator[Why]:
    """Every stage can be reached, from every stage the end can be, and every decision leads somewhere."""
    edges = [(source, move.target) for move in process.moves for source in move.sources]
    starts = {move.target for move in process.moves if not move.sources}
    forward = _closure(starts, edges)
    # Taking a decision back is open for seconds: no way out of a stage.
    lasting = [(move.target, source) for move in process.moves if move.event != UNDONE for source in move.sources]
    back = _closure({Stage.CLOSED}, lasting)
    for stage in [rule.stage for rule in process.stages]:
        if stage not in forward:
            yield _bad("stage_unreachable", f"stages.{stage.value}", stage=stage.value)
        elif stage not in back:
            yield _bad("stage_dead_end", f"stages.{stage.value}", stage=stage.value)
    for rule in process.decisions.values():
        event = f"decided.{rule.decision.value}"
        sure = {source for move in process.moves if move.event == event and not move.when for source in move.sources}
        direct = rule.stages if rule.approval is not ApprovalRule.ALWAYS else frozenset[Stage]()
        through = set() if rule.approval is ApprovalRule.NEVER else {Stage.APPROVAL}
        for stage in sorted((direct | through) - sure):
            yield _bad("move_missing", "moves", event=event, stage=stage.value)
        proposed = {source for move in process.moves if move.event == "proposal.made" for source in move.sources}
        for stage in sorted(rule.stages - proposed if through else ()):
            yield _bad("move_missing", "moves", event="proposal.made", stage=stage.value)


def _closure(start: Collection[Stage], edges: Collection[tuple[Stage, Stage]]) -> set[Stage]:
    found = set(start)
    while more := {target for source, target in edges if source in found} - found:
        found |= more
    return found


def _conditions(process: Process) -> Iterator[Why]:
    named = [(f"moves[{number}].when", each) for number, move in enumerate(process.moves) for each in move.when]
    for rule in process.decisions.values():
        path = f"decisions.{rule.decision.value}"
        named += [(f"{path}.needs", each) for each in rule.needs]
        named += [(f"{path}.C", each) for seat in rule.seats.c for each in seat.when]
    for activity in process.activities.values():
        named += [(f"activities.{activity.id}.C", each) for seat in activity.seats.c for each in seat.when]
    named += [("risk.signals", signal) for signal, _ in process.risk.signals]
    for path, condition in named:
        if not known_condition(process, condition):
            yield _bad("condition_unknown", path, condition=condition)
    levels = [start for _, start in process.risk.levels]
    if not levels or levels[0] != 0 or levels != sorted(set(levels)):
        yield _bad("risk_levels", "risk.levels")


def _labels(process: Process) -> Iterator[Why]:
    labelled: list[tuple[str, Label]] = [("label", process.label)]
    labelled += [(f"stages.{rule.stage.value}.label", rule.label) for rule in process.stages]
    labelled += [(f"activities.{each.id}.label", each.label) for each in process.activities.values()]
    labelled += [(f"reasons.{each.code}", each.label) for each in process.reasons.values()]
    labelled += [(f"calendars.{key}", each.label) for key, each in process.calendars.items() if each.label]
    labelled += [(f"artefacts.{key}", label) for key, label in process.artefacts.items()]
    for path, label in labelled:
        for language, text in (("zh", label.zh), ("en", label.en)):
            if not text.strip():
                yield _bad("label_missing", path, language=language)
    used = [(f"stages.{rule.stage.value}", (*rule.inputs, *rule.outputs)) for rule in process.stages]
    used += [(f"activities.{each.id}", (*each.inputs, *each.outputs)) for each in process.activities.values()]
    for path, names in used:
        for name in names:
            if name not in process.artefacts:
                yield _bad("artefact_unknown", path, artefact=name)
