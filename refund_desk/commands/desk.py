"""`refund-desk desk`: the window."""

from __future__ import annotations

from typing import Annotated

import typer

from refund_desk.commands.window import open_window

app = typer.Typer(add_completion=False)


@app.command()
def open_desk(
    server: Annotated[str | None, typer.Option(help="help.option.server")] = None,
) -> None:
    """Open the window. Without a server it works on the desk in your home."""
    raise typer.Exit(open_window(server))
