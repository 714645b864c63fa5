"""`refund-desk desk`: the window."""

from __future__ import annotations

from typing import Annotated

import typer

from refund_desk.commands.window import open_window

app = typer.Typer(help="Open the window on your own desk, or on a team's server.")


@app.command()
def open_desk(
    server: Annotated[str | None, typer.Option(help="Address of a team's server. [REFUND_DESK_SERVER]")] = None,
) -> None:
    """Open the window. Without a server it works on the desk in your home."""
    raise typer.Exit(open_window(server))
