"""Evidence of a case: decoded after intake, refused with a word, added, noted on, and erased with its customer."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused, TooLarge
from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Aspect, Role, Stage
from refund_desk.engines.bundles import open_bundle
from refund_desk.engines.decoding import Decoder
from refund_desk.server.intake_run import run_import
from refund_desk.service import evidence, lifecycle
from refund_desk.store.tables import metadata
from refund_desk.wire.bundle import ImportCounts
from refund_desk.worker.decoding import decode_waiting
from tests.fakes import bundles as b
from tests.fakes.house import OPERATOR, FakeHouse

REF = "RC-26-000001"
REVIEWER = Principal(5, 5, "Lin", frozenset({Role.REVIEWER}))


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    one = Decoder()
    yield one
    one.close()


def picture(kind: str = "PNG", size: tuple[int, int] = (80, 60)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 60).save(out, kind)
    return out.getvalue()


def take(house: FakeHouse, folder: Path, **files: bytes) -> ImportCounts:
    """One case with files; `name__png` is evidence/name.png."""
    named = {f"evidence/{name.replace('__', '.')}": data for name, data in files.items()}
    line = b.case(messages=[b.message()], evidence=[{"file": name} for name in named], payments=[b.payment()])
    with open_bundle(b.write(folder / "b", [line], named)) as bundle:
        return run_import(house, OPERATOR, bundle)


def rows(house: FakeHouse) -> dict[str, Any]:
    with house.read() as work:
        return {row["name"]: row for row in work.facts.evidence(work.cases.by_ref(REF).id)}


def add_reviewer(house: FakeHouse) -> None:
    with house.write() as work:
        while work.people.add_person("Lin", house.clock()) < REVIEWER.person_id:
            continue


def test_decoded_after_intake(house: FakeHouse, tmp_path: Path, decoder: Decoder) -> None:
    take(house, tmp_path, a__png=picture(), b__png=picture("JPEG"), doc__pdf=b"%PDF-1.7 x")
    assert decode_waiting(house, decoder) == 2
    assert decode_waiting(house, decoder) == 0
    found = rows(house)
    assert (found["a.png"]["status"], found["a.png"]["width"], found["a.png"]["height"]) == ("ready", 80, 60)
    assert (found["b.png"]["status"], found["b.png"]["media_type"]) == ("ready", "image/jpeg")
    assert found["doc.pdf"]["status"] == "file"
    with house.read() as work:
        for size in ("thumb", "screen", "full"):
            data = evidence.rendition(work, house.desk, REVIEWER, found["a.png"]["id"], size)
            assert Image.open(io.BytesIO(data)).size == (80, 60)
        with pytest.raises(Invalid):
            evidence.rendition(work, house.desk, REVIEWER, found["a.png"]["id"], "huge")
        with pytest.raises(Conflict, match=r"evidence\.not_shown"):
            evidence.rendition(work, house.desk, REVIEWER, found["doc.pdf"]["id"], "thumb")
        assert work.cases.by_ref(REF).images == 2


def test_every_kind_of_bad_picture_has_its_word(house: FakeHouse, tmp_path: Path, decoder: Decoder) -> None:
    counts = take(
        house,
        tmp_path,
        empty__jpg=b"",
        cut__png=picture(size=(300, 300))[:-200],
        other__png=picture("JPEG"),
        svg__jpg=b"<svg onload='alert(1)'/>",
        phone__heic=b"\0\0\0\x18ftypheic" + b"\0" * 60,
        words__jpg=b"no picture at all",
        good__png=picture(),
    )
    assert counts.new == 1
    assert counts.findings == {
        "evidence.active_content": 1,
        "evidence.empty": 1,
        "evidence.mislabelled": 1,
        "evidence.not_an_image": 1,
        "evidence.unsupported": 1,
    }
    decode_waiting(house, decoder)
    found = rows(house)
    assert {name: row["status"] for name, row in found.items()} == {
        "empty.jpg": "refused",
        "cut.png": "refused",
        "other.png": "ready",
        "svg.jpg": "refused",
        "phone.heic": "refused",
        "words.jpg": "refused",
        "good.png": "ready",
    }
    assert found["cut.png"]["problem"]["code"] == "evidence.truncated"
    with house.read() as work:
        state = work.cases.by_ref(REF)
        assert "evidence.truncated" in {row["code"] for row in work.cases.findings(state.id)}
        assert state.images == 2


def test_a_waiting_picture_says_so_and_lost_bytes_too(house: FakeHouse, tmp_path: Path, decoder: Decoder) -> None:
    take(house, tmp_path, a__png=picture())
    row = rows(house)["a.png"]
    with house.read() as work, pytest.raises(Conflict, match=r"evidence\.waiting"):
        evidence.rendition(work, house.desk, REVIEWER, row["id"], "thumb")
    for path in (tmp_path / "blobs").rglob(row["sha256"].hex()):
        path.unlink()
    decode_waiting(house, decoder)
    assert rows(house)["a.png"]["problem"]["code"] == "blob.missing"


def test_originals_come_back_to_the_byte_and_are_a_look(house: FakeHouse, tmp_path: Path) -> None:
    data = picture()
    take(house, tmp_path, a__png=data)
    with house.write() as work:
        row, got = evidence.original(work, house.desk, REVIEWER, rows(house)["a.png"]["id"])
    assert (got, row["name"]) == (data, "a.png")
    with house.engine.connect() as connection:
        actions = connection.exec_driver_sql("SELECT action FROM audit_entry ORDER BY id").scalars().all()
    assert actions[-1] == "look.original"


def test_added_by_hand(house: FakeHouse, tmp_path: Path) -> None:
    take(house, tmp_path)
    add_reviewer(house)
    data = picture()
    with house.write() as work:
        before = work.cases.by_ref(REF)
        number, twice = evidence.add(work, house.desk, REVIEWER, REF, "C:\\evil\\../a.png", data)
        assert not twice
        assert evidence.add(work, house.desk, REVIEWER, REF, "again.png", data) == (number, True)
        after = work.cases.by_ref(REF)
        with pytest.raises(TooLarge):
            evidence.add(work, house.desk, REVIEWER, REF, "x", b"\0" * (MAX_EVIDENCE_BYTES + 1))
        auditor = Principal(5, 5, "Lin", frozenset({Role.AUDITOR}))
        with pytest.raises(Refused):
            evidence.add(work, house.desk, auditor, REF, "b.png", b"x")
    facts = [state.versions[Aspect.FACTS] for state in (before, after)]
    assert (after.images, facts[1] - facts[0]) == (1, 1)


def test_notes_lie_beside_the_image(house: FakeHouse, tmp_path: Path) -> None:
    take(house, tmp_path, a__png=picture())
    add_reviewer(house)
    number = rows(house)["a.png"]["id"]
    shape = {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4, "text": "裂痕"}
    with house.write() as work:
        made = evidence.note(work, house.desk, REVIEWER, number, shape)
        assert made["shape"] == shape
        other = Principal(1, 1, "Wei", frozenset({Role.REVIEWER}))
        with pytest.raises(Refused):
            evidence.remove_note(work, house.desk, other, number, made["id"])
        evidence.remove_note(work, house.desk, REVIEWER, number, made["id"])
        assert work.facts.notes([number]) == []
        with pytest.raises(NotFound):
            evidence.remove_note(work, house.desk, REVIEWER, number, made["id"])


def close(house: FakeHouse) -> None:
    with house.write() as work:
        state, process = work.cases.by_ref(REF), house.desk.process.current(work)
        lifecycle.to_stage(work, house.desk, OPERATOR, state, Stage.CLOSED, "decided.decline", process)


def whole_desk(house: FakeHouse, folder: Path) -> bytes:
    """Every byte of every table and file, to look for what should be gone."""
    with house.engine.connect() as connection:
        tables = [repr(row) for t in metadata.sorted_tables for row in connection.execute(select(t))]
    files = [path.read_bytes() for path in (folder / "blobs").rglob("*") if path.is_file()]
    return "\n".join(tables).encode() + b"".join(files)


def test_an_erased_customer_is_gone(house: FakeHouse, tmp_path: Path, decoder: Decoder) -> None:
    take(house, tmp_path, a__png=picture())
    with open_bundle(b.write(tmp_path / "c", [b.case("R9", request=b.request("R9", amount="x"))])) as bundle:
        run_import(house, OPERATOR, bundle)
    add_reviewer(house)
    number = rows(house)["a.png"]["id"]
    with house.write() as work:
        evidence.note(work, house.desk, REVIEWER, number, {"text": "王小明的包裹"})
    decode_waiting(house, decoder)
    customer = rows(house)["a.png"]["customer_id"]
    with house.write() as work, pytest.raises(Conflict, match=r"customer\.has_open_cases"):
        evidence.erase_customer(work, house.desk, OPERATOR, customer, "asked")
    close(house)
    for personal in ("王小明", "13800001234", "收到的杯子碎了"):
        assert personal.encode() in whole_desk(house, tmp_path)
    with house.write() as work:
        assert evidence.erase_customer(work, house.desk, OPERATOR, customer, "asked") == [REF]
    left = whole_desk(house, tmp_path)
    for personal in ("王小明", "13800001234", "收到的杯子碎了", "王小"):
        assert personal.encode() not in left
    with house.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert house.engine.url.database is not None
    on_disk = Path(house.engine.url.database).read_bytes()
    assert "王小明".encode() not in on_disk
    assert "收到的杯子碎了".encode() not in on_disk
    assert "杯子".encode() in left  # the goods of an order are nobody's secret
    with house.read() as work:
        assert work.facts.customer(customer)["masked"] == "—"
        with pytest.raises(Conflict):
            evidence.rendition(work, house.desk, REVIEWER, number, "thumb")
        with pytest.raises(NotFound, match=r"evidence\.erased"):
            evidence.original(work, house.desk, REVIEWER, number)
    assert not [p for p in (tmp_path / "blobs").rglob("*") if len(p.name.split(".")[0]) == 64]


def test_what_comes_after_erasing_brings_nothing_personal_back(house: FakeHouse, tmp_path: Path) -> None:
    take(house, tmp_path, a__png=picture())
    customer = rows(house)["a.png"]["customer_id"]
    close(house)
    with house.write() as work:
        evidence.erase_customer(work, house.desk, OPERATOR, customer, "asked")
        with pytest.raises(Conflict, match=r"customer\.erased"):
            evidence.erase_customer(work, house.desk, OPERATOR, customer, "again")
    assert take(house, tmp_path, a__png=picture()).unchanged == 1
    new = b.case(
        "R2",
        request=b.request("R2", reason="late", text="还没到"),
        messages=[b.message("M5")],
        evidence=[{"file": "evidence/a.png"}],
    )
    with open_bundle(b.write(tmp_path / "c", [new], {"evidence/a.png": os.urandom(50)})) as bundle:
        assert run_import(house, OPERATOR, bundle).new == 1
    left = whole_desk(house, tmp_path)
    for personal in ("王小明", "13800001234", "收到的杯子碎了", "还没到"):
        assert personal.encode() not in left
