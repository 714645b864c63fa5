"""Tables as files: CSV, JSON Lines, Parquet and XLSX. Rows come in batches and go out as they come."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from refund_desk.domain.errors import Unavailable
from refund_desk.domain.exports import Column, Format, Kind, harmless
from refund_desk.service.ports.exports import Batch, Catalogue


def write_table(
    format: Format, path: Path, columns: Sequence[Column], batches: Iterable[Batch], words: Catalogue
) -> None:
    """Fills `TableWriter`."""
    if format is Format.XLSX:
        from refund_desk.engines.exports_xlsx import write_xlsx

        write_xlsx(path, columns, batches, words)
    else:
        _WRITERS[format](path, columns, batches)


def _iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


# ---------------------------------------------------------------- CSV


def _csv(path: Path, columns: Sequence[Column], batches: Iterable[Batch]) -> None:
    """UTF-8 with its mark, which spreadsheets want for Chinese; RFC 4180."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([column.key for column in columns])
        cells = [_CSV_CELL.get(column.kind) for column in columns]
        for batch in batches:
            out.writerows(_plain(cells, row) for row in batch)


def _plain(cells: Sequence[Callable[[Any], str] | None], row: Sequence[Any]) -> list[Any]:
    return [value if write is None or value is None else write(value) for write, value in zip(cells, row, strict=True)]


_CSV_CELL: Mapping[Kind, Callable[[Any], str]] = {
    Kind.TEXT: harmless,
    Kind.CODE: harmless,  # most are ours; a payment method is whatever its system calls it
    Kind.TIME: _iso,
    Kind.YES: lambda value: "true" if value else "false",
}

# ---------------------------------------------------------------- JSON Lines


def _jsonl(path: Path, columns: Sequence[Column], batches: Iterable[Batch]) -> None:
    """An object a line. Times are ISO 8601 in UTC; what isn't known is null."""
    keys = [column.key for column in columns]
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_iso).encode
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for batch in batches:
            file.writelines(encode(dict(zip(keys, row, strict=True))) + "\n" for row in batch)


# ---------------------------------------------------------------- Parquet


def _parquet(path: Path, columns: Sequence[Column], batches: Iterable[Batch]) -> None:
    """Typed columns, a row group for some ten thousand rows."""
    try:
        from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
        from arro3.io import write_parquet
    except ImportError:
        raise Unavailable("export.no_parquet") from None
    whole, text, yes = DataType.int64(), DataType.string(), DataType.bool()
    instant = DataType.timestamp("us", tz="UTC")
    types = {Kind.WHOLE: whole, Kind.MONEY: whole, Kind.YES: yes, Kind.TIME: instant}
    schema = Schema([Field(one.key, types.get(one.kind, text), nullable=True) for one in columns])
    failed: list[BaseException] = []

    def made() -> Iterator[RecordBatch]:
        try:
            for rows in _gathered(batches, 10_000):
                arrays = [
                    Array([_micros(v) for v in said], whole).cast(instant)
                    if column.kind is Kind.TIME
                    else Array(list(said), types.get(column.kind, text))
                    for column, said in zip(columns, zip(*rows, strict=True), strict=True)
                ]
                yield RecordBatch.from_arrays(arrays, schema=schema)
        except BaseException as error:  # the writer below would say it in words of its own
            failed.append(error)
            raise

    try:
        write_parquet(RecordBatchReader.from_batches(schema, made()), path, max_row_group_size=100_000)
    except Exception:
        if failed:
            raise failed[0] from None
        raise


def _gathered(batches: Iterable[Batch], size: int) -> Iterator[list[Sequence[Any]]]:
    waiting: list[Sequence[Any]] = []
    for batch in batches:
        waiting += batch
        if len(waiting) >= size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _micros(value: datetime | None) -> int | None:
    if value is None:
        return None
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_WRITERS: Mapping[Format, Callable[[Path, Sequence[Column], Iterable[Batch]], None]] = {
    Format.CSV: _csv,
    Format.JSONL: _jsonl,
    Format.PARQUET: _parquet,
}
