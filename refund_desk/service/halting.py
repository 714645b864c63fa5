"""Nothing is submitted while the store may be older than what was paid: after a backup was restored.

The count of submissions is kept in the store and outside it. When the store's is the lower, or a gateway
knows an intent id that the store doesn't, payouts halt: every payment touched since is read again, and
finance confirms. The count outside is raised before a submission is committed and settled after it, so a
crash in between is no restore.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.errors import Conflict, DeskError
from refund_desk.domain.people import Principal
from refund_desk.service.alarms import alarm, quiet
from refund_desk.service.gate import must_be_person, permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.gateways import Channels, Epoch, EpochFile
from refund_desk.service.ports.sending import ToRead

_COUNT, _HALT = "payout_epoch", "payout_halt"
TOUCHED = timedelta(days=45)
"""Payments whose cases moved within so long before a halt count as touched."""


@dataclass(frozen=True, slots=True)
class Halt:
    code: str
    at: datetime


def halted(work: Work) -> Halt | None:
    """Why payouts stand still, or None."""
    said = work.people.mark(_HALT)
    if not said:
        return None
    plain = json.loads(said)
    return Halt(plain["code"], datetime.fromisoformat(plain["at"]))


def check_running(work: Work) -> None:
    """Raises Conflict `payout.halted`."""
    if halted(work) is not None:
        raise Conflict("payout.halted")


def halt(work: Work, desk: Desk, who: Principal, code: str, **params: Any) -> None:
    """Stop payouts. A second cause while they stand still makes everything be read again."""
    work.people.set_mark(_HALT, json.dumps({"code": code, "at": desk.clock().isoformat()}))
    work.audit("payout.halted", who, code=code, **params)
    alarm(work, desk, who, "payout.halted", "payouts", None, told={"because": code})


# ---------------------------------------------------------------- the count


def count(work: Work) -> int:
    return int(work.people.mark(_COUNT) or 0)


def check_epoch(work: Work, desk: Desk, who: Principal, file: EpochFile) -> bool:
    """Whether store and file agree; payouts halt where the store is older, or the file is gone or unreadable."""
    if halted(work) is not None:
        return False
    inside = count(work)
    try:
        outside = file.read()
    except DeskError:
        halt(work, desk, who, "epoch.unreadable")
        return False
    if outside is None:
        if inside == 0:
            return True
        halt(work, desk, who, "epoch.missing", inside=inside)
        return False
    if inside < outside.before:
        halt(work, desk, who, "epoch.behind", inside=inside, outside=outside.now)
        return False
    return True


def advance_epoch(work: Work, file: EpochFile) -> int:
    """In the transaction of a submission: outside first, then in the store. Returns the new count."""
    inside = count(work)
    file.write(Epoch(inside, inside + 1))
    work.people.set_mark(_COUNT, str(inside + 1))
    return inside + 1


def settle_epoch(file: EpochFile, number: int) -> None:
    """After the commit: the count is surely in the store. Before the first byte leaves."""
    file.write(Epoch(number, number))


# ---------------------------------------------------------------- going on


def to_read(work: Work, channels: Channels, limit: int) -> list[ToRead]:
    """Payments that must be read again before payouts go on: until what was booked before the halt must be listed."""
    stop = halted(work)
    if stop is None:
        return []
    wait = max((c.terms.settling + c.terms.patience for c in channels.values()), default=timedelta(0))
    return work.sending.to_read(list(channels), stop.at - TOUCHED, stop.at, wait, limit)


def resume(work: Work, desk: Desk, who: Principal, channels: Channels, file: EpochFile) -> None:
    """Finance confirms, when everything was read again. Raises Conflict `payout.not_halted`, `payout.still_reading`."""
    permit(work, desk, who, "payout.resume")
    must_be_person(who)
    if halted(work) is None:
        raise Conflict("payout.not_halted")
    left = len(to_read(work, channels, 1000))
    if left:
        raise Conflict("payout.still_reading", left=left)
    number = max(count(work), _outside(file)) + 1
    file.write(Epoch(count(work), number))
    work.people.set_mark(_COUNT, str(number))
    work.people.set_mark(_HALT, "")
    work.audit("payout.resumed", who, epoch=number)
    quiet(work, desk, "payouts", None)


def _outside(file: EpochFile) -> int:
    try:
        found = file.read()
    except DeskError:
        return 0
    return found.now if found else 0
