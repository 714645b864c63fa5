"""`refund-desk simulate`: orders of work compared on a desk whose truth is known. It needs no desk of one's own."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from refund_desk.commands.intake import progress
from refund_desk.commands.printing import as_json, say, table, words
from refund_desk.domain.errors import Invalid
from refund_desk.engines import simulation

app = typer.Typer(add_completion=False)

LOADS = "50,60,70,80,90,100,110,120"


@app.command()
def simulate(
    loads: Annotated[str, typer.Option(help="help.simulate.loads")] = LOADS,
    seeds: Annotated[int, typer.Option(min=2, help="help.simulate.seeds")] = 20,
    first: Annotated[int, typer.Option(min=0, help="help.simulate.first")] = 1,
    json: Annotated[bool, typer.Option("--json", help="help.simulate.json")] = False,
) -> None:
    """Compare ours, first_come, cherry_pick and earliest_deadline, and the forecast with what came true."""
    with progress() as show:
        found = simulation.simulate(_loads(loads), seeds, first, show)
    if json:
        as_json(found)
        return
    _orders(found)
    say("command.simulate.calibration", brier=f"{found['brier']:.3f}")
    _calibration(found)
    beyond = [f"{row['load']:.0%}" for row in found["loads"] if not row["within"]]
    if beyond:
        say("command.simulate.beyond", loads=", ".join(beyond))
    else:
        say("command.simulate.within")


def _loads(text: str) -> list[float]:
    """Raises Invalid `simulate.loads`."""
    parts = [part.strip().rstrip("%") for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= 300 for part in parts):
        raise Invalid("simulate.loads")
    return [int(part) / 100 for part in parts]


def _orders(found: dict[str, Any]) -> None:
    heads = [f"command.head.{head}" for head in ("load", "order", "missed", "oldest")]
    rows = []
    for row in found["loads"]:
        for name, missed in row["missed"].items():
            share = f"{missed['mean']:.2%} ({missed['low']:.2%} – {missed['high']:.2%})"
            oldest = words().formats.duration(int(row["oldest_hours"][name] * 3600))
            rows.append((f"{row['load']:.0%}", words().tr(f"command.simulate.order.{name}"), share, oldest))
    table(heads, rows)


def _calibration(found: dict[str, Any]) -> None:
    heads = [f"command.head.{head}" for head in ("foretold", "came_true", "cases")]
    table(heads, [(f"{c['foretold']:.1%}", f"{c['missed']:.1%}", c["cases"]) for c in found["calibration"]])
