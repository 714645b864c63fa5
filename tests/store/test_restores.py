"""A backup of the database is restored: nothing is signed until it is accepted, and the fork is told for good."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from sqlalchemy import Engine

from refund_desk.domain.audit import AuditEntry
from refund_desk.domain.checkpoints import Checkpoint, read_checkpoint
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.people import Principal
from refund_desk.engines.signing import SigningKey, canonical, verify_note
from refund_desk.service import restores
from refund_desk.service.audit import Trust, VerifyReport
from refund_desk.service.audit_files import export, verify_file
from refund_desk.store import guards
from refund_desk.store.audit import AuditLog
from refund_desk.store.audit_reader import read_log
from refund_desk.store.database import writing
from refund_desk.store.work import SqlStore
from tests.fakes.house import OPERATOR
from tests.store.audit_desk import ORIGIN, AuditDesk


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> AuditDesk:
    """120 entries under checkpoints at 50, 100 and 120."""
    made = AuditDesk(engine, tmp_path)
    made.fill(50, 50, 20)
    return made


def restore(desk: AuditDesk, size: int) -> None:
    """The database as it was with `size` entries."""
    desk.attack(
        f"DELETE FROM audit_leaf WHERE position >= {size}",
        "DELETE FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_leaf)",
        f"DELETE FROM audit_checkpoint WHERE size > {size}",
    )
    with writing(desk.engine) as connection:
        guards.install(connection)
    desk.integrator = desk.new_integrator()


def lost(desk: AuditDesk, *known: str, outside: int | None = 0) -> restores.Loss:
    trust = Trust(verify_note, desk.key.vkey, [*desk.files.held(), *known])
    with read_log(desk.engine) as reader:
        return restores.what_was_lost(reader, trust, desk.epoch, outside)


def accept(desk: AuditDesk, loss: restores.Loss, who: Principal = OPERATOR, reason: str = "The disk died.") -> None:
    store = SqlStore(desk.engine, canonical, desk.clock, "test", epoch=loss.epoch)
    with store.write() as work:
        restores.accept(work, who, loss, reason)
    desk.files.leave(loss.epoch, loss.lost)
    desk.files.set_epoch(loss.epoch)
    desk.epoch = loss.epoch
    desk.integrator = desk.new_integrator()
    desk.settle()


def exported(desk: AuditDesk, *known: str) -> VerifyReport:
    """What verification finds in an exported file."""
    out = io.BytesIO()
    with read_log(desk.engine) as reader:
        export(reader, out.write, version="test", at="2026-11-20T09:00:00Z")
    return verify_file(io.BytesIO(out.getvalue()), Trust(verify_note, desk.key.vkey, known))


def found(report: VerifyReport) -> tuple[str, int | None]:
    assert report.first_bad is not None
    assert report.branches == ()
    return report.first_bad.code, report.first_bad.position


def test_nothing_is_signed_until_it_is_accepted(desk: AuditDesk) -> None:
    restore(desk, 110)
    desk.add(3)
    desk.settle()
    assert desk.integrator.problem == "audit.tail_cut"
    assert found(desk.verify()) == ("audit.tail_cut", 113)
    loss = lost(desk)
    assert loss.last is not None
    assert (loss.size, loss.good, len(loss.lost), loss.last.size, loss.epoch) == (113, 100, 1, 120, 1)


def test_an_accepted_restore_goes_on_signing_and_the_fork_is_told(desk: AuditDesk) -> None:
    handed_out = desk.files.latest() or ""
    restore(desk, 110)
    accept(desk, lost(desk))
    assert desk.integrator.problem is None
    assert read_checkpoint(desk.files.latest() or "").epoch == 1
    for more in (0, 40):  # before and after the log has outgrown what it left
        desk.fill(more)
        for report in (desk.verify(), desk.verify(held=False, known=[handed_out]), exported(desk, handed_out)):
            assert (report.ok, report.origin_proven, report.first_bad) == (True, True, None)
            (branch,) = report.branches
            assert (branch.sizes, branch.restore.good, branch.restore.epoch) == ((120,), 100, 1)
            assert (branch.restore.position, branch.restore.entry) == (110, branch.to_params()["entry"])
    assert desk.files.left() == [handed_out]
    assert desk.verify(held=False).branches == ()


def test_without_a_key_a_branch_excuses_nothing(desk: AuditDesk) -> None:
    restore(desk, 110)
    accept(desk, lost(desk))
    desk.fill(40)
    assert found(desk.verify(key=False)) == ("audit.checkpoint_mismatch", 111)


def test_a_cut_of_the_log_that_goes_on_is_found(desk: AuditDesk) -> None:
    restore(desk, 60)
    accept(desk, lost(desk))
    desk.fill(10, 10)
    assert desk.verify().ok
    kept = desk.files.latest() or ""  # over 81 entries: fewer than the branch had
    restore(desk, 75)
    assert found(desk.verify()) == ("audit.tail_cut", 75)
    assert found(desk.verify(held=False, known=[kept])) == ("audit.tail_cut", 75)
    assert found(exported(desk, kept)) == ("audit.tail_cut", 75)


def test_who_owns_the_database_can_not_accept_for_us(desk: AuditDesk) -> None:
    restore(desk, 110)
    forged = {"epoch": 1, "good": 100, "size": 110, "lost": 1, "last": 120, "root": None, "reason": "none"}
    entry = AuditEntry(desk.clock(), "local-operator:eve", "audit.restore_accepted", data=forged, desk="test", epoch=1)
    with writing(desk.engine) as connection:
        AuditLog(connection, canonical).append(entry)
    desk.epoch = 1  # the mark in the database says so, too
    desk.integrator = desk.new_integrator()
    desk.settle()
    assert desk.integrator.problem == "audit.tail_cut"
    assert found(desk.verify()) == ("audit.tail_cut", 111)


def test_a_checkpoint_beyond_what_was_named_is_not_excused(desk: AuditDesk) -> None:
    restore(desk, 110)
    accept(desk, lost(desk))
    beyond = desk.key.sign(Checkpoint(ORIGIN, 140, b"x" * 32).text())
    assert found(desk.verify(known=[beyond])) == ("audit.tail_cut", 111)
    assert found(exported(desk, beyond)) == ("audit.tail_cut", 111)
    before = desk.key.sign(Checkpoint(ORIGIN, 90, b"x" * 32).text())
    assert found(desk.verify(known=[before])) == ("audit.checkpoint_mismatch", 50)
    assert found(exported(desk, before)) == ("audit.checkpoint_mismatch", 50)


def test_a_checkpoint_that_only_a_desk_kept_is_named_too(desk: AuditDesk) -> None:
    """Database and files were both restored: the desk alone knows of more."""
    handed_out = desk.files.latest() or ""
    desk.files.leave(9, [handed_out])
    restore(desk, 100)
    with pytest.raises(Conflict, match=r"restore\.nothing_lost"):
        lost(desk)
    desk.fill(30)
    loss = lost(desk, handed_out)
    assert (loss.size, loss.good, loss.lost) == (130, 100, (handed_out,))
    accept(desk, loss)
    assert [branch.sizes for branch in desk.verify(known=[handed_out]).branches] == [(120,)]


def test_a_second_restore_leaves_a_second_branch(desk: AuditDesk) -> None:
    restore(desk, 110)
    accept(desk, lost(desk))
    desk.fill(20)
    restore(desk, 115)
    loss = lost(desk, outside=1)
    assert (loss.epoch, loss.good) == (2, 111)
    accept(desk, loss)
    report = desk.verify()
    assert [(branch.sizes, branch.restore.epoch) for branch in report.branches] == [((120,), 1), ((131,), 2)]


def test_epochs_that_differ_stop_the_signing(desk: AuditDesk) -> None:
    desk.files.set_epoch(3)
    desk.integrator = desk.new_integrator()
    desk.fill(5)
    assert desk.integrator.problem == "audit.epoch_differs"
    loss = lost(desk, outside=desk.files.epoch())
    assert (loss.lost, loss.last, loss.epoch) == ((), None, 4)
    accept(desk, loss)
    assert desk.new_integrator().problem is None
    assert desk.verify().ok


def test_a_directory_that_begins_anew_takes_the_epoch_of_the_database(engine: Engine, tmp_path: Path) -> None:
    desk = AuditDesk(engine, tmp_path)
    desk.epoch = 2
    desk.integrator = desk.new_integrator()
    desk.fill(3)
    assert (desk.integrator.problem, desk.files.epoch()) == (None, 2)


def test_what_is_no_restore_is_not_accepted(desk: AuditDesk) -> None:
    with pytest.raises(Conflict, match=r"restore\.nothing_lost"):
        lost(desk)
    forger = SigningKey.generate(ORIGIN).sign(Checkpoint(ORIGIN, 500, b"x" * 32).text())
    with pytest.raises(Invalid, match=r"audit\.signature_missing"):
        lost(desk, forger)
    restore(desk, 110)
    desk.attack("UPDATE audit_entry SET actor = 'nobody' WHERE id = 33")
    with pytest.raises(Conflict) as broken:
        lost(desk)
    assert (broken.value.code, broken.value.params["finding"]) == ("restore.log_broken", "audit.copy_changed")


def test_it_takes_the_operator_and_a_reason(desk: AuditDesk) -> None:
    restore(desk, 110)
    loss = lost(desk)
    for who in (Principal(7, 7, "ada"), Principal(0, 0, "worker", operator="system:worker")):
        with pytest.raises(Refused, match=r"restore\.operator_alone"):
            accept(desk, loss, who)
    for reason, code in ((" \n", "reason.missing"), ("x" * 501, "restore.reason_long")):
        with pytest.raises(Invalid, match=code):
            accept(desk, loss, reason=reason)
    assert desk.files.epoch() == 0
