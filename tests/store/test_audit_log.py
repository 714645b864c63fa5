"""The log at work: order, checkpoints, feed, several writers; on both databases."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from refund_desk.domain.checkpoints import PinnedCheckpoints, read_checkpoint
from refund_desk.domain.merkle import tree_hash, verify_consistency
from refund_desk.engines.signing import canonical, verify_note
from refund_desk.store.audit import AuditLog
from refund_desk.store.audit_tree import StoredTree
from refund_desk.store.database import reading, writing
from refund_desk.store.tables.audit import audit_checkpoint, audit_leaf, audit_subtree
from tests.conftest import NewEngine
from tests.store.audit_desk import AuditDesk


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> AuditDesk:
    return AuditDesk(engine, tmp_path)


def test_an_entry_is_written_with_its_change_or_not_at_all(desk: AuditDesk) -> None:
    with suppress(KeyError), writing(desk.engine) as connection:
        AuditLog(connection, canonical).append(desk.entry())
        raise KeyError("the change itself fails")
    with writing(desk.engine) as connection:
        first = AuditLog(connection, canonical).append(desk.entry())
        second = AuditLog(connection, canonical).append(desk.entry())
    assert second == first + 1
    desk.settle()
    with reading(desk.engine) as connection:
        log = AuditLog(connection)
        assert [change.position for change in log.since(-1)] == [0, 1]
        assert [row.id for row in log.page()] == [second, first]


def test_the_feed_goes_by_position(desk: AuditDesk) -> None:
    desk.fill(30)
    with reading(desk.engine) as connection:
        log = AuditLog(connection)
        assert [change.position for change in log.since(9, limit=5)] == [10, 11, 12, 13, 14]
        assert log.since(29) == []
        ours = log.page(case="R-3")
        assert {row.position for row in ours} == {3, 14}
        assert [row.position for row in log.page(before=ours[-1].id, action="proposal.made")] == [1]


def test_checkpoints_come_at_once_then_by_number_then_by_time(desk: AuditDesk) -> None:
    def signed() -> list[int]:
        with reading(desk.engine) as connection:
            return list(connection.execute(select(audit_checkpoint.c.size).order_by(audit_checkpoint.c.size)).scalars())

    desk.add(3)
    assert desk.integrator.step() is False
    assert signed() == [3]
    desk.add(5)
    desk.integrator.step()
    assert signed() == [3]
    desk.clock.move(0.99)
    desk.integrator.step()
    assert signed() == [3]
    desk.clock.move(0.02)
    desk.integrator.step()
    assert signed() == [3, 8]
    desk.add(100)
    while desk.integrator.step():
        pass
    assert signed() == [3, 8, 108]
    desk.add(1)
    desk.settle()
    assert signed() == [3, 8, 108, 109]
    desk.settle()
    assert signed() == [3, 8, 108, 109]
    held = desk.files.latest()
    assert held is not None
    assert read_checkpoint(verify_note(held, desk.key.vkey) + "\n").size == 109
    assert sorted(path.name for path in desk.files.directory.iterdir()) == [
        "108.txt", "109.txt", "3.txt", "8.txt", "latest.txt",
    ]  # fmt: skip


def test_stored_subtrees_give_the_same_hashes_as_the_leaves(desk: AuditDesk) -> None:
    desk.fill(300, 300)
    with reading(desk.engine) as connection:
        assert connection.execute(select(func.count()).select_from(audit_subtree)).scalar() == 2
        leaves = list(connection.execute(select(audit_leaf.c.hash).order_by(audit_leaf.c.position)).scalars())
        tree = StoredTree(connection)
        for lo, hi in ((0, 600), (0, 256), (256, 600), (512, 600), (0, 512), (599, 600)):
            assert tree.range_hash(lo, hi) == tree_hash([bytes(leaf) for leaf in leaves[lo:hi]])


def test_a_log_goes_on_after_a_restart_and_with_a_second_integrator(desk: AuditDesk) -> None:
    desk.fill(70)
    other = desk.new_integrator()
    desk.add(10)
    other.close()
    desk.add(10)
    desk.settle()
    other.close()
    report = desk.verify()
    assert (report.ok, report.size, report.unprotected) == (True, 90, 0)


def test_a_file_that_a_crash_kept_away_is_put_back(desk: AuditDesk) -> None:
    desk.fill(5)
    for path in desk.files.directory.iterdir():
        path.unlink()
    desk.new_integrator().step()
    assert desk.files.latest() == desk.integrator.latest_note


@pytest.mark.parametrize("restarted", [True, False])
def test_nothing_is_signed_over_a_log_that_was_cut(desk: AuditDesk, restarted: bool) -> None:
    desk.fill(20)
    desk.attack(
        "DELETE FROM audit_leaf WHERE position >= 10",
        "DELETE FROM audit_entry WHERE id > 10",
        "DELETE FROM audit_checkpoint",
    )
    integrator = desk.new_integrator() if restarted else desk.integrator
    desk.add(30)
    integrator.close()
    assert integrator.problem == "audit.tail_cut"
    with reading(desk.engine) as connection:
        assert AuditLog(connection).latest_checkpoint() is None
        assert AuditLog(connection).size() == 40  # the feed goes on
    again = desk.new_integrator()
    again.close()
    assert again.problem == "audit.checkpoint_mismatch"


def test_any_two_sizes_are_consistent(desk: AuditDesk) -> None:
    desk.fill(5, 20, 300)
    with reading(desk.engine) as connection:
        log = AuditLog(connection)
        notes = list(connection.execute(select(audit_checkpoint.c.note).order_by(audit_checkpoint.c.size)).scalars())
        pins = PinnedCheckpoints(vkey=desk.key.vkey, verify=verify_note)
        for note in notes:
            pins.see(note, log.consistency)
        old, new = read_checkpoint(notes[0]), read_checkpoint(notes[-1])
        proof = log.consistency(old.size, new.size)
        assert verify_consistency(old.size, new.size, old.root, new.root, proof)
        with pytest.raises(ValueError):
            log.consistency(5, 326)


def test_two_writers_who_commit_out_of_order_lose_no_entry(new_engine: NewEngine, tmp_path: Path) -> None:
    """The first takes its id, the second takes the next and commits, is placed, and only then the first commits."""
    desk = AuditDesk(new_engine("postgresql"), tmp_path)
    desk.fill(3)
    with desk.engine.connect() as slow, desk.engine.connect() as fast, slow.begin():
        first = AuditLog(slow, canonical).append(desk.entry())
        with fast.begin():
            second = AuditLog(fast, canonical).append(desk.entry())
        assert second == first + 1
        for _ in range(3):
            desk.settle()
        desk.add(2)
        desk.settle()
    desk.settle()
    with reading(desk.engine) as connection:
        order = [row.id for row in sorted(AuditLog(connection).page(), key=lambda row: row.position or 0)]
        places = connection.execute(select(audit_leaf.c.entry_id).order_by(audit_leaf.c.position)).scalars().all()
    assert sorted(places) == sorted(order) == list(range(1, second + 3))
    assert list(places).index(first) > list(places).index(second)
    report = desk.verify()
    assert (report.ok, report.unprotected) == (True, 0)


def test_the_floor_waits_for_writers_and_then_rises(new_engine: NewEngine, tmp_path: Path) -> None:
    desk = AuditDesk(new_engine("postgresql"), tmp_path)
    desk.fill(10)
    assert desk.integrator._floor == 10
    with desk.engine.connect() as slow, slow.begin():
        AuditLog(slow, canonical).append(desk.entry())
        desk.fill(5)
        desk.fill(5)
        assert desk.integrator._floor == 10
    desk.settle()
    desk.settle()
    assert desk.integrator._floor == 21
