"""Quarantine: listed, shown, corrected, taken in again with its evidence long after the bundle is gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Role
from refund_desk.engines.bundles import MAX_LINE, open_bundle
from refund_desk.server.intake_run import retry, run_import, take_one
from refund_desk.service import quarantine
from refund_desk.service.intake import Outcome
from refund_desk.store.tables.cases import refund_case
from refund_desk.store.tables.facts import evidence
from refund_desk.wire.bundle import ImportCounts
from tests.fakes import bundles as b
from tests.fakes.house import OPERATOR, FakeHouse

WRONG = b.case(request=b.request(amount="x"), evidence=[{"file": "evidence/a.txt"}])
RIGHT = b.case(evidence=[{"file": "evidence/a.txt"}])


def no_files(file: str) -> bytes:
    raise NotFound("evidence.missing", file=file)


def take(house: FakeHouse, folder: Path, *lines: Any, **files: bytes) -> ImportCounts:
    path = b.write(folder / "b", lines, {f"evidence/{name}.txt": data for name, data in files.items()})
    with open_bundle(path) as bundle:
        counts = run_import(house, OPERATOR, bundle)
    shutil.rmtree(path)
    return counts


def listed(house: FakeHouse, status: quarantine.Status | None = "open") -> list[dict[str, Any]]:
    with house.read() as work:
        return [dict(row) for row in quarantine.rows(work, house.desk, OPERATOR, status=status)]


def test_corrected_and_taken_with_its_evidence(house: FakeHouse, tmp_path: Path) -> None:
    take(house, tmp_path, WRONG, a=b"a receipt")
    (row,) = listed(house)
    assert (row["request"], row["line"], [r["path"] for r in row["reasons"]]) == ("mall/R1", 1, ["request.amount"])
    outcome = retry(house, OPERATOR, row["id"], b.raw(RIGHT))
    assert outcome.result == "new"
    assert listed(house) == []
    assert [row["status"] for row in listed(house, None)] == ["taken"]
    with house.engine.connect() as connection:
        (file,) = connection.execute(select(evidence)).all()
    with house.read() as work:
        secret = work.facts.customer(file.customer_id)["secret"]
    assert house.blobs.get(secret, file.sha256) == b"a receipt"
    with pytest.raises(Conflict, match=r"quarantine\.settled"):
        retry(house, OPERATOR, row["id"])


def test_what_is_still_wrong_stays(house: FakeHouse, tmp_path: Path) -> None:
    take(house, tmp_path, WRONG, a=b"a receipt")
    (row,) = listed(house)
    with pytest.raises(Invalid) as caught:
        retry(house, OPERATOR, row["id"])
    assert [p["code"] for p in caught.value.params["problems"]] == ["money.not_decimal"]
    with pytest.raises(Invalid):
        retry(house, OPERATOR, row["id"], b"{")
    assert [r["code"] for r in listed(house)[0]["reasons"]] == ["money.not_decimal"]
    assert retry(house, OPERATOR, row["id"], b.raw(RIGHT)).result == "new"  # its evidence waited all the time


def test_missing_evidence_is_a_reason_that_retry_repeats(house: FakeHouse, tmp_path: Path) -> None:
    take(house, tmp_path, RIGHT)
    (row,) = listed(house)
    with pytest.raises(Invalid):
        retry(house, OPERATOR, row["id"])
    assert retry(house, OPERATOR, row["id"], b.raw(b.case())).result == "new"


def test_the_same_again_is_one_row_with_today_s_reasons(house: FakeHouse, tmp_path: Path) -> None:
    for _ in range(2):
        assert take(house, tmp_path, WRONG, a=b"x").quarantined == 1
    assert len(listed(house)) == 1


def test_dropped_for_a_reason(house: FakeHouse, tmp_path: Path) -> None:
    take(house, tmp_path, WRONG)
    (row,) = listed(house)
    with house.write() as work, pytest.raises(Invalid):
        quarantine.drop(work, house.desk, OPERATOR, row["id"], " ")
    with house.write() as work:
        assert quarantine.drop(work, house.desk, OPERATOR, row["id"], "a test order")["status"] == "dropped"
    assert listed(house) == []
    with house.write() as work:
        assert json.loads(quarantine.show(work, house.desk, OPERATOR, row["id"])["raw"]) == WRONG
        with pytest.raises(Conflict):
            quarantine.drop(work, house.desk, OPERATOR, row["id"], "again")


def test_a_line_too_long_keeps_its_beginning(house: FakeHouse, tmp_path: Path) -> None:
    counts = take(house, tmp_path, b'{"pad": "' + b"x" * (MAX_LINE + 10) + b'"}', b.case())
    assert (counts.new, counts.reasons) == (1, {"line.too_long": 1})
    (row,) = listed(house)
    with house.write() as work:
        kept = quarantine.show(work, house.desk, OPERATOR, row["id"])["raw"]
    assert kept.startswith(b'{"pad": "xxx')
    assert row["reasons"][0]["params"]["bytes"] > MAX_LINE


def test_roles(house: FakeHouse, tmp_path: Path) -> None:
    take(house, tmp_path, WRONG)
    (row,) = listed(house)
    reviewer = Principal(5, 5, "Lin", frozenset({Role.REVIEWER}))
    with house.write() as work:
        for call in (quarantine.show, quarantine.to_retry):
            with pytest.raises(Refused):
                call(work, house.desk, reviewer, row["id"])
        with pytest.raises(Refused):
            quarantine.rows(work, house.desk, reviewer)
        clerk = Principal(6, 6, "Wei", frozenset({Role.CUSTOMER_SERVICE}))
        with pytest.raises(Refused):
            quarantine.drop(work, house.desk, clerk, row["id"], "reason")
        assert len(quarantine.rows(work, house.desk, clerk)) == 1


def test_a_look_is_an_entry(house: FakeHouse, tmp_path: Path) -> None:
    take(house, tmp_path, WRONG)
    with house.write() as work:
        quarantine.show(work, house.desk, OPERATOR, listed(house)[0]["id"])
    with house.engine.connect() as connection:
        actions = connection.exec_driver_sql("SELECT action FROM audit_entry ORDER BY id").scalars().all()
    assert actions[-1] == "look.quarantine"


def test_one_request_by_itself(house: FakeHouse) -> None:
    taken = take_one(house, OPERATOR, b.raw(b.case()), "api", no_files)
    again = take_one(house, OPERATOR, b.raw(b.case()), "api", no_files)
    assert again == Outcome("unchanged", taken.ref, taken.findings)
    with pytest.raises(Invalid) as caught:
        take_one(house, OPERATOR, b.raw(RIGHT), "api", no_files)
    assert [p["code"] for p in caught.value.params["problems"]] == ["evidence.missing"]
    assert caught.value.params["id"] == listed(house)[0]["id"]
    with house.engine.connect() as connection:
        assert len(connection.execute(select(refund_case)).all()) == 1
