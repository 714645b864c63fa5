"""Figures of exports: a workbook of every case beside bare XlsxWriter on the same rows, and what memory a format takes.

Each runs in a process of its own, so that its peak is its own. Seconds are of the processor: one thread does it all,
and what else the machine does is no part of it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from refund_desk.domain.exports import Column, Format, Kind, Order, columns
from refund_desk.service.ports.views import QueueFilter
from tests.bench import desk
from tests.bench.measure import Row

MOST_MB, MOST_RATIO = 400.0, 1.3
ALL = QueueFilter(closed=True)


def tables(cases: int, opened: int) -> Iterator[Row]:
    """Every case of the desk, in each format."""
    bare = _measured("bare", cases, opened)
    for form in Format:
        ours = _measured(form.value, cases, opened)
        note = f"{ours['rows']:,} rows, {ours['bytes'] / 1e6:.0f} MB"
        if form is Format.XLSX:
            ratio = ours["seconds"] / bare["seconds"]
            yield Row("export to xlsx", "s", ours["seconds"], None, bare["seconds"], None, ratio, MOST_RATIO, note)
        else:
            yield Row(f"export to {form}", "s", ours["seconds"], note=note)
        yield Row(f"export to {form}, memory", "MB", ours["mb"], judged=ours["mb"], limit=MOST_MB)


def _measured(what: str, cases: int, opened: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.exports", what, str(cases), str(opened)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def _bare(path: Path, shown: Sequence[Column], rows: Iterator[Sequence[Any]]) -> float:
    """What XlsxWriter takes for cells that are ready: its calls by type, no words, no totals. Seconds of writing."""
    import xlsxwriter

    spent = 0.0
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        money, instant = (
            book.add_format({"num_format": "#,##0.00"}),
            book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        )
        sheet = book.add_worksheet()
        start, row = time.process_time(), 0
        for number, batch in enumerate(_batches(rows)):
            spent += time.process_time() - start if number else 0.0
            ready = [[_ready(column, value) for column, value in zip(shown, cells, strict=True)] for cells in batch]
            start = time.process_time()
            for cells in ready:
                row += 1
                for place, value in enumerate(cells):
                    if isinstance(value, str):
                        sheet.write_string(row, place, value)
                    elif isinstance(value, bool):
                        sheet.write_boolean(row, place, value)
                    elif isinstance(value, datetime):
                        sheet.write_datetime(row, place, value, instant)
                    elif isinstance(value, float):
                        sheet.write_number(row, place, value, money)
                    elif value is not None:
                        sheet.write_number(row, place, value)
    return spent + time.process_time() - start


def _batches(rows: Iterator[Sequence[Any]], size: int = 1_000) -> Iterator[list[Sequence[Any]]]:
    batch: list[Sequence[Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    yield batch


def _ready(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind is Kind.MONEY:
        return value / 100
    return value.astimezone(UTC).replace(tzinfo=None) if column.kind is Kind.TIME else value


class _Watched:
    """A job that nobody stops."""

    file: Path | None = None

    def progress(self, done: int, total: int | None = None) -> None: ...


def main() -> None:
    """One of the figures, as JSON: seconds, rows, bytes and the peak of this process in MB."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what")
    parser.add_argument("cases", type=int)
    parser.add_argument("opened", type=int)
    options = parser.parse_args()
    with desk.open_desk(options.cases, options.opened) as bench, tempfile.TemporaryDirectory() as folder:
        who = bench.supervisor
        if options.what == "bare":
            path, shown = Path(folder) / "bare.xlsx", columns(personal=False)
            with bench.house.store.read_long() as work:
                pages = work.exports.pages(who.person_id, ALL, datetime.now(UTC), shown)
                seconds = _bare(path, shown, (row for page in pages for row in page))
            said = {"seconds": seconds, "rows": options.cases, "bytes": path.stat().st_size}
        else:
            job: Any = _Watched()
            start = time.process_time()
            made = bench.house.export_cases(job, who, Order(Format(options.what)), ALL)
            said = {"seconds": time.process_time() - start, "rows": made["rows"], "bytes": made["bytes"]}
            assert job.file is not None
            job.file.unlink()
    print(json.dumps({**said, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000}))


if __name__ == "__main__":
    main()
