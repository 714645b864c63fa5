"""`python -m tests.bench`: the figures, each beside its floor, printed as a table and written to bench.json."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import audit, desk, exports, figures, intake, reconcile, service, window, workload
from tests.bench.measure import Row, machine, table


def _on_desk(*figures: Callable[[desk.Bench], Iterator[Row]]) -> Callable[[argparse.Namespace], Iterator[Row]]:
    def run(options: argparse.Namespace) -> Iterator[Row]:
        with desk.open_desk(options.cases, options.open) as bench:
            for figure in figures:
                yield from figure(bench)

    return run


FIGURES: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "queue": _on_desk(service.queue),
    "decide": _on_desk(service.decide),
    "audit": lambda options: audit.verification(options.cases),
    "start": lambda options: window.start(options.cases, options.open),
    "window": lambda options: window.work(options.cases, options.open),
    "export": lambda options: exports.tables(options.cases, options.open),
    "dossier": lambda _: exports.dossier(),
    "figures": lambda options: figures.board(options.cases),
    "import": lambda options: intake.long_file(options.cases),
    "board": lambda options: workload.board(options.open),
    "reconcile": lambda options: reconcile.figures(),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the figures; 0, whatever they say: a figure is printed, and judged by who reads it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=100_000)
    parser.add_argument("--only", action="append", choices=sorted(FIGURES), help="these figures alone")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where the figures are written")
    options = parser.parse_args(arguments)
    about = {"at": datetime.now(UTC).isoformat(), "cases": options.cases, "open": options.open, "machine": machine()}
    print(" · ".join(f"{name} {value}" for name, value in about["machine"].items()))
    print(f"{options.cases:,} cases, {options.open:,} open, SQLite, synchronous=FULL", flush=True)
    rows: list[Row] = []
    for name in options.only or FIGURES:
        for row in FIGURES[name](options):
            print(f"  {row.name}: {row.median:.2f} {row.unit}", file=sys.stderr, flush=True)
            rows.append(row)
    print(table(rows))
    said = json.dumps({**about, "figures": [row.to_dict() for row in rows]}, indent=1, ensure_ascii=False)
    options.json.write_text(said + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
