"""The month over the API and as files: the same figures everywhere, in words of both languages."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from refund_desk.client.words import LANGUAGES, Words
from refund_desk.domain.errors import Refused
from refund_desk.domain.figures import FIGURES, GROUPS, Unit, month_span
from refund_desk.wire.figures import MonthFile, MonthOrder
from tests.api.test_dossier import text_of
from tests.fakes.desk_api import CASES, DeskApi

MONTH = "2026-11"


def made(desk: DeskApi, folder: Path, **order: Any) -> Path:
    job = desk.ask("lead", lambda client: client.start_export_month(MonthOrder(month=MONTH, **order)))
    until = time.monotonic() + 60
    while job.status == "running" and time.monotonic() < until:
        job = desk.ask("lead", lambda client, number=job.id: client.job(number))  # type: ignore[misc]
    assert job.status == "done", job
    path = folder / f"month.{order['format']}"
    desk.ask("lead", lambda client: client.job_file_to(job.id, path))
    assert MonthFile.model_validate(job.result).bytes == path.stat().st_size
    return path


def test_the_same_figures_on_screen_and_on_paper(desk_api: DeskApi, tmp_path: Path) -> None:
    desk_api.paid(desk_api.ref(1))
    shown = desk_api.ask("lead", lambda client: client.month(MONTH))
    assert [one.name for one in shown.figures] == list(FIGURES)
    found = {one.name: one.now for one in shown.figures}
    assert (found["opened"], found["decided"], found["approval_rate"]) == (CASES, 1, 1.0)
    assert isinstance(found["paid_out"], list)
    paid = found["paid_out"][0]
    for language in LANGUAGES:
        words = Words(language)
        text = text_of(made(desk_api, tmp_path, format="pdf", language=language))
        assert words.formats.money(paid) in text
        assert words.tr("figure.opened") in text
    raw = made(desk_api, tmp_path, format="xlsx")
    with zipfile.ZipFile(raw) as file:
        names = file.namelist()
        strings = file.read("xl/sharedStrings.xml").decode()
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
    assert any(name.startswith("xl/charts/") for name in names)
    assert "Paid out" in strings
    assert f"<v>{paid.minor / 100:.16G}</v>" in sheet
    assert [entry["data"]["format"] for entry in desk_api.entries("report.exported")] == ["pdf", "pdf", "xlsx"]


def test_the_board_has_the_month_s_figures_and_leads_to_its_cases(desk_api: DeskApi) -> None:
    desk_api.paid(desk_api.ref(1))
    span = month_span(MONTH)
    month = desk_api.ask("lead", lambda client: client.month(MONTH))
    board = desk_api.ask("auditor", lambda client: client.figures(span.first, span.last, "reason"))
    assert (board.figures, board.waiting, board.zone) == (month.figures, 0, "Asia/Shanghai")
    assert (board.before_first.isoformat(), board.step, len(board.line)) == ("2026-10-01", "day", 30)
    assert sum(step.values["opened"] for step in board.line) == CASES  # type: ignore[misc]
    reason = board.members[0].member
    of = desk_api.ask("lead", lambda client: client.figures(span.first, span.last, "reason", reason))
    assert {one.name: one.now for one in of.figures} == board.members[0].values
    people = desk_api.ask("lead", lambda client: client.figures(span.first, span.last, "person"))
    assert [(one.name, one.values["decided"]) for one in people.members if one.member] == [("Reviewer One", 1)]
    found: list[str] = []
    after = None
    while True:
        page = desk_api.ask(
            "lead",
            lambda client, after=after: client.figure_cases("opened", span.first, span.last, after=after, limit=5),  # type: ignore[misc]
        )
        found += [one.ref for one in page.cases]
        if (after := page.next) is None:
            break
    assert sorted(found) == sorted(desk_api.ref(n) for n in range(1, CASES + 1))
    paid = desk_api.ask("lead", lambda client: client.figure_cases("paid_out", span.first, span.last))
    assert [(one.ref, one.adds["paid"]) for one in paid.cases] == [(desk_api.ref(1), 1)]


def test_what_waits_to_be_counted_is_said(desk_api: DeskApi) -> None:
    span = month_span(MONTH)
    assert desk_api.ask("lead", lambda client: client.figures(span.first, span.last)).waiting is None
    desk_api.house.count_figures()
    assert desk_api.ask("lead", lambda client: client.figures(span.first, span.last)).waiting == 0
    desk_api.paid(desk_api.ref(2))
    desk_api.house.integrate()
    board = desk_api.ask("lead", lambda client: client.figures(span.first, span.last))
    assert board.waiting
    desk_api.house.count_figures()
    again = desk_api.ask("lead", lambda client: client.figures(span.first, span.last))
    decided = {one.name: one.now for one in again.figures}["decided"]
    assert (again.waiting, decided) == (0, 1)


def test_who_may_not_read_reports(any_desk: DeskApi) -> None:
    with pytest.raises(Refused):
        any_desk.ask("reviewer", lambda client: client.month(MONTH))
    assert any_desk.call("GET", "/reports/month?month=2026-13", by="lead").status_code == 422
    for query in ("first=2026-10-02&last=2026-10-01", "first=2026-10-01&last=2026-10-02&by=mood"):
        assert any_desk.call("GET", f"/figures?{query}", by="lead").status_code == 422
    for path, status in (("mood/cases?", 404), ("opened/cases?after=x&", 422)):
        wrong = any_desk.call("GET", f"/figures/{path}first=2026-10-01&last=2026-10-02", by="lead")
        assert wrong.status_code == status


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_words(language: str) -> None:
    words = Words(language)
    keys = {f"figure.{name}" for name in FIGURES} | {f"unit.{unit}" for unit in Unit}
    keys |= {f"report.section.by_{group}" for group in GROUPS}
    assert {key for key in keys if not words.has(key)} == set()
    assert {key for key in words.keys() if key.startswith("figure.")} <= keys  # noqa: SIM118 - a method of ours
