"""`refund-desk desk`: the window. It is painted first; service and database are loaded behind it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from refund_desk.domain.errors import Conflict
from refund_desk.settings import Settings

if TYPE_CHECKING:
    from refund_desk.client.api import DeskClient
    from refund_desk.desktop.app import DeskOptions

app = typer.Typer(add_completion=False)


class OwnDesk:
    """The desk in a home, opened on a background thread once the window asks for it; `close` puts it away.

    demo: it must be a demo's, whose database says so itself; Conflict `demo.real_home` otherwise.
    """

    def __init__(self, home: Path, settings: Settings, *, demo: bool = False) -> None:
        self._home, self._settings, self._demo = home, settings, demo
        self._open = contextlib.ExitStack()
        self._house: object = None

    async def connect(self) -> DeskClient:
        """A client of the desk. Raises Conflict `home.in_use`, or what an unreadable or newer home raises."""
        import asyncio  # not before the window is painted

        return await asyncio.to_thread(self._client)

    def _client(self) -> DeskClient:
        from refund_desk import wiring

        if self._house is None:
            with contextlib.ExitStack() as stack:
                stack.enter_context(wiring.home_lock(self._home))
                house = wiring.embedded(self._home, self._settings)
                stack.callback(house.close)
                if self._demo and not house.desk.home.demo:
                    raise Conflict("demo.real_home", path=str(self._home))
                self._house, self._open = house, stack.pop_all()
        assert isinstance(self._house, wiring.House)
        return self._house.client()

    def close(self) -> None:
        self._open.close()


class TeamDesk:
    """The desk of a server."""

    def __init__(self, url: str, settings: Settings) -> None:
        self._url, self._settings = url, settings

    async def connect(self) -> DeskClient:
        from refund_desk import wiring

        return wiring.network(self._url, self._settings.token)

    def close(self) -> None:
        """Nothing is held."""


def show(desk: OwnDesk | TeamDesk, options: DeskOptions) -> int:
    """Open the window on a desk and stay until it is closed; the exit code."""
    from refund_desk.desktop.app import run

    try:
        return run(desk.connect, options)
    finally:
        desk.close()


@app.command()
def open_desk(
    server: Annotated[str | None, typer.Option(help="help.option.server")] = None,
) -> None:
    """Open the window. Without a server it works on the desk in your home."""
    from refund_desk.commands.preflight import check_window

    check_window()
    from refund_desk.desktop.app import DeskOptions

    settings = Settings()
    home, url = settings.data_dir, server or settings.server
    if url is None:
        raise typer.Exit(show(OwnDesk(home, settings), DeskOptions(home, language=settings.language)))
    # What the window remembers of a server never lies in a desk's own files.
    kept = home.parent / "servers" / re.sub(r"[^\w.-]+", "_", url.partition("://")[2])
    raise typer.Exit(show(TeamDesk(url, settings), DeskOptions(kept, server=url, language=settings.language)))
