"""`refund-desk worker`: a process with just the worker, beside one or more that serve."""

from __future__ import annotations

import threading

import typer

from refund_desk.commands.printing import note
from refund_desk.commands.serve import open_team, told_to_stop
from refund_desk.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def worker() -> None:
    """Integrate the log, sign checkpoints, decode pictures, return leases that ran out; until told to stop."""
    stopping = threading.Event()
    with told_to_stop(stopping.set), open_team(Settings(), alone=False):
        note("command.worker.runs")
        while not stopping.wait(1.0):  # a wait without end would not hear a signal everywhere
            pass
    note("command.worker.stopped")
