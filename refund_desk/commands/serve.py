"""`refund-desk serve`: the service for a team, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from refund_desk.commands.printing import note, say
from refund_desk.domain.errors import Unavailable
from refund_desk.settings import Settings

if TYPE_CHECKING:
    from refund_desk.wiring import House

app = typer.Typer(add_completion=False)

PATIENCE_S = 10
"""How long answers on their way may take once we are told to stop."""


@contextlib.contextmanager
def open_team(settings: Settings, *, alone: bool) -> Iterator[House]:
    """The house that REFUND_DESK_DATABASE_URL names, else the home's on SQLite.

    alone: nobody else may hold the home meanwhile; a worker shares it with the service.
    """
    from refund_desk import wiring

    home = settings.data_dir
    lock = wiring.home_lock(home) if alone and settings.database_url is None else contextlib.nullcontext()
    with lock:
        house = wiring.team(settings.database_url or wiring.sqlite_url(home), home, settings)
        try:
            yield house
        finally:
            house.close()


@contextlib.contextmanager
def told_to_stop(stop: Any) -> Iterator[None]:
    """Ctrl+C and SIGTERM call `stop`, so that everything is put away in order."""
    before = {number: signal.signal(number, lambda *_: stop()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="help.serve.host")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="help.serve.port")] = 8470,
) -> None:
    """Run the service on PostgreSQL (REFUND_DESK_DATABASE_URL) or on the SQLite of your home."""
    with _listening(host, port) as listener, open_team(Settings(), alone=True) as house:
        server = _server(house, listener)
        if host not in ("127.0.0.1", "localhost", "::1"):
            note("command.serve.open")
        with told_to_stop(server.stop):
            server.run(sockets=[listener])
    note("command.serve.stopped")


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket, before anything else is opened. Unavailable `command.serve.port`."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=2048)
        # What it accepts inherits this. asyncio sets it for sockets it binds itself: else each answer waits 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise Unavailable("serve.port", host=host, port=port, why=error.strerror or str(error)) from error
    with listener:
        yield listener


def _server(house: House, listener: socket.socket) -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        """Says where it is once it answers; lets waiting desks go when it stops."""

        def stop(self) -> None:
            """Once: answer what is on its way. Twice: leave it."""
            self.force_exit, self.should_exit = self.should_exit, True

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield  # ours are installed, and put the house away after

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # After the connections are told to close, so that a desk let go doesn't come back to wait here.
            asyncio.get_running_loop().call_later(0.05, house.feed.wake)
            await super().shutdown(sockets)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            say("command.serve.at", url=f"http://{shown}:{port}")
            say("command.serve.key", key=house.key.vkey)

    config = uvicorn.Config(
        house.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=PATIENCE_S, server_header=False
    )
    return Server(config)
