"""`refund-desk db …`: the database that serve and worker stand on, or the home's: its schema, its rights, its past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from refund_desk.commands.calling import AsJson, os_user
from refund_desk.commands.printing import as_json, say, words
from refund_desk.domain.errors import Conflict, NotFound, Unavailable
from refund_desk.domain.people import Principal
from refund_desk.service.restores import clean_reason
from refund_desk.settings import Settings

if TYPE_CHECKING:
    from refund_desk.service.restores import Loss
    from refund_desk.wiring import House

app = typer.Typer(no_args_is_help=True, add_completion=False)


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


@app.command("grant")
def grant(role: Annotated[str, typer.Argument(metavar="ROLE")]) -> None:
    """PostgreSQL: give a role the rights to serve, and none to change the log. Run it as the owner of the tables."""
    from refund_desk.store import guards

    found, head = _standing()
    if found != head:
        raise Conflict("database.not_current", found=found, known=head)
    with _database() as engine, engine.begin() as connection:
        guards.grant_service(connection, role)
    say("command.db.granted", name=role, count=len(guards.APPEND_ONLY))


@app.command("accept-restore")
def accept_restore(
    reason: Annotated[str | None, typer.Option(help="help.db.accept-restore.reason")] = None,
    checkpoint: Annotated[list[Path] | None, typer.Option(help="help.db.accept-restore.checkpoint")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="help.db.accept-restore.yes")] = False,
) -> None:
    """Go on with a database that was restored from a backup on purpose. Stop the service before."""
    with _alone() as house:
        loss = house.loss([_kept(path) for path in checkpoint or []])
        _say_loss(house, loss)
        why = clean_reason(reason if reason is not None else typer.prompt(words().tr("command.restore.reason")))
        if not yes:
            typer.confirm(words().tr("command.restore.sure"), abort=True)
        name = os_user()
        house.accept_restore(Principal(0, 0, name, operator=f"local-operator:{name}"), loss, why)
        say("command.restore.done", epoch=loss.epoch, key=house.log_key())


@contextmanager
def _alone() -> Iterator[House]:
    """The desk that serve would open, with nothing else at work on it."""
    from refund_desk import wiring

    settings = Settings()
    home, url = settings.data_dir, settings.database_url
    if url is None and wiring.is_empty(home):
        raise Unavailable("audit.no_database", path=str(home))  # opening it would make one
    with wiring.home_lock(home):
        house = wiring.team(url or wiring.sqlite_url(home), home, settings, wiring.Parts(worker=False))
        with closing(house):
            yield house


def _kept(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise NotFound("audit.target_missing", path=str(path)) from None


def _say_loss(house: House, loss: Loss) -> None:
    """What accepting it would leave, named before anybody is asked."""
    say("command.restore.here", size=loss.size, good=loss.good)
    if loss.last is None:
        say("command.restore.epochs", epoch=loss.epoch)
        return
    say("command.restore.lost", count=len(loss.lost), last=loss.last.size, at=house.files.written_at(loss.last.size))
    say("command.restore.beyond", count=max(0, loss.last.size - loss.good))
