"""What every connector must pass, against a system that serves its published reference over loopback.

A new connector adds a rig (`tests/sources/rigs.py`), and all of this runs against it.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from refund_desk.domain.errors import Conflict, Unavailable
from refund_desk.domain.sources import Counts
from refund_desk.server.intake_run import retry
from refund_desk.worker.sync import run
from tests.fakes.house import OPERATOR
from tests.fakes.sources import Killed, SourceHouse
from tests.sources.rigs import Rig

FEW = 5


def sync(desk: SourceHouse) -> Counts:
    return run(desk, OPERATOR, "shop")


def fill(rig: Rig, count: int) -> None:
    for number in range(count):
        rig.put(number)


def shown(desk: SourceHouse, rig: Rig, count: int) -> list[int | None]:
    picture = desk.picture()
    return [rig.version_of(picture, number) for number in range(count)]


def test_the_first_run_takes_everything_and_the_second_changes_nothing(desk: SourceHouse, rig: Rig) -> None:
    fill(rig, rig.many)
    counts = sync(desk)
    assert (counts.new, counts.quarantined, counts.ignored) == (rig.many, 0, 0)
    assert counts.pages >= 3
    assert shown(desk, rig, rig.many) == [0] * rig.many
    before = desk.picture()
    again = sync(desk)
    assert (again.new, again.changed, again.quarantined, again.gone) == (0, 0, 0, 0)
    assert desk.picture() == before


def test_on_either_database(either: SourceHouse, rig: Rig) -> None:
    either.connect("shop", rig.connector, rig.settings, rig.secrets)
    rig.prepare(either)
    fill(rig, FEW)
    assert sync(either).new == FEW
    if not rig.changes:
        rig.put(FEW)
        assert sync(either).new == 1
        return
    rig.put(1, 7)
    rig.remove(2)
    counts = sync(either)
    assert (counts.new, counts.changed, counts.gone) == (0, 1, 1)


def test_what_is_new_and_what_changed_is_taken_and_nothing_else(desk: SourceHouse, rig: Rig) -> None:
    fill(rig, FEW)
    sync(desk)
    rig.put(FEW)
    if rig.changes:
        rig.put(2, 30)
    counts = sync(desk)
    assert (counts.new, counts.changed) == (1, 1 if rig.changes else 0)
    assert shown(desk, rig, FEW + 1) == [0, 0, 30 if rig.changes else 0, 0, 0, 0]


def _kill_everywhere(desk: SourceHouse, *, after: bool) -> list[Counts]:
    """Run, killed at its first commit, at its second … until one goes to its end; the clock goes on between."""
    desk.kill_after = after
    for at in range(100):
        desk.commits, desk.kill_at = 0, at
        desk.clock.forward(minutes=5)  # whoever was killed holds its source for a while
        try:
            return [sync(desk)]
        except Killed:
            continue
        finally:
            desk.kill_at = None
    raise AssertionError("a run without an end")


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_killed_at_any_commit_the_next_run_goes_on(desk: SourceHouse, rig: Rig, after: bool) -> None:
    fill(rig, FEW)
    _kill_everywhere(desk, after=after)
    assert shown(desk, rig, FEW) == [0] * FEW
    assert desk.picture()["quarantine"] == []
    if not rig.changes:
        return
    rig.put(3, 9)
    rig.remove(1)
    _kill_everywhere(desk, after=after)
    desk.clock.forward(minutes=5)
    sync(desk)
    rest = sync(desk)
    assert (rest.new, rest.changed, rest.gone) == (0, 0, 0)
    assert shown(desk, rig, FEW)[3] == 9


def test_killed_again_and_again_it_still_comes_to_the_end(desk: SourceHouse, rig: Rig) -> None:
    """Not the same run again, but a desk that dies with every fifth commit: what was taken stays taken."""
    fill(rig, FEW)
    for _ in range(30):
        desk.commits, desk.kill_at = 0, 4
        desk.clock.forward(minutes=5)
        try:
            sync(desk)
            break
        except Killed:
            continue
        finally:
            desk.kill_at = None
    else:
        pytest.fail("it never came to the end")
    assert shown(desk, rig, FEW) == [0] * FEW


def test_while_one_run_has_a_source_no_other_may(desk: SourceHouse, rig: Rig) -> None:
    fill(rig, 1)
    desk.kill_at, desk.commits = 1, 0
    with pytest.raises(Killed):
        sync(desk)
    desk.kill_at = None
    with pytest.raises(Conflict, match=r"source\.busy"):
        sync(desk)
    desk.clock.forward(minutes=2)
    assert sync(desk).new == 1
    with desk.read() as work:
        connection = work.sources.by_name("shop")
        assert connection is not None
        assert [one.status for one in work.sources.runs(connection.id, 5)] == ["done", "lost"]


def test_the_same_record_twice_is_once(desk: SourceHouse, rig: Rig) -> None:
    rig.double(True)
    fill(rig, FEW)
    assert sync(desk).new == FEW
    before = desk.picture()
    assert sync(desk).changed == 0
    assert desk.picture() == before


@pytest.fixture
def changing(rig: Rig) -> Rig:
    """A system whose things change and go: a mail, once sent, stays as it is."""
    if not rig.changes:
        pytest.skip(f"what {rig.connector} has never changes")
    return rig


def test_an_older_version_that_comes_late_does_not_win(desk: SourceHouse, changing: Rig) -> None:
    rig = changing
    fill(rig, FEW)
    rig.put(2, 40)
    sync(desk)
    rig.put(2, 0)
    sync(desk)
    assert shown(desk, rig, FEW)[2] == 40
    rig.put(2, 41)
    sync(desk)
    assert shown(desk, rig, FEW)[2] == 41


def test_what_its_system_no_longer_has_is_said_to_be_gone(desk: SourceHouse, changing: Rig) -> None:
    rig = changing
    fill(rig, FEW)
    sync(desk)
    rig.remove(2)
    assert sync(desk).gone == 1
    assert [row for row in desk.picture()["said"] if row[5] == "deleted"]
    again = sync(desk)
    assert (again.gone, again.changed) == (0, 0)
    rig.put(2)
    sync(desk)
    assert shown(desk, rig, FEW)[2] == 0


def test_a_slow_system_ends_the_run_in_time_and_the_next_goes_on(desk: SourceHouse, rig: Rig) -> None:
    fill(rig, FEW)
    rig.fail("slow", "slow", "slow")
    began = time.monotonic()
    with pytest.raises(Unavailable, match=r"source\.timeout"):
        sync(desk)
    assert time.monotonic() - began < 10
    rig.fail()
    assert sync(desk).new == FEW


def test_asked_to_wait_it_waits_as_long_as_it_was_told(desk: SourceHouse, rig: Rig) -> None:
    if rig.code("429") is None:
        pytest.skip(f"{rig.connector} knows no such answer")
    fill(rig, FEW)
    rig.fail("429")
    began = time.monotonic()
    assert sync(desk).new == FEW
    assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize("fault", ["500", "cut"])
def test_what_fails_once_is_tried_again(desk: SourceHouse, rig: Rig, fault: str) -> None:
    fill(rig, FEW)
    rig.fail(fault)
    assert sync(desk).new == FEW


@pytest.mark.parametrize("fault", ["500", "cut", "garbage", "html", "429"])
def test_what_goes_on_failing_ends_the_run_and_the_next_goes_on(desk: SourceHouse, rig: Rig, fault: str) -> None:
    code = rig.code(fault)
    if code is None:
        pytest.skip(f"{rig.connector} knows no such answer")
    fill(rig, FEW)
    sync(desk)
    rig.put(FEW)
    rig.fail(*[fault] * 40)
    with pytest.raises(Unavailable, match=code):
        sync(desk)
    with desk.read() as work:
        connection = work.sources.by_name("shop")
        assert connection is not None
        last = work.sources.runs(connection.id, 1)[0]
        assert (last.status, (last.error or {})["code"]) == ("failed", code)
        assert connection.next_at is not None
        assert connection.next_at > desk.clock()
    rig.fail()
    assert sync(desk).new == 1
    assert shown(desk, rig, FEW + 1) == [0] * (FEW + 1)


def test_a_record_that_changed_its_shape_is_quarantined_and_the_others_go_on(desk: SourceHouse, changing: Rig) -> None:
    rig = changing
    fill(rig, FEW)
    rig.spoil(1)
    counts = sync(desk)
    assert (counts.new, counts.quarantined) == (FEW - 1, 1)
    assert counts.reasons
    assert [status for _, status in desk.picture()["quarantine"]] == ["open"]
    again = sync(desk)
    assert again.quarantined == 0
    with desk.read() as work:
        number = int(work.intake.quarantined("open", 0, 1)[0]["id"])
    with pytest.raises(Conflict, match=r"quarantine\.read_again"):
        retry(desk, OPERATOR, number)
    sync(desk)
    assert [status for _, status in desk.picture()["quarantine"] if status == "open"] == ["open"]
    rig.put(1, 8)
    assert sync(desk).quarantined == 0
    assert shown(desk, rig, FEW)[1] == 8
    assert {status for _, status in desk.picture()["quarantine"]} <= {"taken", "dropped"}


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_wrong_changes_the_times_and_nothing_else(desk: SourceHouse, rig: Rig, hours: float) -> None:
    desk.clock.now = desk.clock.now.replace(day=18, hour=10)
    rig.skew(hours)
    fill(rig, FEW)
    assert sync(desk).new == FEW
    for version in (3, 12, 33) if rig.changes else ():
        rig.put(2, version)
        desk.clock.forward(minutes=10)
        sync(desk)
        assert shown(desk, rig, FEW)[2] == version
    rig.put(FEW)
    assert sync(desk).new == 1


def test_secrets_stand_in_no_log_and_in_no_file_but_their_own(
    desk: SourceHouse, rig: Rig, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    fill(rig, FEW)
    rig.fail("500")
    sync(desk)
    rig.fail(*["500"] * 40)
    with pytest.raises(Unavailable):
        sync(desk)
    desk.engine.dispose()
    said = "".join(record.getMessage() + str(record.__dict__) for record in caplog.records)
    said += "".join(capfd.readouterr())
    vault = desk.home / "secrets"
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and vault not in path.parents]
    assert any(path.suffix == ".db" for path in kept)
    files = b"".join(path.read_bytes() for path in kept)
    for secret in rig.secrets.values():
        assert secret not in said
        assert secret.encode() not in files
    assert "session-token" not in said


def test_a_wrong_password_is_said_to_be_one(house: SourceHouse, rig: Rig) -> None:
    house.connect("shop", rig.connector, rig.settings, rig.wrong_secret())
    with pytest.raises(Unavailable, match=r"source\.sign_in"):
        run(house, OPERATOR, "shop")


def test_the_connection_can_be_tested(rig: Rig, desk: SourceHouse) -> None:
    session = desk.connectors.open(rig.connector, "shop", rig.settings, rig.secrets, quick=True)
    session.check()
    session.close()
    session = desk.connectors.open(rig.connector, "shop", rig.settings, rig.wrong_secret(), quick=True)
    with pytest.raises(Unavailable, match=r"source\.sign_in"):
        session.check()
    session.close()
