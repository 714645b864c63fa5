"""Taking in: new, unchanged, updated, joined, reopened; facts by system and time; nothing lost, nothing twice."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from refund_desk.domain.errors import Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Aspect, Role, Stage
from refund_desk.engines.bundles import open_bundle
from refund_desk.server.intake_run import Progress, run_import
from refund_desk.service import lifecycle
from refund_desk.service.casefile import open_file
from refund_desk.store.tables import metadata
from refund_desk.store.tables.cases import case_event, refund_case, request, request_key, search_doc
from refund_desk.store.tables.facts import evidence, message
from refund_desk.wire.bundle import ImportCounts
from tests.fakes import bundles as b
from tests.fakes.house import OPERATOR, FakeHouse


def picture(colour: int = 0, size: int = 40) -> bytes:
    out = io.BytesIO()
    Image.new("L", (size, size), colour).save(out, "PNG")
    return out.getvalue()


class Importer:
    """Writes bundles and imports them, one after the other."""

    def __init__(self, house: FakeHouse, folder: Path) -> None:
        self.house, self.folder, self.n = house, folder, 0

    def __call__(self, *lines: Any, files: dict[str, bytes] | None = None, name: str = "") -> ImportCounts:
        self.n += 1
        path = b.write(self.folder / (name or f"bundle{self.n}"), lines, files)
        with open_bundle(path) as bundle:
            return run_import(self.house, OPERATOR, bundle)


@pytest.fixture
def take(house: FakeHouse, tmp_path: Path) -> Importer:
    return Importer(house, tmp_path)


def figures(counts: ImportCounts) -> tuple[int, int, int, int, int]:
    return counts.read, counts.new, counts.unchanged, counts.updated, counts.quarantined


def rows(house: FakeHouse, table: Any) -> list[Any]:
    with house.engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key.columns)))


def everything(house: FakeHouse) -> dict[str, Any]:
    """All rows of all tables, to see that nothing changed."""
    with house.engine.connect() as connection:
        return {t.name: sorted(map(repr, connection.execute(select(t)))) for t in metadata.sorted_tables}


# ---------------------------------------------------------------- one record


def test_a_new_request_opens_a_case_with_everything(house: FakeHouse, take: Importer) -> None:
    line = b.case(
        payments=[b.payment()],
        messages=[b.message(attachments=["evidence/a.png"], promise={"amount": "60.00", "currency": "CNY"})],
        evidence=[{"file": "evidence/a.png", "kind": "photo"}],
        merchant={"id": "shop-9", "name": "杯子铺"},
    )
    counts = take(line, files={"evidence/a.png": picture()})
    assert figures(counts) == (1, 1, 0, 0, 0)
    (case,) = rows(house, refund_case)
    assert (case.ref, case.amount_minor, case.currency, case.method, case.images) == (
        "RC-26-000001",
        6000,
        "CNY",
        "alipay",
        1,
    )
    (letter,) = rows(house, message)
    assert (letter.promise_minor, letter.promise_form, letter.text) == (6000, "money", "收到的杯子碎了")
    (file,) = rows(house, evidence)
    assert (file.status, file.message_id, file.media_type) == ("waiting", letter.id, "image/png")
    with house.read() as work:
        customer = work.facts.customer(case.customer_id)
        assert (customer["name"], customer["masked"], len(customer["secret"])) == ("王小明", "王**", 32)
        assert house.blobs.get(customer["secret"], file.sha256) == picture()
        docs = {(d.kind, d.tokens) for d in rows(house, search_doc)}
        assert {"ref", "order", "customer", "request", "message"} == {kind for kind, _ in docs}
        assert work.cases.requests(case.id)[0]["lines"] == [{"line": "L1", "quantity": 1}]


def test_a_tendered_order_keeps_its_points(house: FakeHouse, take: Importer) -> None:
    tenders = [{"kind": "points", "amount": "9.00"}, {"kind": "coupon", "amount": "20.00"}]
    assert take(b.case(orders=[b.order(tenders=tenders)])).findings == {}
    with house.read() as work:
        (order, *_) = work.facts.records(1)
        assert (order.get("points"), order.get("coupon")) == (900, 2000)


def test_the_same_twice_changes_nothing(house: FakeHouse, take: Importer) -> None:
    line = b.case(messages=[b.message()], evidence=[{"file": "evidence/a.png"}])
    files = {"evidence/a.png": picture()}
    take(line, b.raw({"schema": "case-bundle/1"}), files=files, name="one")
    before = everything(house)
    house.clock.forward(days=1)
    counts = take(json.dumps(line, indent=None, sort_keys=True).encode(), files=files, name="two")
    assert figures(counts) == (1, 0, 1, 0, 0)
    assert everything(house) == before
    again = take(line, b.raw({"schema": "case-bundle/1"}), files=files, name="one")
    assert figures(again) == (2, 0, 1, 0, 1)
    assert len(everything(house)["quarantine"]) == 1


def test_another_picture_under_the_same_name_is_an_update(house: FakeHouse, take: Importer) -> None:
    line = b.case(evidence=[{"file": "evidence/a.png"}])
    take(line, files={"evidence/a.png": picture(0)})
    assert figures(take(line, files={"evidence/a.png": picture(9)})) == (1, 0, 0, 1, 0)
    assert rows(house, refund_case)[0].images == 2


def test_the_same_picture_twice_on_a_case_is_one(house: FakeHouse, take: Importer) -> None:
    line = b.case(evidence=[{"file": "evidence/a.png"}, {"file": "evidence/b.png"}])
    take(line, files={"evidence/a.png": picture(), "evidence/b.png": picture()})
    assert len(rows(house, evidence)) == 1


def test_a_changed_request_is_updated_in_place(house: FakeHouse, take: Importer) -> None:
    take(b.case())
    counts = take(b.case(request=b.request(amount="120.00", lines=[{"line": "L1", "quantity": 2}])))
    assert figures(counts) == (1, 0, 0, 1, 0)
    (case,) = rows(house, refund_case)
    assert case.amount_minor == 12000
    assert [r.amount_minor for r in rows(house, request)] == [12000]
    (changed,) = [e for e in rows(house, case_event) if e.type == "request.changed"]
    assert (changed.aspect, changed.data["fields"]) == ("facts", ["amount_minor", "lines"])
    assert len(rows(house, request_key)) == 2


# ---------------------------------------------------------------- several requests


def test_a_second_request_for_the_same_unit_joins(house: FakeHouse, take: Importer) -> None:
    take(b.case("R1"))
    counts = take(b.case("R2", request=b.request("R2", reason="defective", amount="50.00")))
    assert figures(counts) == (1, 0, 0, 1, 0)
    (case,) = rows(house, refund_case)
    assert (case.amount_minor, case.round) == (5000, 1)
    assert [r.external_id for r in rows(house, request)] == ["R1", "R2"]
    assert "request.joined" in [e.type for e in rows(house, case_event)]


@pytest.mark.parametrize(
    "other",
    [
        {"reason": "late"},
        {"lines": [{"line": "L2", "quantity": 1}], "amount": "9.00"},
        {"lines": [{"line": "L1", "quantity": 1, "units": [2]}]},
        {"system": "app"},
    ],
)
def test_another_loss_is_another_case(house: FakeHouse, take: Importer, other: dict[str, Any]) -> None:
    take(b.case("R1"))
    assert take(b.case("R2", request=b.request("R2", **other))).new == 1


def test_a_request_after_the_case_closed_opens_its_next_round(house: FakeHouse, take: Importer) -> None:
    take(b.case("R1"))
    with house.write() as work:
        state = work.cases.by_ref("RC-26-000001")
        process = house.desk.process.current(work)
        lifecycle.to_stage(work, house.desk, OPERATOR, state, Stage.CLOSED, "decided.decline", process)
    house.clock.forward(days=3)
    counts = take(b.case("R2", request=b.request("R2")))
    assert figures(counts) == (1, 0, 0, 1, 0)
    (case,) = rows(house, refund_case)
    assert (case.open, case.round, case.stage) == (True, 2, "review")
    assert "case.reopened" in [e.type for e in rows(house, case_event)]


def test_one_run_with_both_gives_one_case(house: FakeHouse, take: Importer) -> None:
    assert figures(take(b.case("R1"), b.case("R2", request=b.request("R2")))) == (2, 1, 0, 1, 0)


# ---------------------------------------------------------------- facts


def test_two_systems_that_disagree_make_a_conflict_and_agreeing_ends_it(house: FakeHouse, take: Importer) -> None:
    take(b.case())
    assert rows(house, refund_case)[0].conflicts == 0
    erp = b.order(system="erp", paid="120.00")
    take(b.case(orders=[b.order(), erp]))
    assert rows(house, refund_case)[0].conflicts == 1
    later = b.order(system="erp", paid="129.00", as_of="2026-11-19T12:00:00+00:00")
    take(b.case(orders=[b.order(), later]))
    assert rows(house, refund_case)[0].conflicts == 0
    types = [e.type for e in rows(house, case_event)]
    assert types.count("conflicts.changed") == 2


def test_new_facts_reach_every_open_case_of_the_order(house: FakeHouse, take: Importer) -> None:
    take(b.case("R1"), b.case("R2", request=b.request("R2", lines=[{"line": "L2", "quantity": 1}], amount="9.00")))
    before = {case.ref: case.v_facts for case in rows(house, refund_case)}
    dispute = {"id": "D1", "amount": "129.00", "status": "open", "opened_at": b.AT}
    take(b.case("R1", payments=[b.payment(disputes=[dispute])]))
    cases = rows(house, refund_case)
    assert [case.disputed for case in cases] == [True, True]
    assert all(case.v_facts > before[case.ref] for case in cases)


def test_older_facts_that_come_late_change_no_case(house: FakeHouse, take: Importer) -> None:
    take(b.case())
    version = rows(house, refund_case)[0].v_facts
    old = b.order(status="created", paid="1.00", as_of="2026-11-01T03:00:00+00:00")
    assert take(b.case(orders=[old])).updated == 1
    case = rows(house, refund_case)[0]
    assert case.v_facts == version
    with house.read() as work:
        assert open_file(work, house.desk, work.cases.by_id(case.id)).shares.total_minor == 12900


def test_findings_come_and_go_with_their_cause(house: FakeHouse, take: Importer) -> None:
    counts = take(b.case(request=b.request(amount="70.00"), orders=[b.order(paid="100.00")], customer=None))
    assert counts.findings == {"customer.missing": 1, "order.sums_disagree": 1, "request.above_line_value": 1}
    later = b.order(paid="129.00", as_of="2026-11-19T12:00:00+00:00")
    counts = take(b.case(request=b.request(amount="60.00"), orders=[later], customer=None))
    assert counts.findings == {"customer.missing": 1}


def test_a_request_about_an_order_nobody_lists(house: FakeHouse, take: Importer) -> None:
    assert take(b.case(orders=[])).findings == {"order.unlisted": 1}
    # The order comes with another request of it: the finding goes on both.
    take(b.case("R2", request=b.request("R2", reason="late")))
    with house.read() as work:
        assert [work.cases.findings(case.id) for case in rows(house, refund_case)] == [[], []]


# ---------------------------------------------------------------- messages


def test_an_answer_of_the_customer_returns_the_case(house: FakeHouse, take: Importer) -> None:
    take(b.case(messages=[b.message("M1")]))
    with house.write() as work:
        state = work.cases.by_ref("RC-26-000001")
        process = house.desk.process.current(work)
        lifecycle.to_stage(
            work, house.desk, OPERATOR, state, Stage.WAITING_CUSTOMER, "decided.more_information", process
        )
    house.clock.forward(hours=1)
    before = rows(house, refund_case)[0]
    take(b.case(messages=[b.message("M1"), b.message("M2", text="照片在这里")]))
    after = rows(house, refund_case)[0]
    assert (after.stage, after.answer_came) == ("review", True)
    assert after.v_facts > before.v_facts
    assert [m.external_id for m in rows(house, message)] == ["M1", "M2"]


def test_an_internal_note_makes_no_decision_stale(house: FakeHouse, take: Importer) -> None:
    take(b.case())
    before = rows(house, refund_case)[0]
    note = b.message("M9", direction="note", who="agent", text="对方很着急")
    take(b.case(messages=[note]))
    after = rows(house, refund_case)[0]
    assert (after.v_facts, after.v_thread) == (before.v_facts, before.v_thread + 1)


# ---------------------------------------------------------------- quarantine, failures


def test_what_can_t_be_taken_is_told_and_the_rest_goes_on(house: FakeHouse, take: Importer) -> None:
    wrong = b.case("R2", request=b.request("R2", amount="x", colour=1))
    missing = b.case("R3", "O3", evidence=[{"file": "evidence/none.png"}])
    counts = take(b.case("R1"), b"{broken", wrong, missing, b"\xff\xfe", b.case("R4", "O4"))
    assert figures(counts) == (6, 2, 0, 0, 4)
    assert counts.reasons == {
        "evidence.missing": 1,
        "field.unknown": 1,
        "json.broken": 1,
        "money.not_decimal": 1,
        "text.not_utf8": 1,
    }
    with house.read() as work:
        listed = work.intake.quarantined("open", 0, 50)
    assert [(row["line"], row["request"]) for row in reversed(listed)] == [
        (2, None),
        (3, "mall/R2"),
        (4, "mall/R3"),
        (5, None),
    ]


def test_an_order_known_in_another_currency(house: FakeHouse, take: Importer) -> None:
    take(b.case())
    other = b.case("R2", request=b.request("R2", currency="USD"), orders=[], customer={"id": "C7"})
    assert take(other).reasons == {"currency.differs": 1}


def test_a_record_that_fails_costs_nobody_else(
    house: FakeHouse, take: Importer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    honest = lifecycle.open_case

    def fails(*args: Any, **named: Any) -> Any:
        if named["language"] == "xx":
            raise ZeroDivisionError
        return honest(*args, **named)

    monkeypatch.setattr(lifecycle, "open_case", fails)
    lines = [b.case(f"R{n}", f"O{n}") for n in range(5)]
    lines[2]["request"]["language"] = "xx"
    counts = take(*lines)
    assert (figures(counts), counts.reasons) == ((5, 4, 0, 0, 1), {"record.failed": 1})
    assert len(rows(house, refund_case)) == 4
    assert "ZeroDivisionError" in caplog.text
    caplog.clear()


def test_a_run_that_dies_is_finished_by_the_next(house: FakeHouse, tmp_path: Path) -> None:
    lines = [b.case(f"R{n}", f"O{n}", evidence=[{"file": "evidence/a.png"}]) for n in range(90)]
    path = b.write(tmp_path / "b", lines, {"evidence/a.png": picture()})

    class Power(BaseException):
        pass

    def cut(progress: Progress) -> None:
        if progress.counts.read >= 64:
            raise Power

    with open_bundle(path) as bundle, pytest.raises(Power):
        run_import(house, OPERATOR, bundle, progress=cut)
    with open_bundle(path) as bundle:
        counts = run_import(house, OPERATOR, bundle)
    assert figures(counts) == (90, 26, 64, 0, 0)
    with open_bundle(path) as bundle:
        assert figures(run_import(house, OPERATOR, bundle)) == (90, 0, 90, 0, 0)


def test_a_run_can_be_stopped(house: FakeHouse, tmp_path: Path) -> None:
    path = b.write(tmp_path / "b", [b.case(f"R{n}", f"O{n}") for n in range(90)])
    with open_bundle(path) as bundle:
        counts = run_import(house, OPERATOR, bundle, stopped=lambda: True)
    assert counts.read == 64


def test_who_may_not_take_in_is_refused(house: FakeHouse, tmp_path: Path) -> None:
    nobody = Principal(7, 7, "Lin", frozenset({Role.AUDITOR}))
    path = b.write(tmp_path / "b", [b.case()])
    with open_bundle(path) as bundle, pytest.raises(Refused):
        run_import(house, nobody, bundle)
    assert rows(house, refund_case) == []


def test_each_record_is_an_entry_without_a_name(house: FakeHouse, take: Importer) -> None:
    take(b.case(messages=[b.message(text="请退到招商银行")]), b"{")
    with house.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT action, bytes FROM audit_entry ORDER BY id").all()
    entries = b" ".join(row[1] for row in found)
    assert [row[0] for row in found] == ["case.opened", "request.taken_in", "intake.quarantined"]
    for personal in ("王小明", "13800001234", "招商", "C1"):
        assert personal.encode() not in entries


def test_bulk_lines_and_many_cases_of_one_key(house: FakeHouse, take: Importer) -> None:
    lines = [{"id": "L1", "name": "screws", "quantity": 900_000, "unit_price": "0.01"}]
    line = b.case(
        request=b.request(lines=[{"line": "L1", "quantity": 800_000}], amount="8000.00"),
        orders=[b.order(lines=lines, paid="9000.00")],
    )
    assert take(line).findings == {}
    assert len(rows(house, request_key)) == 21


def test_versions_of_a_fresh_case(house: FakeHouse, take: Importer) -> None:
    take(b.case(messages=[b.message()], payments=[b.payment()]))
    with house.read() as work:
        state = work.cases.by_ref("RC-26-000001")
        assert state.versions[Aspect.FACTS] == 1
        with house.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(case_event)).scalar_one() == 1


def test_on_postgresql_too(pg_house: FakeHouse, tmp_path: Path) -> None:
    take = Importer(pg_house, tmp_path)
    line = b.case(messages=[b.message()], payments=[b.payment()], evidence=[{"file": "evidence/a.png"}])
    files = {"evidence/a.png": picture()}
    other = b.case("R2", request=b.request("R2", amount="50.00"))
    assert figures(take(line, other, b"{", files=files, name="b")) == (3, 1, 0, 1, 1)
    before = everything(pg_house)
    assert figures(take(line, other, b"{", files=files, name="b")) == (3, 0, 2, 0, 1)
    assert everything(pg_house)["refund_case"] == before["refund_case"]
    pg_house.engine.dispose()
