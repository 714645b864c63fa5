"""Reconciliation over HTTP, both ways in: a file, a run, matches, breaks one by one and in bulk."""

from __future__ import annotations

import time
from typing import Any

from tests.fakes.api_routes import RESOLVE
from tests.fakes.desk_api import DeskApi

REPORT = b"""balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,description
txn_1,2026-05-01 10:00:00,usd,100.00,3.20,96.80,charge,ch_1,SO-1
"""
KIND = {"Content-Type": "application/octet-stream"}


def test_a_file_goes_in_once_and_only_by_finance(desk_api: DeskApi) -> None:
    async def steps() -> list[tuple[int, object]]:
        told = []
        for who in ("reviewer", "finance", "finance"):
            answer = await desk_api.send("POST", "/statements?source=stripe", by=who, content=REPORT, headers=KIND)
            told.append((answer.status_code, answer.json().get("again", answer.json().get("code"))))
        broken = await desk_api.send("POST", "/statements?source=x", by="finance", content=b"a,b\n", headers=KIND)
        return [*told, (broken.status_code, broken.json()["code"])]

    refused, first, again, broken = desk_api.run(steps())
    assert refused[0] == 403
    assert (first, again) == ((200, False), (200, True))
    assert broken == (422, "statement.unknown_format")


def test_a_run_lists_and_a_bulk_with_one_result_per_row(desk_api: DeskApi) -> None:
    ran = _finished(desk_api, desk_api.call("POST", "/reconciliation/run?whole=true", by="finance").json())
    assert (ran["status"], ran["result"]["cases_back"]) == ("done", 0)
    assert desk_api.call("GET", "/reconciliation/breaks?status=resolved", by="auditor").json()["rows"] == []
    match = desk_api.call("GET", "/reconciliation/matches", by="supervisor").json()["rows"][0]
    assert (match["check"], match["terms"][0][0]) == ("shop_gateway", "reference_exact")
    body = {"breaks": [5_000, 6_000], **RESOLVE}
    results = desk_api.call("POST", "/reconciliation/breaks/resolve", body, by="finance").json()
    assert [(one["id"], one["error"]["code"]) for one in results] == [
        (5000, "reconciliation.break_not_found"),
        (6000, "reconciliation.break_not_found"),
    ]
    assert desk_api.call("POST", "/reconciliation/breaks/resolve", body, by="reviewer").status_code == 403


def _finished(desk_api: DeskApi, job: dict[str, Any]) -> dict[str, Any]:
    """A job at its end; whoever started it alone may ask."""
    until = time.monotonic() + 30
    while job["status"] == "running":
        assert time.monotonic() < until, job
        job = desk_api.call("GET", f"/jobs/{job['id']}", by="finance").json()
    return job
