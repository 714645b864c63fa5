"""`refund-desk db …`: the schema of the database that serve and worker stand on, or of the home's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from refund_desk.commands.calling import AsJson
from refund_desk.commands.printing import as_json, say
from refund_desk.settings import Settings

app = typer.Typer(help="The database's schema: upgrade it, say where it stands.", no_args_is_help=True)


@contextmanager
def _database() -> Iterator[Any]:
    """The database of REFUND_DESK_DATABASE_URL, else the home's; it is made only by an upgrade."""
    from refund_desk import wiring

    settings = Settings()
    home = settings.data_dir
    with wiring.first_contact(settings.database_url or wiring.sqlite_url(home), home) as engine:
        try:
            yield engine
        finally:
            engine.dispose()


def _standing() -> tuple[str | None, str]:
    """Version of the database (None: it isn't there yet) and the one this program knows."""
    from refund_desk import wiring
    from refund_desk.store import upgrade

    settings = Settings()
    if settings.database_url is None and wiring.is_empty(settings.data_dir):
        return None, upgrade.head()  # looking must not make a file
    with _database() as engine:
        return upgrade.current(engine), upgrade.head()


@app.command("upgrade")
def upgrade_database() -> None:
    """Bring the database to the newest schema. A SQLite file is copied first."""
    from refund_desk.store.upgrade import head, upgrade

    home = Settings().data_dir
    with _database() as engine:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        done = upgrade(engine, home)
    say("command.db.upgraded" if done else "command.db.current", version=head())


@app.command("current")
def current(json: AsJson = False) -> None:
    """Say at which version the database is."""
    found, head = _standing()
    if json:
        as_json({"version": found, "head": head})
    elif found is None:
        say("command.db.none")
    else:
        typer.echo(found)


@app.command("check")
def check(json: AsJson = False) -> None:
    """Exit code 0 if the database is at this program's version, 1 if not."""
    found, head = _standing()
    if json:
        as_json({"ok": found == head, "version": found, "head": head})
    elif found is None:
        say("command.db.none")
    else:
        say("command.db.current" if found == head else "command.db.differs", version=found, head=head)
    if found != head:
        raise typer.Exit(1)
