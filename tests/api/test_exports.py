"""Cases as a file over the API: who may, what is on record, and a manifest that is true."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from refund_desk.domain.errors import Refused
from refund_desk.domain.exports import Format, Purpose
from refund_desk.wire.commands import Job
from refund_desk.wire.exports import ExportManifest, ExportOrder, QueueFilters
from tests.fakes.desk_api import CASES, DeskApi


def exported(desk: DeskApi, order: ExportOrder, by: str = "lead") -> Job:
    """The job, ended."""
    job = desk.ask(by, lambda client: client.start_export_cases(order))
    until = time.monotonic() + 30
    while job.status == "running" and time.monotonic() < until:
        job = desk.ask(by, lambda client, number=job.id: client.job(number))  # type: ignore[misc]
    assert job.status == "done", job
    return job


def file_of(desk: DeskApi, job: Job, folder: Path, by: str = "lead") -> bytes:
    path = folder / "file"
    size = desk.ask(by, lambda client: client.job_file_to(job.id, path))
    raw = path.read_bytes()
    assert len(raw) == size
    return raw


def read_csv(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("form", list(Format))
def test_every_format_has_every_case_and_a_true_manifest(any_desk: DeskApi, form: Format, tmp_path: Path) -> None:
    job = exported(any_desk, ExportOrder(format=form, filters=QueueFilters(closed=True)))
    manifest = ExportManifest.model_validate(job.result)
    raw = file_of(any_desk, job, tmp_path)
    assert (manifest.rows, manifest.bytes) == (CASES, len(raw))
    assert manifest.sha256 == hashlib.sha256(raw).hexdigest()
    assert (job.done, job.total) == (CASES, CASES)
    assert manifest.by.name == "Lead One"


def test_the_file_comes_in_pieces(any_desk: DeskApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refund_desk.client.api.FETCHED", 100)
    job = exported(any_desk, ExportOrder(format=Format.JSONL))
    raw = file_of(any_desk, job, tmp_path)
    assert hashlib.sha256(raw).hexdigest() == job.result["sha256"]


def test_filters_are_those_of_the_queue(any_desk: DeskApi, tmp_path: Path) -> None:
    job = exported(any_desk, ExportOrder(format=Format.CSV, filters=QueueFilters(q="王小1")))
    listed = any_desk.ask("lead", lambda client: client.queue(q="王小1", limit=200))
    found = read_csv(file_of(any_desk, job, tmp_path))
    assert {row["ref"] for row in found} == {row.ref for row in listed.rows}
    assert job.result["filters"] == {"q": "王小1"}
    for wrong in ({"chip": "none"}, {"stage": "none"}, {"currency": "yuan"}, {"surprise": 1}):
        answer = any_desk.call("POST", "/exports/cases", {"filters": wrong}, by="lead")
        assert answer.status_code == 422, wrong


def test_names_are_masked_without_a_purpose(desk_api: DeskApi, tmp_path: Path) -> None:
    job = exported(desk_api, ExportOrder(format=Format.CSV))
    raw = file_of(desk_api, job, tmp_path)
    assert "王小" not in raw.decode()
    assert "1380000" not in raw.decode()
    order = ExportOrder(format=Format.CSV, purpose=Purpose.AUTHORITY, filters=QueueFilters(q="王小1"))
    shown = exported(desk_api, order, "compliance")
    row = read_csv(file_of(desk_api, shown, tmp_path, "compliance"))[0]
    assert (row["customer"], row["phone"]) == ("王小1", "13800000001")
    first, second = (entry["data"] for entry in desk_api.entries("cases.exported"))
    assert (first["purpose"], second["purpose"]) == (None, "authority")
    assert second == {"format": "csv", "filters": {}, "searched": True, "purpose": "authority"}
    assert "王" not in json.dumps(second, ensure_ascii=False), "what was searched for may name somebody"


@pytest.mark.parametrize(("by", "purpose"), [("reviewer", None), ("finance", None), ("auditor", Purpose.FRAUD)])
def test_who_may_not_is_refused_and_nothing_runs(desk_api: DeskApi, by: str, purpose: Purpose | None) -> None:
    with pytest.raises(Refused) as refused:
        desk_api.ask(by, lambda client: client.start_export_cases(ExportOrder(purpose=purpose)))
    assert refused.value.params["rule"] == f"activity.export.{'personal' if purpose else 'cases'}"
    assert desk_api.entries("cases.exported") == []
    assert len(desk_api.entries("refused")) == 1


def test_asked_twice_with_one_key_is_one_entry(desk_api: DeskApi) -> None:
    body = {"format": "csv"}
    answers = [desk_api.call("POST", "/exports/cases", body, by="lead", key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(desk_api.entries("cases.exported")) == 1


def test_a_job_that_is_stopped_leaves_nothing(desk_api: DeskApi, tmp_path: Path) -> None:
    """Stopped before its first row: `progress` is where it hears of it."""
    from refund_desk.domain.exports import Order
    from refund_desk.server.jobs import Running, Stopped
    from refund_desk.service.ports.views import QueueFilter

    job: Any = Running("1", "export.cases", 0)
    job.stop.set()
    operator = desk_api.house.operators[desk_api.house.operator_token("tests")]
    with pytest.raises(Stopped):
        desk_api.house.export_cases(job, operator, Order(Format.CSV), QueueFilter())
    assert job.file.stat().st_size == 0
    job.file.unlink()
