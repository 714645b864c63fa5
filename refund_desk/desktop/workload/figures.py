"""Words of the board's figures: hours, shares, duty, how cases came to somebody."""

from __future__ import annotations

from datetime import datetime

from refund_desk.client.plaintext import plain
from refund_desk.desktop.words import formats, member, tr
from refund_desk.domain.workload import Duty
from refund_desk.wire.base import PersonRef
from refund_desk.wire.workload import HandoutView, PersonOnBoard, Standing

FULL, MUCH = 1.0, 0.9
"""From these shares of what is left of a shift on, a load is too much, or much."""


def name(person: PersonRef | None) -> str:
    """A person's name; the queue's where it is nobody."""
    return tr("ui.board.queue") if person is None else plain(person.name, lines=False)


def hours(seconds: float) -> str:
    """7.5 h: figures of a shift are compared at a glance."""
    return tr("ui.board.hours", n=f"{seconds / 3600:.1f}")


def late(missing: float) -> str:
    """How many are expected to miss, as whole cases."""
    return formats().number(round(missing))


def share(standing: Standing) -> float:
    """Load of what is left; where nothing is left any load is more than all of it."""
    if standing.left_s > 0:
        return standing.load_s / standing.left_s
    return 0.0 if not standing.load_s else 9.99


def load_text(standing: Standing) -> str:
    """6.2 / 7.5 h · 82 %."""
    both = tr("ui.board.load_of", load=f"{standing.load_s / 3600:.1f}", left=f"{standing.left_s / 3600:.1f}")
    return f"{both} · {formats().percent(share(standing))}" if standing.left_s > 0 else both


def load_kind(standing: Standing) -> str:
    """Token of the bar: `danger`, `warn` or `ok`."""
    part = share(standing)
    return "danger" if part > FULL else "warn" if part > MUCH else "ok"


def duty_text(duty: Duty, until: datetime | None, now: datetime) -> str:
    """On duty until 18:30; absent until 25 Nov; no shift now; away."""
    if duty is Duty.ABSENT and until is not None:
        return tr("ui.board.duty.absent_until", day=formats().short_day(until))
    if duty is Duty.ON and until is not None and (until - now).total_seconds() < 12 * 3600:
        return tr("ui.board.duty.on_until", time=formats().time(until))
    return member("duty", duty)


def skills_text(row: PersonOnBoard) -> str:
    """Role, languages, skills: 审核员 · 中/英 · 生鲜."""
    role = next((each for each in ("reviewer", "supervisor", "lead", "finance") if each in list(row.roles)), "")
    parts = [member("role", role)] if role else []
    parts += ["/".join(member("language_short", each) for each in row.languages)] if row.languages else []
    parts += [formats().join([skill(each) for each in row.skills])] if row.skills else []
    return " · ".join(parts)


def skill(code: str) -> str:
    """A reason or a kind of request."""
    found = member("reason", code)
    return found if found != code else member("kind", code)


def states_text(row: PersonOnBoard) -> str:
    """Cases by stage: 审核 5 · 等待客户 3."""
    return " · ".join(f"{member('stage', each.stage)} {formats().number(each.count)}" for each in row.counts)


def urgency_text(row: PersonOnBoard) -> str:
    """What of it is late; where nothing is, what is due soon."""
    gone, soon = sum(each.late for each in row.counts), sum(each.soon for each in row.counts)
    parts = [tr("ui.board.late", n=gone)] if gone else []
    return " · ".join(parts + ([tr("ui.board.soon", n=soon)] if soon and not gone else []))


def handout_lines(found: HandoutView) -> tuple[str, str]:
    """Given 12; chosen 2 · put back 1."""
    if not (found.given or found.picked or found.declined):
        return "", ""
    parts = [tr("ui.board.picked", n=found.picked)] if found.picked else []
    parts += [tr("ui.board.declined", n=found.declined)] if found.declined else []
    return tr("ui.board.given", n=found.given), " · ".join(parts)


def picks_easy(found: HandoutView) -> bool:
    """Whether somebody chooses more than they are given, and what takes less time: cherry-picking."""
    if found.picked < 3 or found.picked <= found.given:
        return False
    return found.given_minutes is None or (found.picked_minutes or 0.0) < found.given_minutes
