"""From the process file to a `Process`, strictly: every mistake is told with its path, all of them at once.

The same reader takes the shipped file and a changed one that a second person has approved. The
version is name, number and a digest of the content, so two contents never share one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from enum import StrEnum
from functools import lru_cache
from typing import Any

from refund_desk.domain.calendars import ALWAYS
from refund_desk.domain.fairness import KeepFrom
from refund_desk.domain.process import (
    Activity,
    ApprovalRule,
    Band,
    ClockRule,
    ClockState,
    Consult,
    DecisionReason,
    DecisionRule,
    Label,
    Limits,
    Move,
    Prefer,
    Process,
    ReportRule,
    RiskRule,
    Seats,
    StageRule,
    TakeRule,
    Urgency,
    WaitRule,
    WorkloadRule,
)
from refund_desk.domain.process_check import validate
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
from refund_desk.engines import calendars, resources
from refund_desk.engines.plainfile import Node, Problems

STANDARD = "process/standard.yaml"
REASONS = "process/reasons.yaml"
CALENDARS = "process/calendars.yaml"
BY_LIMIT = "by_limit"

HOUR, MINUTE, DAY = 3600, 60, 86400


def standard_content() -> dict[str, Any]:
    """The shipped process with its reasons and calendars, as plain values of one's own: what a change starts from."""
    return deepcopy(_shipped())


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Any]:
    files = {"process": STANDARD, "reasons": REASONS, "calendars": CALENDARS}
    return {key: resources.read_yaml(file) for key, file in files.items()}


@lru_cache(maxsize=1)
def standard() -> Process:
    """The shipped process."""
    return read(_shipped(), STANDARD)


def read_text(text: str, file: str) -> Process:
    """A process from YAML or JSON text of the shape of `standard_content`."""
    return read(resources.parse_yaml(text, file), file)


def digest(content: Any) -> str:
    """SHA-256 of the content, however its file was laid out; hex."""
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def read(content: Any, file: str = STANDARD) -> Process:
    """A process from plain values. Raises Invalid `process.invalid_file` with `problems`: path, code and params."""
    problems = Problems()
    whole = Node(content, "", problems).only("process reasons", "calendars")
    process = _process(whole, digest(content))
    problems.finish("process.invalid_file", file)
    for why in validate(process):
        params = dict(why.params)
        problems.add(str(params.pop("path")), why.code.removeprefix("error."), **params)
    problems.finish("process.invalid_file", file)
    return process


def _process(whole: Node, fingerprint: str) -> Process:
    """What has a default came later: contents of before are still read, since open cases began with them."""
    node, reasons = whole["process"], whole["reasons"]
    node.only(
        "name version label artefacts clocks stages moves activities decisions limits risk money_fields take "
        "undo_seconds urgency arrival_days",
        "arrival_calendar waits workload zone reports",
    )
    reasons.only("reasons decisions")
    fits = {key: each.texts() for key, each in reasons["decisions"].items()}
    for key in fits.keys() - set(Decision):
        reasons.problems.add(f"{reasons.path}.decisions.{key}", "file.unknown_key")
    return Process(
        name=node["name"].text(),
        version=f"{node['name'].text()}@{node['version'].text()}+{fingerprint[:12]}",
        label=_label(node["label"]),
        stages=tuple(_stage(key, each) for key, each in node["stages"].items()),
        clocks={_key(each, key, ClockKind): _clock(each) for key, each in node["clocks"].items()},
        activities={key: _activity(key, each) for key, each in node["activities"].items()},
        decisions={
            _key(each, key, Decision): _decision(_key(each, key, Decision), each, fits.get(key, ()))
            for key, each in node["decisions"].items()
        },
        moves=tuple(_move(each) for each in node["moves"].each()),
        limits=_limits(node["limits"]),
        reasons={key: _reason(key, each) for key, each in reasons["reasons"].items()},
        artefacts={key: _label(each) for key, each in node["artefacts"].items()},
        take=_take(node["take"]),
        undo_s=node["undo_seconds"].whole(),
        urgency=_urgency(node["urgency"]),
        risk=_risk(node["risk"]),
        arrival_days=_arrival(node["arrival_days"]),
        money_fields=frozenset(node["money_fields"].texts()),
        calendars=calendars.read(whole["calendars"]),
        arrival_calendar=node["arrival_calendar"].text() if "arrival_calendar" in node else ALWAYS,
        waits={_key(each, key, WaitFor): _wait(each) for key, each in _waits(node)},
        workload=_workload(node["workload"]) if "workload" in node else WorkloadRule(),
        zone=calendars.zone(node["zone"]) if "zone" in node else "UTC",
        reports=_reports(node["reports"]) if "reports" in node else ReportRule(),
    )


def _label(node: Node) -> Label:
    """Both languages; one that is missing is left to `validate`, which names it."""
    node.only("", "zh en told")
    return Label(*(node[lang].text() if lang in node else "" for lang in ("zh", "en")))


def _reason(code: str, node: Node) -> DecisionReason:
    node.only("told", "zh en")
    return DecisionReason(code, _label(node), node["told"].flag())


def _key(node: Node, key: str, vocabulary: Any) -> Any:
    return Node(key, node.path, node.problems).word(vocabulary)


def _clock(node: Node) -> ClockRule:
    node.only("limit_hours", "calendar")
    return ClockRule(node["limit_hours"].whole(1) * HOUR, node["calendar"].text() if "calendar" in node else ALWAYS)


class _Format(StrEnum):
    PDF = "pdf"
    XLSX = "xlsx"


class _Language(StrEnum):
    ZH = "zh"
    EN = "en"


def _reports(node: Node) -> ReportRule:
    node.only("day formats languages")
    formats, languages = node["formats"].words(_Format), node["languages"].words(_Language)
    return ReportRule(node["day"].whole(1), tuple(map(str, formats)), tuple(map(str, languages)))


def _waits(node: Node) -> Iterator[tuple[str, Node]]:
    return node["waits"].items() if "waits" in node else iter(())


def _wait(node: Node) -> WaitRule:
    node.only("pauses limit_hours")
    return WaitRule(node["pauses"].words(ClockKind), node["limit_hours"].whole(1) * HOUR)


def _limit(node: Node) -> int | None:
    return node["limit_hours"].whole(1) * HOUR if "limit_hours" in node else None


def _stage(key: str, node: Node) -> StageRule:
    node.only("label owner limit_hours progress clocks in out", "side waits_for")
    return StageRule(
        stage=_key(node, key, Stage),
        label=_label(node["label"]),
        owner=node["owner"].word(Role),
        limit_s=_limit(node),
        progress=node["progress"].word(Progress),
        clocks={_key(each, kind, ClockKind): each.word(ClockState) for kind, each in node["clocks"].items()},
        side=node["side"].flag(),
        waits_for=node["waits_for"].word(WaitFor) if "waits_for" in node else None,
        inputs=node["in"].texts(),
        outputs=node["out"].texts(),
    )


def _where(node: Node) -> frozenset[Stage] | None:
    match node.value:
        case "any":
            return None
        case "open":
            return frozenset(Stage) - {Stage.CLOSED}
    return frozenset(node.words(Stage))


def _seats(node: Node) -> Seats:
    a = None if node["A"].value == BY_LIMIT else node["A"].word(Role)
    return Seats(node["R"].words(Role), a, tuple(_consult(each) for each in node["C"].each()), node["I"].words(Role))


def _consult(node: Node) -> Consult:
    node.only("role", "required when")
    return Consult(node["role"].word(Role), node["required"].flag(), node["when"].texts())


def _activity(key: str, node: Node) -> Activity:
    node.only("label stages R A in out", "C I limit_hours reads automatic")
    return Activity(
        id=key,
        label=_label(node["label"]),
        seats=_seats(node),
        stages=_where(node["stages"]),
        limit_s=_limit(node),
        writes=not node["reads"].flag(),
        automatic=node["automatic"].flag(),
        inputs=node["in"].texts(),
        outputs=node["out"].texts(),
    )


def _decision(decision: Decision, node: Node, reasons: tuple[str, ...]) -> DecisionRule:
    node.only("R A stages kinds approval tell", "C I asked needs needs_amount needs_lines tenders progress")
    return DecisionRule(
        decision=decision,
        seats=_seats(node),
        stages=frozenset(node["stages"].words(Stage)),
        kinds=frozenset(node["kinds"].words(RequestKind)),
        approval=node["approval"].word(ApprovalRule),
        reasons=reasons,
        asked=frozenset(node["asked"].words(Reason)) if "asked" in node else None,
        needs=node["needs"].texts(),
        needs_amount=node["needs_amount"].flag(),
        needs_lines=node["needs_lines"].flag(),
        tenders=node["tenders"].words(Tender),
        progress=node["progress"].word(Progress) if "progress" in node else None,
        tell=node["tell"].words(Who),
    )


def _move(node: Node) -> Move:
    node.only("event to", "from when")
    return Move(
        node["event"].text(), frozenset(node["from"].words(Stage)), node["to"].word(Stage), node["when"].texts()
    )


def _limits(node: Node) -> Limits:
    node.only("period_days bands without_approval")
    alone = {_key(each, key, Decision): each.amounts() for key, each in node["without_approval"].items()}
    return Limits(node["period_days"].whole(1) * DAY, tuple(_band(each) for each in node["bands"].each()), alone)


def _band(node: Node) -> Band:
    node.only("role order customer risk_below")
    return Band(
        node["role"].word(Role),
        node["order"].amounts() if "order" in node else None,
        node["customer"].amounts() if "customer" in node else None,
        node["risk_below"].whole(1) if "risk_below" in node else None,
    )


def _take(node: Node) -> TakeRule:
    node.only("lease_minutes renew_minutes max_held prefer", "keep_from")
    return TakeRule(
        node["lease_minutes"].whole(1) * MINUTE,
        node["renew_minutes"].whole(1) * MINUTE,
        node["max_held"].whole(1),
        node["prefer"].words(Prefer),
        node["keep_from"].words(KeepFrom) if "keep_from" in node else (),
    )


def _workload(node: Node) -> WorkloadRule:
    node.only("shift approval_minutes undo_minutes")
    return WorkloadRule(
        node["shift"].text(), node["approval_minutes"].whole(1) * MINUTE, node["undo_minutes"].whole(1) * MINUTE
    )


def _minutes(node: Node, vocabulary: Any) -> dict[Any, int]:
    return {_key(each, key, vocabulary): each.whole() * MINUTE for key, each in node.items()}


def _urgency(node: Node) -> Urgency:
    node.only("work_minutes amount_minutes risk_minutes")
    work = node["work_minutes"].only("default reason kind")
    amounts = [each.only("at_least minutes") for each in node["amount_minutes"].each()]
    return Urgency(
        work_s=work["default"].whole(1) * MINUTE,
        work_reason_s=_minutes(work["reason"], Reason),
        work_kind_s=_minutes(work["kind"], RequestKind),
        amount=tuple((each["at_least"].amounts(), each["minutes"].whole() * MINUTE) for each in amounts),
        risk_s={key: each.whole() * MINUTE for key, each in node["risk_minutes"].items()},
    )


def _risk(node: Node) -> RiskRule:
    node.only("levels signals")
    levels = [each.only("level from") for each in node["levels"].each()]
    signals = [each.only("when points") for each in node["signals"].each()]
    return RiskRule(
        tuple((each["level"].text(), each["from"].whole()) for each in levels),
        tuple((each["when"].text(), each["points"].whole()) for each in signals),
    )


def _arrival(node: Node) -> Mapping[str, int]:
    if "other" not in node:
        node.problems.add(f"{node.path}.other", "file.missing")
    return {key: each.whole() for key, each in node.items()}
