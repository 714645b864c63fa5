"""Use cases: many cases as one file, with the manifest that says what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from refund_desk.domain.exports import VERSION, Format, Order, columns
from refund_desk.domain.people import Principal
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.exports import Batch, Catalogue, TableWriter
from refund_desk.service.ports.views import QueueFilter

Progress = Callable[[int, int], None]
WORDS = "q"
"""The filter that holds what somebody typed."""


def order_export(work: Work, desk: Desk, who: Principal, order: Order) -> None:
    """Before anything is read: whether they may, and the entry that says they did.

    Words that were searched for may name somebody: the entry says that there were some.
    """
    permit(work, desk, who, "export.cases")
    if order.purpose is not None:
        permit(work, desk, who, "export.personal")
    filters = {name: value for name, value in order.filters.items() if name != WORDS}
    work.audit(
        "cases.exported",
        who,
        format=order.format.value,
        filters=filters,
        searched=WORDS in order.filters,
        purpose=order.purpose.value if order.purpose else None,
    )


def export_cases(
    work: Work,
    desk: Desk,
    who: Principal,
    order: Order,
    wanted: QueueFilter,
    path: Path,
    write: TableWriter,
    words: Catalogue,
    progress: Progress,
) -> dict[str, Any]:
    """Write every case that is wanted; the manifest. `work` is one picture for as long as it takes."""
    now = desk.clock()
    shown = columns(personal=order.purpose is not None)
    total = work.exports.count(who.person_id, wanted, now)
    progress(0, total)
    rows = 0

    def batches() -> Iterator[Batch]:
        nonlocal rows
        for page in work.exports.pages(who.person_id, wanted, now, shown):
            yield page
            rows += len(page)
            progress(rows, max(rows, total))

    write(order.format, path, shown, batches(), words)
    xlsx = order.format is Format.XLSX
    return {
        "format": order.format.value,
        "version": VERSION,
        "rows": rows,
        "sha256": _digest(path),
        "bytes": path.stat().st_size,
        "filters": dict(order.filters),
        "columns": [{"name": c.name if xlsx else c.key, "type": c.kind.value} for c in shown],
        "personal": order.purpose is not None,
        "purpose": order.purpose.value if order.purpose else None,
        "by": {"name": who.name, "actor": who.actor},
        "at": now.isoformat(),
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
