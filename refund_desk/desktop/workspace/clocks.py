"""The clocks of a case in its head: what is left, on which calendar, and what made them stand still."""

from __future__ import annotations

from datetime import datetime

from refund_desk.desktop.widgets import Pill, set_tip
from refund_desk.desktop.words import formats, member, tr
from refund_desk.desktop.workspace import show
from refund_desk.wire.cases import Clock, PauseView

SOON_S = 4 * 3600


def clock_notes(clock: Clock, answer_due: datetime | None) -> list[str]:
    """What stands behind a clock: when it is due, on which calendar, and what made it stand still."""
    notes = [tr("ui.case.clock.due", at=clock.due_at)] if clock.due_at is not None else []
    if clock.due_at is None and answer_due is not None:
        notes.append(tr("ui.case.clock.answer_due", at=answer_due))
    if clock.calendar is not None:
        hours = formats().duration(clock.limit_s)
        notes.append(tr("ui.case.clock.calendar", calendar=show.text2(clock.calendar), hours=hours))
        if clock.turns_at is not None:
            key = "ui.case.clock.shift_ends" if clock.working else "ui.case.clock.shift_begins"
            notes.append(tr(key, at=clock.turns_at))
    return [*notes, *(pause_note(pause) for pause in clock.pauses)]


def pause_note(pause: PauseView) -> str:
    """Why a clock stood still, from when until when, and who let it."""
    span = tr("ui.case.clock.since" if pause.until_at is None else "ui.case.clock.span", **_span(pause))
    people = [tr("ui.case.clock.by", name=pause.by.name)] if pause.by else []
    if pause.ended_by is not None:
        people.append(tr("ui.case.clock.ended_by", name=pause.ended_by.name))
    return show.joined(show.coded(pause.why, "pause"), span, *people)


def _span(pause: PauseView) -> dict[str, datetime]:
    return {"begun": pause.from_at, **({"ended": pause.until_at} if pause.until_at else {})}


class ClockPill(Pill):
    """What is left of a clock, in words and with an icon; it counts on by itself."""

    def show_clock(self, clock: Clock, passed: float, answer_due: datetime | None = None) -> None:
        """`passed`: seconds since the service computed `remaining_s`; off hours none of them count.

        answer_due: until when whoever we wait for may answer.
        """
        name = show.upper(member("clock", clock.kind))
        self._tell(clock_notes(clock, answer_due))
        if clock.due_at is None or clock.remaining_s is None:
            why = show.coded(clock.paused_for, "pause") if clock.paused_for else tr("ui.case.paused")
            until = tr("ui.case.clock.until", at=answer_due) if answer_due is not None else None
            self._set(f"{name} {show.joined(why, until)}", "neutral", "time")
            return
        counted = passed if clock.counts_s is None else min(passed, clock.counts_s)
        left = clock.remaining_s - int(counted)
        kind = "danger" if left < 0 else "warn" if left < SOON_S else "ok"
        text = formats().left(left)
        if clock.calendar is not None:
            text = tr("ui.case.clock.working", left=text)
        self._set(f"{name} {text}", kind, "late" if left < 0 else "time")

    def _tell(self, notes: list[str]) -> None:
        set_tip(self, "\n".join(notes))
        self.setAccessibleDescription("; ".join(notes))

    def _set(self, text: str, kind: str, icon: str) -> None:
        self.set_look(kind, icon)
        self.set_text(text)
