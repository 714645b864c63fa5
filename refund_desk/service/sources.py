"""Connections to outside systems: who may see, try and change them, and how they stand.

A connection changes by proposal and a second person's approval (`service.config`, kind `source`). Its
secrets are put into the vault when the change is proposed; the change, like the connection, only refers to
them. A reference belongs to one setting of one connection, so that nobody can have a secret sent elsewhere
under another name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from refund_desk.domain.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable
from refund_desk.domain.people import Principal
from refund_desk.domain.sources import COMMON, NAME, Heard, check_secrets, check_settings
from refund_desk.service import sending
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.sources import About, Connection, Connectors, Run, Session, Vault

__all__ = ["COMMON", "KIND", "MAX_HOOK", "Standing"]

KIND: Final = "source"
MAX_HOOK: Final = 256 * 1024
"""Bytes of a webhook that are read at all."""
HOOK_SECRET: Final = "hook"  # noqa: S105 - the setting's name
HEARD_FOR: Final = timedelta(days=7)
"""How long the id of a webhook is remembered; its time window is minutes."""
_REF: Final = re.compile(r"[a-z0-9_-]{1,40}/[a-z_]{1,40}/[0-9a-f]{16,64}\Z")


def connectors(desk: Desk) -> Connectors:
    if desk.connectors is None:
        raise NotFound("source.no_connector", connector="")
    return desk.connectors


def vault(desk: Desk) -> Vault:
    if desk.vault is None:
        raise Unavailable("secret.no_place")
    return desk.vault


# ---------------------------------------------------------------- changing


def check(work: Work, desk: Desk, name: str, content: Any) -> dict[str, Any]:
    """A connection's whole content, with defaults. Raises Invalid with everything that is wrong."""
    if not NAME.match(name):
        raise Invalid("source.name", name=name[:40])
    if not isinstance(content, Mapping) or content.keys() - {"connector", "settings", "secrets", "enabled"}:
        raise Invalid("source.content")
    about = connectors(desk).about(str(content.get("connector", "")))
    settings, secrets = content.get("settings", {}), content.get("secrets", {})
    if not isinstance(settings, Mapping) or not isinstance(secrets, Mapping):
        raise Invalid("source.content")
    now = work.sources.by_name(name)
    if now is not None and now.connector != about.name:
        raise Conflict("source.other_connector", name=name, connector=now.connector)
    for field, ref in secrets.items():
        if not isinstance(ref, str) or not _REF.match(ref) or not ref.startswith(f"{name}/{field}/"):
            raise Invalid("source.secret_ref", setting=str(field)[:40])
    check_secrets(about.settings, secrets)
    return {
        "connector": about.name,
        "settings": check_settings(about.settings, settings),
        "secrets": dict(secrets),
        "enabled": content.get("enabled", True) is True,
    }


def keep_secrets(desk: Desk, name: str, given: Mapping[str, str]) -> dict[str, str]:
    """Put secrets away; their references by setting. No transaction: a change that is refused drops them again."""
    if not NAME.match(name):
        raise Invalid("source.name", name=name[:40])
    return {field: vault(desk).put(f"{name}/{field}", value) for field, value in given.items()}


def drop_secrets(desk: Desk, refs: Mapping[str, str]) -> None:
    for ref in refs.values():
        vault(desk).drop(ref)


def proposed(work: Work, desk: Desk, name: str, content: Mapping[str, Any], new: Mapping[str, str]) -> dict[str, Any]:
    """The content of a change: what is given, and the secrets that stay as they are."""
    now = work.sources.by_name(name)
    kept = dict(now.secrets) if now is not None else {}
    return check(work, desk, name, {**content, "secrets": {**kept, **new}})


def standing(work: Work, name: str) -> Any:
    """A connection's content as it is now, {} for one that isn't there."""
    now = work.sources.by_name(name)
    return {} if now is None else now.content


def enact(work: Work, desk: Desk, who: Principal, name: str, content: Any, change_id: int) -> None:
    """What two people agreed on holds from now on. Secrets that nothing refers to any more are dropped by `sweep`."""
    checked = check(work, desk, name, content)
    work.sources.save(name, checked, desk.secret(32), desk.clock(), change_id)
    work.audit("source.changed", who, source=name, connector=checked["connector"], enabled=checked["enabled"])


# ---------------------------------------------------------------- seeing


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection with how it goes."""

    connection: Connection
    runs: Sequence[Run]
    cursors: Mapping[str, Mapping[str, Any]]
    quarantined: int
    hints: int


def every(work: Work, desk: Desk, who: Principal) -> list[Standing]:
    permit(work, desk, who, "source.read")
    return [_standing(work, connection, runs=1) for connection in work.sources.all()]


def one(work: Work, desk: Desk, who: Principal, name: str, runs: int = 20) -> Standing:
    permit(work, desk, who, "source.read")
    return _standing(work, find(work, name), runs)


def offered(work: Work, desk: Desk, who: Principal) -> Sequence[About]:
    """Connectors that this installation has."""
    permit(work, desk, who, "source.read")
    return () if desk.connectors is None else desk.connectors.all()


def _standing(work: Work, connection: Connection, runs: int) -> Standing:
    return Standing(
        connection,
        work.sources.runs(connection.id, runs),
        work.sources.cursors(connection.id),
        work.intake.quarantined_of(connection.name),
        len(work.sources.hints(connection.id, 1000)),
    )


def find(work: Work, name: str) -> Connection:
    connection = work.sources.by_name(name)
    if connection is None:
        raise NotFound("source.not_found", name=name[:40])
    return connection


# ---------------------------------------------------------------- trying


def to_try(
    work: Work,
    desk: Desk,
    who: Principal,
    name: str,
    connector: str,
    settings: Mapping[str, Any],
    new: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings and secrets to test a connection with, before anybody approves it.

    A secret that is kept goes only where it goes already: other settings need it typed in again, or one
    person alone could have it sent to an address of their own.
    """
    permit(work, desk, who, "config.propose")
    about = connectors(desk).about(connector)
    checked = check_settings(about.settings, settings)
    now = work.sources.by_name(name)
    same = now is not None and now.connector == connector and dict(now.settings) == checked
    kept = {field: vault(desk).get(ref) for field, ref in now.secrets.items()} if now is not None and same else {}
    secrets = {**kept, **new}
    check_secrets(about.settings, secrets)
    work.audit("source.tried", who, source=name, connector=connector)
    return checked, secrets


def open_session(desk: Desk, connection: Connection) -> Session:
    """A connection at work. Raises Unavailable for a secret that is gone."""
    secrets = {field: vault(desk).get(ref) for field, ref in connection.secrets.items()}
    return connectors(desk).open(connection.connector, connection.name, connection.settings, secrets)


# ---------------------------------------------------------------- webhooks


def hook_of(work: Work, desk: Desk, name: str) -> tuple[Connection, str]:
    """The connection a webhook is for, and the secret it has to be signed with.

    Raises NotFound, the same whether there is no such connection, it is off or it takes none.
    """
    connection = work.sources.by_name(name) if NAME.match(name) else None
    ref = connection.secrets.get(HOOK_SECRET) if connection is not None and connection.enabled else None
    if connection is None or ref is None:
        raise NotFound("hook.not_found")
    return connection, vault(desk).get(ref)


def hear(desk: Desk, connection: Connection, secret: str, headers: Mapping[str, str], body: bytes) -> Heard:
    """What a webhook says, if it holds; before any transaction. Raises TooLarge, Invalid."""
    if len(body) > MAX_HOOK:
        raise TooLarge("body.too_large", limit=MAX_HOOK)
    found = connectors(desk).hear(connection.connector, headers, body, secret, desk.clock())
    if not found.event:
        raise Invalid("hook.no_id")
    return found


def heard(work: Work, desk: Desk, connection: Connection, found: Heard) -> bool:
    """Take a webhook as a hint to read and ask again. False: it came before. It changes nothing by itself."""
    now = desk.clock()
    if not work.sources.heard(connection.id, found.event[:200], now):
        return False
    work.sources.add_hints(connection.id, found.hints, now)
    work.sources.ask_for(connection.id, now)
    for payment in found.payments:
        sending.hint(work, desk, connection.name, payment)
    return True


def forget_old(work: Work, now: datetime) -> None:
    work.sources.forget_heard(now - HEARD_FOR)
