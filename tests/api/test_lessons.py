"""Findings about a figure, followed until they are settled, with their effect; months that are kept."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused
from refund_desk.domain.figures import month_span
from refund_desk.domain.lessons import Status
from refund_desk.domain.words import Role
from refund_desk.wire.figures import MonthOrder
from refund_desk.wire.lessons import NewLesson, SettleLesson
from tests.api.test_figures import made
from tests.fakes.desk_api import CASES, DeskApi

TODAY = date(2026, 11, 20)


def written(desk: DeskApi, **changes: object) -> NewLesson:
    people = desk.ask("lead", lambda client: client.lessons()).people
    owner = next(one.id for one in people if one.name.startswith("Reviewer"))
    said = {"figure": "opened", "first": TODAY - timedelta(6), "last": TODAY, "text": " Too many at once. "}
    return NewLesson.model_validate({**said, "owner": owner, "due": TODAY + timedelta(3), **changes})


def test_a_finding_is_followed_until_it_is_done(desk_api: DeskApi) -> None:
    desk_api.house.count_figures()
    body = written(desk_api)
    one = desk_api.ask("supervisor", lambda client: client.add_lesson(body))
    assert (one.text, one.owner.name, one.then, one.status) == ("Too many at once.", "Reviewer One", CASES, Status.OPEN)
    assert (one.after, one.after_first, one.late) == (None, None, False)  # seen until today: there are no days since
    desk_api.clock.forward(days=4)
    desk_api.renew("lead", "supervisor", "auditor")
    late = desk_api.ask("auditor", lambda client: client.lessons()).lessons[0]
    assert (late.late, late.after) == (True, 0)
    assert (late.after_first, late.after_last) == (TODAY + timedelta(1), TODAY + timedelta(4))
    done = SettleLesson(done=True, result="One at a time.")
    settled = desk_api.ask("lead", lambda client: client.settle_lesson(one.id, done))
    assert (settled.status, settled.late, settled.result) == (Status.DONE, False, "One at a time.")
    assert settled.settled_by is not None
    with pytest.raises(Conflict):
        desk_api.ask("lead", lambda client: client.settle_lesson(one.id, done))
    assert len(desk_api.entries("lesson.written")) == len(desk_api.entries("lesson.settled")) == 1


def test_what_is_no_finding(desk_api: DeskApi) -> None:
    auditor = next(p for p in desk_api.ask("administrator", lambda client: client.users()) if p.roles == [Role.AUDITOR])
    wrongs = ({"figure": "mood"}, {"due": TODAY - timedelta(1)}, {"owner": auditor.person.id}, {"text": "  "})
    for wrong in wrongs:
        body = written(desk_api, **wrong)
        with pytest.raises(Invalid):
            desk_api.ask("lead", lambda client, body=body: client.add_lesson(body))  # type: ignore[misc]
    body = written(desk_api)
    with pytest.raises(Refused):
        desk_api.ask("auditor", lambda client: client.add_lesson(body))
    with pytest.raises(NotFound):
        desk_api.ask("lead", lambda client: client.settle_lesson(9, SettleLesson(done=False, result="x")))


def test_reports_are_made_by_themselves_and_kept(desk_api: DeskApi, tmp_path: object) -> None:
    house = desk_api.house
    house.count_figures()
    assert not house.report_month()  # nothing happened in October
    desk_api.clock.forward(days=(month_span("2026-11").last - TODAY).days + 1)
    desk_api.renew("lead")
    assert [house.report_month() for _ in range(3)] == [True, True, False]
    kept = desk_api.ask("lead", lambda client: client.reports())
    assert [(one.month, one.format, one.language, one.by) for one in kept] == [
        ("2026-11", "xlsx", "zh", None),
        ("2026-11", "pdf", "zh", None),
    ]
    for one in kept:
        data = desk_api.ask("lead", lambda client, number=one.id: client.report_file(number))  # type: ignore[misc]
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (one.sha256, one.bytes)
    with pytest.raises(NotFound):
        desk_api.ask("lead", lambda client: client.report_file(99))
    assert len(desk_api.entries("report.fetched")) == 2


def test_a_report_that_somebody_makes_is_kept_too(desk_api: DeskApi, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = made(desk_api, tmp_path_factory.mktemp("month"), format="xlsx")
    kept = desk_api.ask("auditor", lambda client: client.reports())
    assert [(one.format, one.by and one.by.name) for one in kept] == [("xlsx", "Lead One")]
    assert desk_api.ask("auditor", lambda client: client.report_file(kept[0].id)) == path.read_bytes()
    assert MonthOrder(month="2026-11").format == "pdf"
