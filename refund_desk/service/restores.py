"""Use case: a backup of the database was restored on purpose. What its log lost is named, and accepted by name.

Until then nothing is signed. Afterwards the log goes on as another branch: the epoch goes up in the database and
outside it, an entry says what was left, and every checkpoint from then on carries the new epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

from refund_desk.domain.checkpoints import Checkpoint, read_checkpoint
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.merkle import EMPTY_ROOT
from refund_desk.domain.people import Principal
from refund_desk.service.audit import Trust, verify
from refund_desk.service.ports import Work
from refund_desk.service.ports.audit import AuditReader

MARK = "epoch"
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Loss:
    """What the log lacks. size: entries it has; good: of them those under the last checkpoint before the fork.

    lost: notes of the checkpoints that don't fit, by size; last: the one over most entries, None where nothing
    is lost but the epochs differ. epoch: the one that begins once this is accepted.
    """

    size: int
    good: int
    lost: tuple[str, ...]
    last: Checkpoint | None
    epoch: int


def what_was_lost(reader: AuditReader, trust: Trust, inside: int, outside: int | None) -> Loss:
    """Compare the log with the checkpoints that `trust` knows, and the epochs in both places.

    Raises Conflict `restore.nothing_lost` where all agrees, `restore.log_broken` (with the finding) for a log
    that isn't whole in itself: that is no restore; Invalid for a checkpoint that our key didn't sign.
    """
    size = reader.size()
    fitting: dict[str, Checkpoint] = {}
    lost: dict[str, Checkpoint] = {}
    for note in dict.fromkeys(trust.known):
        if trust.vkey is not None:
            trust.verify_note(note, trust.vkey)
        checkpoint = read_checkpoint(note)
        (fitting if _fits(reader, checkpoint, size) else lost)[note] = checkpoint
    if not lost and outside in (None, inside):
        raise Conflict("restore.nothing_lost", size=size)
    report = verify(reader, Trust(trust.verify_note, trust.vkey, list(fitting)))
    if report.first_bad is not None:
        raise Conflict("restore.log_broken", finding=report.first_bad.code, position=report.first_bad.position)
    notes = sorted(lost, key=lambda note: lost[note].size)
    last = lost[notes[-1]] if notes else None
    before = lost[notes[0]].size if notes else size + 1
    good = max((one.size for one in fitting.values() if one.size < before), default=0)
    return Loss(size, good, tuple(notes), last, max(inside, outside or 0) + 1)


def _fits(reader: AuditReader, checkpoint: Checkpoint, size: int) -> bool:
    if checkpoint.size > size:
        return False
    root = reader.range_hash(0, checkpoint.size) if checkpoint.size else EMPTY_ROOT
    return root == checkpoint.root


def clean_reason(reason: str) -> str:
    """The reason as it will stand in the log for good. Raises Invalid `reason.missing` or `restore.reason_long`."""
    clean = " ".join(reason.split())
    if not clean:
        raise Invalid("reason.missing")
    if len(clean) > LONGEST_REASON:
        raise Invalid("restore.reason_long", most=LONGEST_REASON)
    return clean


def accept(work: Work, who: Principal, loss: Loss, reason: str) -> None:
    """Begin the new epoch in the database, with the entry that says what was left. The edge keeps it outside, too.

    Raises Refused `restore.operator_alone` for anybody but the operator of the machine that holds the key.
    """
    if not (who.operator or "").startswith("local-operator:"):
        raise Refused("restore.operator_alone", rule="restore.operator", could=[])
    work.people.set_mark(MARK, str(loss.epoch))
    work.audit(
        "audit.restore_accepted",
        who,
        epoch=loss.epoch,
        size=loss.size,
        good=loss.good,
        lost=len(loss.lost),
        last=loss.last.size if loss.last else 0,
        root=loss.last.root.hex() if loss.last else None,
        reason=clean_reason(reason),
    )
