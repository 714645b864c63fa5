"""Exported tables read back by others' readers: every row, every type, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from refund_desk.client.words import LANGUAGES, Words
from refund_desk.domain.exports import Column, Format, Kind, Purpose, columns, harmless
from refund_desk.engines.exports import write_table
from refund_desk.engines.exports_xlsx import write_xlsx
from refund_desk.service.ports.exports import Batch

AT = datetime(2026, 11, 20, 9, 30, 0, 250_000, tzinfo=UTC)
COLUMNS = (
    Column("ref"),
    Column("customer"),
    Column("reason", Kind.CODE, "reason"),
    Column("open", Kind.YES),
    Column("round", Kind.WHOLE),
    Column("currency"),
    Column("asked", Kind.MONEY),
    Column("opened_at", Kind.TIME),
)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x")', "＝1"]
NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def row(number: int, **changes: Any) -> list[Any]:
    plain = {
        "ref": f"RC-26-{number:06d}",
        "customer": "王小明",
        "reason": "damaged",
        "open": True,
        "round": 1,
        "currency": "CNY",
        "asked": 12_900 + number,
        "opened_at": AT,
    }
    return list((plain | changes).values())


def batches(rows: Sequence[Sequence[Any]], size: int = 3) -> Iterator[Batch]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def written(path: Path, form: Format, rows: Sequence[Sequence[Any]], language: str = "en") -> Path:
    write_table(form, path, COLUMNS, batches(rows), Words(language))
    return path


# ------------------------------------------------------------ for programs


def test_csv_holds_every_row_and_no_formula(tmp_path: Path) -> None:
    rows = [row(n, customer=text) for n, text in enumerate([*FORMULAS, '"quoted", 王\nline', None])]
    with written(tmp_path / "a.csv", Format.CSV, rows).open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.reader(file))
    assert read[0] == ["ref", "customer", "reason", "open", "round", "currency", "asked_minor", "opened_at"]
    assert [line[1] for line in read[1:-2]] == [f"'{text}" for text in FORMULAS]
    assert [line[1] for line in read[-2:]] == ['"quoted", 王\nline', ""]
    assert read[1][2:] == ["damaged", "true", "1", "CNY", "12900", "2026-11-20T09:30:00.250000+00:00"]


def test_what_is_no_formula_is_left_alone() -> None:
    assert [harmless(text) for text in ("王小明", "a=b", "1-2", "", " =1")] == ["王小明", "a=b", "1-2", "", " =1"]


def test_jsonl_holds_values_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", Format.JSONL, [row(0, customer="=1+1"), row(1, asked=None)])
    first, second = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    assert first["customer"] == "=1+1", "a formula is text to a program"
    assert (first["asked_minor"], second["asked_minor"], first["open"]) == (12_900, None, True)
    assert datetime.fromisoformat(first["opened_at"]) == AT


def test_parquet_has_types(tmp_path: Path) -> None:
    from arro3.io import read_parquet

    rows = [row(n, asked=None if n == 1 else n, opened_at=None if n == 2 else AT) for n in range(25_001)]
    table = read_parquet(written(tmp_path / "a.parquet", Format.PARQUET, rows)).read_all()
    assert table.num_rows == len(rows)
    kinds = {field.name: str(field.type) for field in map(table.schema.field, table.schema.names)}
    assert "Int64" in kinds["asked_minor"]
    assert "Boolean" in kinds["open"]
    assert "Timestamp(µs" in kinds["opened_at"]
    assert table["asked_minor"].to_pylist()[:3] == [0, None, 2]
    assert table["opened_at"].to_pylist()[1:4] == [AT, None, AT]
    assert table["ref"].to_pylist() == [one[0] for one in rows]


def test_what_a_row_fails_with_is_said_as_it_is(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def failing() -> Iterator[Batch]:
        yield [row(1)]
        raise Enough

    for form in Format:
        with pytest.raises(Enough):
            write_table(form, tmp_path / f"a.{form}", COLUMNS, failing(), Words("en"))


def test_no_row_at_all(tmp_path: Path) -> None:
    for form in Format:
        path = written(tmp_path / f"a.{form}", form, [])
        assert (path.stat().st_size > 0) is (form is not Format.JSONL)


# ------------------------------------------------------------ for people


class Book:
    """The sheets of a workbook, read without a library: cells by place, each (type, text)."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as file:
            self.raw = {name: file.read(name).decode() for name in file.namelist()}
        self.names = [
            one.get("name") for one in fromstring(self.raw["xl/workbook.xml"]).iterfind("m:sheets/m:sheet", NS)
        ]

    def xml(self, number: int) -> Any:
        return fromstring(self.raw[f"xl/worksheets/sheet{number}.xml"])

    def cells(self, number: int) -> dict[str, tuple[str, str]]:
        found = {}
        for cell in self.xml(number).iterfind(".//m:c", NS):
            text = cell.find("m:v", NS) if cell.get("t") != "inlineStr" else cell.find("m:is/m:t", NS)
            if text is not None:
                found[cell.get("r")] = (cell.get("t", "n"), text.text or "")
        return found


def book(path: Path, given: Sequence[Sequence[Any]], language: str = "en", **how: Any) -> Book:
    zone = timezone(timedelta(hours=8))
    write_xlsx(path, COLUMNS, batches(given), Words(language), zone=zone, **how)
    return Book(path)


def test_a_workbook_has_types_words_and_local_times(tmp_path: Path) -> None:
    made = book(
        tmp_path / "a.xlsx", [row(0), row(1, currency="JPY", asked=5_990), row(2, asked=None, open=False)], "zh"
    )
    cells = made.cells(1)
    assert [cells[f"{letter}1"][1] for letter in "ABC"] == ["案件", "客户", "原因"]
    assert cells["C2"] == ("inlineStr", Words("zh").member("reason", "damaged"))
    assert (cells["D2"], cells["D4"]) == (("b", "1"), ("b", "0"))
    assert (cells["G2"], cells["G3"]) == (("n", "129"), ("n", "5990"))
    assert "G4" not in cells
    since = timedelta(days=float(cells["H2"][1]) - 46_346)  # 2026-11-20, as a spreadsheet counts days
    assert abs(since - timedelta(hours=17, minutes=30, milliseconds=250)) < timedelta(milliseconds=1)


def test_a_workbook_runs_nothing(tmp_path: Path) -> None:
    made = book(tmp_path / "a.xlsx", [row(n, customer=text) for n, text in enumerate(FORMULAS)])
    for name, raw in made.raw.items():
        assert "<f>" not in raw, name
        assert "<hyperlink " not in raw, name
    cells = made.cells(1)
    assert {cells[f"B{n}"][0] for n in range(2, 2 + len(FORMULAS))} == {"inlineStr"}
    assert cells["B2"][1] == "=1+1"


def test_a_full_sheet_is_followed_by_another(tmp_path: Path) -> None:
    made = book(tmp_path / "a.xlsx", [row(n, currency="CNY" if n % 2 else "JPY") for n in range(10)], rows=4)
    assert made.names == ["Cases", "Cases 2", "Cases 3", "Totals"]
    refs = [
        text
        for number in (1, 2, 3)
        for place, (_, text) in made.cells(number).items()
        if place.startswith("A") and place != "A1"
    ]
    assert refs == [f"RC-26-{n:06d}" for n in range(10)]
    for number, last in ((1, 5), (2, 5), (3, 3)):
        sheet = made.xml(number)
        assert sheet.find("m:autoFilter", NS).get("ref") == f"A1:H{last}"
        assert sheet.find("m:sheetViews/m:sheetView/m:pane", NS).get("state") == "frozen"
    totals = made.cells(4)
    found = {totals[f"A{n}"][1]: [float(totals[f"{c}{n}"][1]) for c in "BC"] for n in (2, 3)}
    yen, yuan = (sum(12_900 + n for n in range(10) if n % 2 == odd) for odd in (0, 1))
    assert found == {"JPY": [5, yen], "CNY": [5, yuan / 100]}


def test_text_beyond_a_cell_is_cut_with_a_mark_and_controls_are_no_error(tmp_path: Path) -> None:
    made = book(tmp_path / "a.xlsx", [row(0, customer="x" * 40_000), row(1, customer="a\x00\x0bb")])
    cells = made.cells(1)
    assert (len(cells["B2"][1]), cells["B2"][1][-1]) == (32_767, "…")
    assert cells["B3"][1] == "a_x0000__x000B_b"


# ------------------------------------------------------------ words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_and_purpose_has_words(language: str) -> None:
    words = Words(language)
    names = {f"report.column.{column.name}" for column in columns(personal=True)}
    assert not {key for key in names | {f"purpose.{one}" for one in Purpose} if not words.has(key)}
    known = {key for key in words.keys() if key.startswith("report.column.")}  # noqa: SIM118 - a method of ours
    assert known - names <= {"report.column.cases"}


def test_personal_columns_are_there_only_when_asked_for() -> None:
    assert {column.name for column in columns(personal=True)} - {column.name for column in columns(personal=False)} == {
        "email",
        "phone",
    }
