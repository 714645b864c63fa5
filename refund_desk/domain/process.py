"""The process as a value, and the questions asked of it: who may do what, where a case goes, which clocks run.

A `Process` is read from a file (engines.process_book) and never changes; a new version is a new
value. Nothing here knows the time, a database or a sentence: answers are values, codes and roles.
Limits are seconds, amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from refund_desk.domain.calendars import ALWAYS, Calendar, always
from refund_desk.domain.conditions import CaseFacts, holds
from refund_desk.domain.errors import Conflict, Refused
from refund_desk.domain.fairness import KeepFrom
from refund_desk.domain.words import (
    ClockKind,
    Decision,
    Progress,
    Reason,
    RequestKind,
    Role,
    Stage,
    Tender,
    WaitFor,
    Who,
)


class ClockState(StrEnum):
    """What a clock does while a case stands in a stage.

    PAUSE: we wait for somebody else. STOP: met, or not ours any more; it goes on only if the case comes back.
    """

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"


class ApprovalRule(StrEnum):
    """When somebody else must approve. ABOVE: more is asked for than the limit; a withdrawn request needs nobody."""

    ALWAYS = "always"
    NEVER = "never"
    ABOVE = "above"
    UNLESS_WITHDRAWN = "unless_withdrawn"


class Prefer(StrEnum):
    """What take-next gives first: what came back to whoever asks, what an answer came for, what can still be
    done in time so that the fewest miss (domain.forecast), what must be acted on first.

    The last of them fits every case, and ends the list.
    """

    RETURNED_TO_ME = "returned_to_me"
    ANSWER_CAME = "answer_came"
    IN_TIME = "in_time"
    ACT_BY = "act_by"


@dataclass(frozen=True, slots=True)
class Why:
    """A code of the catalogue (the whole key) with its values: something to be worded for a reader."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Label:
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Consult:
    """A seat C. `when`: conditions of which any suffices; none means always. See `holds`."""

    role: Role
    required: bool = False
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seats:
    """RACI. `a` None: the accountable role follows from the approval limits (`raci.accountable`)."""

    r: tuple[Role, ...]
    a: Role | None
    c: tuple[Consult, ...] = ()
    i: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockRule:
    """Seconds of a calendar's working time."""

    limit_s: int
    calendar: str = ALWAYS


@dataclass(frozen=True, slots=True)
class StageRule:
    """A stage. `side` stages are no step of the straight path that the progress bar draws.

    `waits_for`: whom we wait for in it; clocks that pause here pause for them.
    """

    stage: Stage
    label: Label
    owner: Role
    limit_s: int | None
    progress: Progress
    clocks: Mapping[ClockKind, ClockState]
    side: bool = False
    waits_for: WaitFor | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitRule:
    """Waiting for somebody besides what the stages do: which clocks pause for them, and for how long at most."""

    pauses: tuple[ClockKind, ...]
    limit_s: int


@dataclass(frozen=True, slots=True)
class Activity:
    """Something people do. `stages` None: wherever a case stands, or without a case.

    `automatic`: the worker may do it when its clock says so; `writes` False: it only reads.
    """

    id: str
    label: Label
    seats: Seats
    stages: frozenset[Stage] | None
    limit_s: int | None = None
    writes: bool = True
    automatic: bool = False
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """A decision: who proposes it (R) and answers for it (A), where, for which requests, told to whom.

    `needs`: conditions that must all hold. `reasons`: our reason codes in the order of the digits.
    `progress`: what the customer is shown once it is decided, where that is not the stage's own.
    """

    decision: Decision
    seats: Seats
    stages: frozenset[Stage]
    kinds: frozenset[RequestKind]
    approval: ApprovalRule
    reasons: tuple[str, ...]
    asked: frozenset[Reason] | None = None
    needs: tuple[str, ...] = ()
    needs_amount: bool = False
    needs_lines: bool = False
    tenders: tuple[Tender, ...] = ()
    progress: Progress | None = None
    tell: tuple[Who, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionReason:
    """Why we decided. `told` False: never said to the customer."""

    code: str
    label: Label
    told: bool


@dataclass(frozen=True, slots=True)
class Move:
    """On an event, from one of `sources`, where all of `when` hold, a case goes to `target`. The first that fits."""

    event: str
    sources: frozenset[Stage]
    target: Stage
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """A step of the approval ladder: sums up to these (minor units by currency) and risk below this score.

    None is no bound; a currency that a bounded band does not name is not for that band.
    """

    role: Role
    order_max: Mapping[str, int] | None
    customer_max: Mapping[str, int] | None
    risk_below: int | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Who approves up to where. `unapproved`: what may be decided alone, by decision and currency, inclusive."""

    period_s: int
    bands: tuple[Band, ...]
    unapproved: Mapping[Decision, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakeRule:
    """How work is handed out: lease and renewal in seconds, what comes first, in order, and whom a case is kept
    from (domain.fairness).
    """

    lease_s: int
    renew_s: int
    max_held: int
    prefer: tuple[Prefer, ...] = (Prefer.ACT_BY,)
    keep_from: tuple[KeepFrom, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkloadRule:
    """What the board goes by: the calendar of whoever has no shifts of their own, how long an approval takes, and
    for how long a move can be undone. Seconds.
    """

    shift: str = ALWAYS
    approval_s: int = 120
    undo_s: int = 600


@dataclass(frozen=True, slots=True)
class Urgency:
    """Terms of `act_by`, in seconds. `amount`: (at least these minor units by currency, weight), highest first."""

    work_s: int
    work_reason_s: Mapping[Reason, int]
    work_kind_s: Mapping[RequestKind, int]
    amount: tuple[tuple[Mapping[str, int], int], ...]
    risk_s: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RiskRule:
    """Risk is a score of 0 to 100: the sum of its signals (conditions). `levels`: (name, from), rising."""

    levels: tuple[tuple[str, int], ...]
    signals: tuple[tuple[str, int], ...]

    def level(self, score: int) -> str:
        """Name of the highest level whose bound the score reaches."""
        return [name for name, start in self.levels if score >= start][-1]


@dataclass(frozen=True, slots=True)
class ReportRule:
    """Reports of a month that are made by themselves, from a day of the next month on. No formats: none is."""

    day: int = 1
    formats: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Process:
    """One version of the whole. `version` is name, number and a digest of the content."""

    name: str
    version: str
    label: Label
    stages: tuple[StageRule, ...]
    clocks: Mapping[ClockKind, ClockRule]
    activities: Mapping[str, Activity]
    decisions: Mapping[Decision, DecisionRule]
    moves: tuple[Move, ...]
    limits: Limits
    reasons: Mapping[str, DecisionReason]
    artefacts: Mapping[str, Label]
    take: TakeRule
    undo_s: int
    urgency: Urgency
    risk: RiskRule
    arrival_days: Mapping[str, int]
    money_fields: frozenset[str]
    calendars: Mapping[str, Calendar] = field(default_factory=lambda: {ALWAYS: always()})
    arrival_calendar: str = ALWAYS
    waits: Mapping[WaitFor, WaitRule] = field(default_factory=dict)
    workload: WorkloadRule = WorkloadRule()
    zone: str = "UTC"  # of the shop's days and months
    reports: ReportRule = ReportRule()

    def stage(self, stage: Stage) -> StageRule:
        """The rule of a stage."""
        return next(rule for rule in self.stages if rule.stage is stage)

    def has(self, stage: Stage) -> bool:
        """Whether there is such a stage: one that came later isn't in the processes of before."""
        return any(rule.stage is stage for rule in self.stages)


# ------------------------------------------------------------------ who may


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to act. `rule` is the rule that gave it, `acting` the roles of the actor that sit on R."""

    activity: str
    stage: Stage | None
    rule: str
    acting: tuple[Role, ...]
    accountable: Role | None


def may(
    process: Process, roles: Collection[Role], activity: str, stage: Stage | None, *, worker: bool = False
) -> Permit:
    """Leave for somebody with these roles to do an activity on a case in this stage (None: no case).

    `worker`: the caller is the desk's own worker, which holds no role and may do automatic activities.
    Raises Refused `process.unknown_activity`, `process.not_allowed` or `process.not_in_stage`, with
    the rule and the roles that could.
    """
    found = process.activities.get(activity)
    where = stage.value if stage else ""
    if found is None:
        raise Refused("process.unknown_activity", rule="process.activities", could=[], activity=activity, stage=where)
    rule = f"activity.{activity}"
    acting = tuple(role for role in found.seats.r if role in roles)
    could = [role.value for role in found.seats.r]
    if not acting and not (worker and found.automatic):
        raise Refused("process.not_allowed", rule=rule, could=could, activity=activity, stage=where)
    if found.stages is not None and stage not in found.stages:
        stages = [each.stage.value for each in process.stages if each.stage in found.stages]
        raise Refused(
            "process.not_in_stage", rule=f"{rule}.stages", could=could, activity=activity, stage=where, stages=stages
        )
    return Permit(activity, stage, rule, acting, found.seats.a)


def could_do(process: Process, roles: Collection[Role], stage: Stage | None) -> tuple[str, ...]:
    """Ids of all activities that somebody with these roles may do in a stage, in the order of the file."""
    return tuple(
        each.id
        for each in process.activities.values()
        if any(role in roles for role in each.seats.r) and (each.stages is None or stage in each.stages)
    )


# ------------------------------------------------------------------ where to


def next_stage(process: Process, event: str, facts: CaseFacts | None) -> Stage:
    """Where a case goes on an event; `facts` None for a case that is just being opened (event `intake`).

    Events are those of the process file: `intake`, `decided.<decision>`, `proposal.made` …
    Raises Conflict `process.no_move` where the event has no meaning in the case's stage.
    """
    for move in process.moves:
        if move.event != event:
            continue
        if facts is None and not move.sources:
            return move.target
        if facts and facts.stage in move.sources and all(holds(process, each, facts) for each in move.when):
            return move.target
    raise Conflict("process.no_move", event=event, stage=facts.stage.value if facts else "")


def progress_of(process: Process, stage: Stage, decided: Decision | None = None) -> Progress:
    """What the customer is shown; `decided` is the last decision, where there is one.

    A decision's own word (declined, cancelled) stands from the moment the case closes on it.
    """
    if stage is Stage.CLOSED and decided is not None:
        own = process.decisions[decided].progress
        if own is not None:
            return own
    return process.stage(stage).progress


# ------------------------------------------------------------------ clocks


def clock_state(process: Process, stage: Stage, clock: ClockKind) -> ClockState:
    """What a clock does in a stage."""
    return process.stage(stage).clocks[clock]


def clock_calendar(process: Process, clock: ClockKind, named: str | None = None) -> Calendar:
    """The calendar that a clock goes by, `named` on its row; one that is gone gives way to the rule in force."""
    rule = process.clocks[clock]
    return process.calendars.get(named or "") or process.calendars[rule.calendar]


def pause_reason(stage: Stage) -> Why:
    """Why clocks pause in a stage, for the reader."""
    return Why(f"clock.paused.{stage.value}")


def arrival_days(process: Process, method: str | None) -> int:
    """Business days within which a refund by this payment method arrives; unknown methods get the longest."""
    return process.arrival_days.get(method or "", process.arrival_days["other"])


def arrives_by(process: Process, method: str | None, sent_at: datetime) -> datetime:
    """When a refund that went out at an instant should have arrived, on the calendar of banks."""
    return process.calendars[process.arrival_calendar].business_days_after(sent_at, arrival_days(process, method))


def in_force(began: Process, now: Process) -> Process:
    """What rules a case: the stages and moves it began with, everything else as it is now."""
    return replace(now, stages=began.stages, moves=began.moves)
