"""Invented figures for tests and pictures of dashboards: sums by day and member, made into what the wire says."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from refund_desk.domain.figures import FIGURES, Dimension, Span, Sums, Unit, values_of
from refund_desk.domain.lessons import Status
from refund_desk.domain.process_map import Place, Standing, places, ways
from refund_desk.domain.words import ClockKind, Role, Stage
from refund_desk.engines.process_book import standard
from refund_desk.wire import figures as w
from refund_desk.wire import process_map as wm
from refund_desk.wire.base import Amount, PersonRef, Text2
from refund_desk.wire.clocks import ClockTerms
from refund_desk.wire.lessons import KeptReportView, Lessons, LessonView

TODAY = date(2026, 11, 20)
MEMBERS: Mapping[Dimension, tuple[tuple[str, str | None], ...]] = {
    Dimension.REASON: (
        ("damaged", None),
        ("not_received", None),
        ("wrong_item", None),
        ("changed_mind", None),
        ("late", None),
        ("not_as_described", None),
        ("overcharged", None),
        ("other", None),
    ),
    Dimension.PERSON: (("1", "林晓"), ("7", "Jonas Weber"), ("9", "周敏"), ("", None)),
    Dimension.REGION: (("CN", None), ("DE", None), ("US", None), ("", None)),
}
_PER_DAY: Mapping[str, int] = {
    **{"opened": 24, "closed": 22, "decided": 21, "gave": 16, "judged": 20, "overturned": 1},
    **{"answers": 20, "answer_us": 20 * 9_000_000_000, "decisions": 19, "decision_us": 19 * 61_000_000_000},
    **{"clocks": 60, "missed": 4, "paid": 15, "no_arrival": 3, "arrivals": 11, "arrival_us": 11 * 260_000_000_000},
    **{"reconciled": 14, "contacts": 40, "repeats": 15, "duplicates": 1, "appeals": 1, "moves": 90, "automatic": 31},
    **{"asked": 3, "in_time": 2, "paid_out:CNY": 412_300, "paid_out:USD": 20_100, "reversed:CNY": 9_900},
}


def _sums(dice: random.Random, share: float) -> Counter[str]:
    """Of one day's pace, so that a part is never more than its whole."""
    pace, late = dice.uniform(0.6, 1.4), dice.uniform(0.5, 1.5)
    faster = {"missed", "gave", "no_arrival", "automatic"}
    some = {part: n * share * pace * (late if part in faster and late < 1.2 else 1) for part, n in _PER_DAY.items()}
    return Counter({part: round(n) for part, n in some.items()})


def _said(sums: Sums) -> dict[str, w.Said]:
    return {
        name: [Amount(minor=n, currency=one) for one, n in value.items()] if isinstance(value, Mapping) else value
        for name, value in values_of(sums).items()
    }


def board(first: date, last: date, by: str = "reason", of: str | None = None) -> w.FigureBoard:
    """A span of days of which each is a little other."""
    span, dimension = Span(first, last), Dimension(by)
    members = MEMBERS.get(dimension, MEMBERS[Dimension.REASON])
    shares = {name: 1 / (2 + n) for n, (name, _) in enumerate(members)}
    whole = sum(shares.values())
    share = 1.0 if of is None else shares[of] / whole
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    line = {start: Counter[str]() for start in span.starts()}
    for day in days:
        line[span.start_of(day)].update(_sums(random.Random(day.toordinal()), share))
    now, before = sum(line.values(), Counter[str]()), _sums(random.Random(3), share * len(days))
    said, earlier = _said(now), _said(before)
    return w.FigureBoard(
        first=first,
        last=last,
        before_first=span.before.first,
        before_last=span.before.last,
        today=TODAY,
        zone="Asia/Shanghai",
        by=dimension,
        of=of,
        waiting=0,
        figures=[
            w.FigureView(
                name=one.name,
                unit=one.unit,
                formula=one.formula,
                source=one.source,
                now=said[one.name],
                before=earlier[one.name],
            )
            for one in FIGURES.values()
        ],
        step=span.step(),
        line=[w.FigureStep(first=start, values=_said(sums)) for start, sums in line.items()],
        members=[
            w.FigureMember(
                member=name, name=label, values=_said(_sums(random.Random(n), shares[name] / whole * len(days)))
            )
            for n, (name, label) in enumerate(members)
        ],
    )


def cases(after: str | None, limit: int) -> w.FigureCases:
    """250 cases in all."""
    start = int(after or 0)
    rows = [
        w.FigureCase(
            ref=f"RC-26-{4000 + n:06d}",
            reason="damaged",
            stage="closed",
            day=TODAY - timedelta(n // 9),
            adds={"missed": 1, "clocks": 3, "gave": 1, "judged": 1},
        )
        for n in range(start, min(250, start + limit))
    ]
    return w.FigureCases(cases=rows, next=str(start + limit) if start + limit < 250 else None)


# ---------------------------------------------------------------- the map

_WENT: Mapping[str, int] = {
    **{"went:review>approval": 41, "went:approval>payout": 28, "went:approval>return": 9, "went:review>closed": 6},
    **{
        "went:return>inspection": 7,
        "went:inspection>payout": 5,
        "went:payout>settlement": 31,
        "went:settlement>closed": 26,
    },
    **{"went:review>waiting_customer": 12, "went:waiting_customer>review": 10, "went:approval>review": 3},
    "went:settlement>closed": 26,
}
_OVER = {Stage.APPROVAL: 14, Stage.REVIEW: 3}
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def process_map(first: date | None, last: date | None) -> wm.ProcessMap:
    """The shipped process on a busy day; it is tight in approval."""
    process, sums = standard(), dict(_WENT)
    for name, n in _WENT.items():
        source, _, target = name.removeprefix("went:").partition(">")
        sums[f"left:{source}"] = sums.get(f"left:{source}", 0) + n
        sums[f"entered:{target}"] = sums.get(f"entered:{target}", 0) + n
        sums[f"stay_us:{source}"] = sums[f"left:{source}"] * 7_000_000_000
    standing = [
        Standing(
            rule.stage.value,
            96 - 7 * n,
            NOW - timedelta(hours=5 * n + 3),
            {"approval": 14, "review": 3}.get(rule.stage, 0),
        )
        for n, rule in enumerate(process.stages)
        if rule.stage is not Stage.CLOSED
    ]
    return wm.ProcessMap(
        version=process.version,
        first=first or TODAY,
        last=last or TODAY,
        places=[_place(one) for one in places(process, standing, sums)],
        ways=[wm.WayView(source=one.source, target=one.target, went=one.went) for one in ways(process, sums)],
    )


def _place(one: Place) -> wm.PlaceView:
    process, rule = standard(), one.rule

    def texts(names: tuple[str, ...]) -> list[Text2]:
        return [Text2(zh=process.artefacts[name].zh, en=process.artefacts[name].en) for name in names]

    return wm.PlaceView(
        stage=rule.stage,
        label=Text2(zh=rule.label.zh, en=rule.label.en),
        owner=rule.owner,
        limit_s=rule.limit_s,
        side=rule.side,
        waits_for=rule.waits_for,
        inputs=texts(rule.inputs),
        outputs=texts(rule.outputs),
        seats=[
            wm.PlaceSeats(
                activity=each.id,
                label=Text2(zh=each.label.zh, en=each.label.en),
                responsible=list(each.seats.r),
                accountable=each.seats.a,
                consulted=[seat.role for seat in each.seats.c],
                informed=list(each.seats.i),
                limit_s=each.limit_s,
            )
            for each in process.activities.values()
            if each.writes and each.stages is not None and rule.stage in each.stages and len(each.stages) < 6
        ],
        open=one.standing.open if one.standing else 0,
        over=one.standing.over if one.standing else 0,
        since=one.standing.since if one.standing else None,
        entered=one.passed.entered,
        left=one.passed.left,
        stay_s=one.passed.stay_s,
        bottleneck=one.bottleneck,
    )


def preview(after: int) -> wm.ProcessPreview:
    """Two pages, of which each touches two cases."""
    was = ClockTerms(limit_s=172_800, calendar="always", due_at=NOW + timedelta(hours=20))
    would = ClockTerms(limit_s=86_400, calendar="always", due_at=NOW - timedelta(hours=4))
    clock = wm.TouchedClock(kind=ClockKind.DECISION, was=was, would=would)
    touched = [
        wm.TouchedCase(ref=f"RC-26-{4100 + after:06d}", stage=Stage.REVIEW, clocks=[clock], approver=None),
        wm.TouchedCase(
            ref=f"RC-26-{4101 + after:06d}", stage=Stage.APPROVAL, clocks=[], approver=[Role.SUPERVISOR, Role.LEAD]
        ),
    ]
    return wm.ProcessPreview(
        version="standard@2+000000000000", path=True, touched=touched, looked_at=100, next=100 if not after else None
    )


# ---------------------------------------------------------------- findings and kept reports

_LIN, _ZHOU = PersonRef(id=1, name="林晓"), PersonRef(id=2, name="周敏")
REPORT = b"%PDF-1.7 invented"


def lesson(number: int, **changes: Any) -> LessonView:
    said: dict[str, Any] = {
        "id": number,
        "figure": "missed",
        "unit": Unit.SHARE,
        "by": Dimension.REASON,
        "of": "damaged",
        "name": None,
        "first": date(2026, 10, 1),
        "last": date(2026, 10, 31),
        "text": "破损件常在等待承运商，却没有人去询问。",
        "owner": _LIN,
        "due": date(2026, 11, 30),
        "late": False,
        "made_by": _ZHOU,
        "made_at": NOW - timedelta(days=12),
        "status": Status.OPEN,
        "settled_by": None,
        "settled_at": None,
        "result": None,
        "then": 0.124,
        "after": 0.081,
        "after_first": date(2026, 11, 1),
        "after_last": date(2026, 11, 20),
    }
    return LessonView(**{**said, **changes})


def lessons() -> Lessons:
    late = lesson(
        2,
        figure="repeat_contacts",
        by=None,
        of=None,
        due=date(2026, 11, 15),
        late=True,
        text="Ask once, for everything.",
    )
    done = {
        "status": Status.DONE,
        "settled_by": _ZHOU,
        "settled_at": NOW - timedelta(days=2),
        "result": "每日 10 点统一询问。",
    }
    return Lessons(lessons=[late, lesson(1), lesson(3, **done)], people=[_LIN, _ZHOU])


def reports() -> list[KeptReportView]:
    kept = {"month": "2026-10", "language": "zh", "sha256": hashlib.sha256(REPORT).hexdigest(), "bytes": len(REPORT)}
    made = ((2, "pdf", None), (1, "xlsx", _ZHOU))
    return [
        KeptReportView.model_validate({**kept, "id": n, "format": form, "at": NOW - timedelta(days=19), "by": by})
        for n, form, by in made
    ]
