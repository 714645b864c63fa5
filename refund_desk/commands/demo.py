"""`refund-desk demo`: the window on invented cases; with --tour it is driven by itself, and pictured.

The demo has a home of its own, unless REFUND_DESK_HOME names an empty or a demo home.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from refund_desk.commands.printing import note
from refund_desk.domain.errors import Conflict
from refund_desk.settings import Settings

app = typer.Typer(add_completion=False)

HALF = "demo-unfinished"
OURS = {HALF, "desk.lock"}


def demo_home(settings: Settings) -> Path:
    """The home to fill or to show. Raises Conflict `demo.real_home` for one that holds anything else."""
    from refund_desk import wiring

    home = settings.demo_dir
    holds = {one.name for one in home.iterdir()} if home.is_dir() else set()
    if holds - OURS and not wiring.is_demo(home):
        raise Conflict("demo.real_home", path=str(home))
    return home


def make_demo(home: Path, settings: Settings) -> None:
    """Fill a home that isn't filled yet; one whose filling was broken off begins anew."""
    from refund_desk import wiring

    if (home / HALF).exists() or wiring.is_empty(home):
        note("command.demo.fills", path=str(home))
        with wiring.home_lock(home):
            _fill(home, settings)


def _fill(home: Path, settings: Settings) -> None:
    from refund_desk.commands.demo_fill import fill
    from refund_desk.commands.intake import progress

    half = home / HALF
    for one in home.iterdir() if half.exists() else ():
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        elif one.name not in OURS:
            one.unlink()
    half.touch()
    with progress() as show:
        fill(home, settings, report=lambda _what, done, total: show(done, total or None))
    half.unlink()


@app.command()
def demo(
    tour: Annotated[Path | None, typer.Option(metavar="DIR", help="help.demo.tour")] = None,
) -> None:
    """Open the window on about 200 invented cases, in a home of their own."""
    from refund_desk.commands.preflight import check_window

    check_window("offscreen" if tour is not None else None)
    settings = Settings()
    home = demo_home(settings)
    make_demo(home, settings)
    if tour is not None:
        from refund_desk.commands.demo_tour import take_tour

        raise typer.Exit(take_tour(home, settings, tour))
    from refund_desk.commands.window import OwnDesk, show
    from refund_desk.desktop.app import DeskOptions

    raise typer.Exit(show(OwnDesk(home, settings, demo=True), DeskOptions(home, language=settings.language)))
