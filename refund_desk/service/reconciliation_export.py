"""Breaks as a CSV, as they are filtered, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from refund_desk.domain.exports import VERSION, Column, Format, Kind
from refund_desk.domain.people import Principal
from refund_desk.service import reconciliation
from refund_desk.service.exports import Progress, file_digest
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.exports import Batch, Catalogue, TableWriter
from refund_desk.service.ports.reconciliation import BreakFilter

_COLUMNS: Final = (
    Column("break", Kind.WHOLE),
    Column("break_kind", Kind.CODE, "break"),
    Column("order"),
    Column("ref"),
    Column("currency"),
    Column("difference", Kind.MONEY),
    Column("since", Kind.TIME),
    Column("here"),
    Column("there"),
    Column("owner"),
    Column("status", Kind.CODE, "break_status"),
    Column("resolution", Kind.CODE, "resolution"),
    Column("settled_at", Kind.TIME),
)


def order_export(work: Work, desk: Desk, who: Principal, wanted: BreakFilter) -> None:
    """Before anything is read: whether they may, and the entry that says they did."""
    permit(work, desk, who, "reconcile.read")
    work.audit("breaks.exported", who, status=wanted.status, kind=wanted.kind)


def export_breaks(
    work: Work,
    desk: Desk,
    who: Principal,
    wanted: BreakFilter,
    path: Path,
    write: TableWriter,
    words: Catalogue,
    progress: Progress,
) -> dict[str, Any]:
    """Write every break that is wanted, newest first; what the file is. `work` is one picture all the while."""
    rows = 0

    def batches() -> Iterator[Batch]:
        nonlocal rows
        after, asked = 0, replace(wanted, sort="new")
        while page := reconciliation.breaks(work, desk, who, asked, after, reconciliation.PAGE):
            yield [_cells(row) for row in page]
            after, rows = page[-1]["id"], rows + len(page)
            progress(rows, rows)

    write(Format.CSV, path, _COLUMNS, batches(), words)
    size = path.stat().st_size
    said = {"format": Format.CSV.value, "version": VERSION, "rows": rows, "sha256": file_digest(path), "bytes": size}
    return {**said, "at": desk.clock().isoformat()}


def _cells(row: Mapping[str, Any]) -> list[Any]:
    sides = [" ".join(f"{source}/{number}" for source, _, number in row[side]) for side in ("here", "there")]
    told = [row["id"], row["kind"], row["order"], row["ref"], row["currency"], row["minor"], row["since"], *sides]
    return [*told, row["owner"], row["status"], row["resolution"], row["settled_at"]]
