"""The process as a map: what stands in each stage now, what went through it in a span, and where it is tight. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from refund_desk.domain.figures import Sums, by_member
from refund_desk.domain.process import Process, StageRule
from refund_desk.domain.words import Stage


@dataclass(frozen=True, slots=True)
class Standing:
    """Open cases of a stage. since: of the one that stands there longest; over: for longer than its limit."""

    stage: str
    open: int
    since: datetime
    over: int


@dataclass(frozen=True, slots=True)
class Passed:
    """Of a stage in a span: how many cases came and went; stay_s: how long those that went had stood there, on
    average."""

    entered: int
    left: int
    stay_s: float | None


@dataclass(frozen=True, slots=True)
class Way:
    """From a stage to another, as the process allows it; went: how often in the span."""

    source: Stage
    target: Stage
    went: int


@dataclass(frozen=True, slots=True)
class Place:
    """A stage on the map."""

    rule: StageRule
    standing: Standing | None
    passed: Passed
    bottleneck: bool


def places(process: Process, standing: Sequence[Standing], sums: Sums) -> list[Place]:
    """Every stage in the order of the file."""
    here = {one.stage: one for one in standing}
    tight = bottleneck(standing)
    return [
        Place(rule, here.get(rule.stage.value), _passed(rule.stage.value, sums), rule.stage.value == tight)
        for rule in process.stages
    ]


def bottleneck(standing: Sequence[Standing]) -> str | None:
    """Where most cases stand for longer than they should; None: nowhere."""
    worst = max(standing, key=lambda one: (one.over, one.open), default=None)
    return worst.stage if worst is not None and worst.over else None


def ways(process: Process, sums: Sums) -> list[Way]:
    """Moves of the process, each pair of stages once, with how often cases went that way."""
    went = by_member("went", sums)
    pairs: Mapping[tuple[Stage, Stage], None] = dict.fromkeys(
        (source, move.target)
        for move in process.moves
        for source in (rule.stage for rule in process.stages if rule.stage in move.sources)
        if source is not move.target
    )
    return [Way(source, target, went.get(f"{source.value}>{target.value}", 0)) for source, target in pairs]


def _passed(stage: str, sums: Sums) -> Passed:
    left = sums.get(f"left:{stage}", 0)
    stay = sums.get(f"stay_us:{stage}", 0) / left / 1_000_000 if left else None
    return Passed(sums.get(f"entered:{stage}", 0), left, stay)
