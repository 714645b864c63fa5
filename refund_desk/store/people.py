"""Persons, accounts, tokens, throttle, saved views, marks, and versions of settings, in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, text, update

from refund_desk.domain.words import Role
from refund_desk.service.ports.people import Account
from refund_desk.store.statements import insert_of
from refund_desk.store.tables.people import (
    account,
    account_role,
    config_change,
    config_version,
    desk_mark,
    person,
    saved_view,
    sign_in_throttle,
    token,
)

_HELD = (
    select(func.aggregate_strings(account_role.c.role, ","))
    .where(account_role.c.account_id == account.c.id)
    .scalar_subquery()
)
_ACCOUNTS = select(account, person.c.name.label("person_name"), _HELD.label("roles")).join(
    person, person.c.id == account.c.person_id
)
_BY_LOGIN = _ACCOUNTS.where(account.c.login == bindparam("login"))
_BY_ID = _ACCOUNTS.where(account.c.id == bindparam("id"))
_BY_TOKEN = _ACCOUNTS.join(token, token.c.account_id == account.c.id).where(
    token.c.digest == bindparam("digest"), token.c.revoked_at.is_(None), token.c.expires_at > bindparam("now")
)

_NAMES = select(person.c.id, person.c.name).where(person.c.id.in_(bindparam("ids", expanding=True)))
_HOLDERS = (
    select(account_role.c.role, person.c.id, person.c.name)
    .join(account, account.c.id == account_role.c.account_id)
    .join(person, person.c.id == account.c.person_id)
    .where(account_role.c.role.in_(bindparam("roles", expanding=True)), account.c.disabled_at.is_(None))
    .distinct()
    .order_by(person.c.name, person.c.id)
)
_LATEST = select(func.max(config_version.c.id))

_MARK = select(desk_mark.c.value).where(desk_mark.c.key == bindparam("key"))


class PeopleRepo:
    """Everything about who acts, and about settings that change by a second person's approval."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._latest: int | None = None
        self._insert = insert_of(connection.dialect.name)

    # ------------------------------------------------------------ accounts

    def _load(self, query: Select[Any], **values: Any) -> list[Account]:
        return [
            Account(
                id=row["id"],
                person_id=row["person_id"],
                name=row["person_name"],
                login=row["login"],
                roles=frozenset(map(Role, row["roles"].split(","))) if row["roles"] else frozenset(),
                password_hash=row["password_hash"],
                must_change=row["must_change"],
                language=row["language"],
                disabled_at=row["disabled_at"],
                demo=row["demo"],
            )
            for row in self._c.execute(query, values).mappings()
        ]

    def count(self) -> int:
        return int(self._c.execute(select(func.count()).select_from(account)).scalar_one())

    def account(self, login: str) -> Account | None:
        found = self._load(_BY_LOGIN, login=login)
        return found[0] if found else None

    def account_by_id(self, account_id: int) -> Account | None:
        found = self._load(_BY_ID, id=account_id)
        return found[0] if found else None

    def accounts(self, after: str = "", limit: int | None = None) -> list[Account]:
        """By login, those after one; no limit: all."""
        return self._load(_ACCOUNTS.where(account.c.login > after).order_by(account.c.login).limit(limit))

    def lock_accounts(self) -> None:
        """Until the commit nobody else changes accounts: for rules about all of them. SQLite's writers do anyway."""
        if self._c.dialect.name == "postgresql":
            self._c.execute(text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))

    def add_person(self, name: str, at: datetime) -> int:
        return int(self._c.execute(insert(person).values(name=name, created_at=at).returning(person.c.id)).scalar_one())

    def add_account(
        self,
        person_id: int,
        login: str,
        password_hash: str | None,
        must_change: bool,
        language: str,
        demo: bool,
        at: datetime,
    ) -> int:
        values = {
            "person_id": person_id,
            "login": login,
            "password_hash": password_hash,
            "must_change": must_change,
            "language": language,
            "demo": demo,
            "created_at": at,
        }
        return int(self._c.execute(insert(account).values(**values).returning(account.c.id)).scalar_one())

    def set_roles(self, account_id: int, roles: Iterable[Role], at: datetime) -> None:
        self._c.execute(delete(account_role).where(account_role.c.account_id == account_id))
        rows = [{"account_id": account_id, "role": role.value, "granted_at": at} for role in sorted(set(roles))]
        if rows:
            self._c.execute(insert(account_role), rows)

    def set_password(self, account_id: int, password_hash: str, must_change: bool) -> None:
        values = {"password_hash": password_hash, "must_change": must_change}
        self._c.execute(update(account).where(account.c.id == account_id).values(**values))

    def set_language(self, account_id: int, language: str) -> None:
        self._c.execute(update(account).where(account.c.id == account_id).values(language=language))

    def disable(self, account_id: int, at: datetime | None) -> None:
        self._c.execute(update(account).where(account.c.id == account_id).values(disabled_at=at))

    def names(self, person_ids: Iterable[int]) -> dict[int, str]:
        return {row.id: row.name for row in self._c.execute(_NAMES, {"ids": sorted(set(person_ids))})}

    def persons_with(self, roles: Iterable[Role]) -> dict[Role, list[tuple[int, str]]]:
        """Who holds each role now, by name; disabled accounts don't count."""
        wanted = [role.value for role in roles]
        out: dict[Role, list[tuple[int, str]]] = {Role(role): [] for role in wanted}
        for role, person_id, name in self._c.execute(_HOLDERS, {"roles": wanted}):
            out[Role(role)].append((person_id, name))
        return out

    # ------------------------------------------------------------ tokens and throttle

    def add_token(
        self, account_id: int, digest: bytes, kind: str, label: str | None, at: datetime, expires: datetime
    ) -> int:
        values = {
            "account_id": account_id,
            "digest": digest,
            "kind": kind,
            "label": label,
            "created_at": at,
            "expires_at": expires,
        }
        return int(self._c.execute(insert(token).values(**values).returning(token.c.id)).scalar_one())

    def by_token(self, digest: bytes, now: datetime) -> Account | None:
        found = self._load(_BY_TOKEN, digest=digest, now=now)
        return found[0] if found and not found[0].disabled_at else None

    def revoke(self, digest: bytes, at: datetime) -> None:
        self._c.execute(update(token).where(token.c.digest == digest).values(revoked_at=at))

    def revoke_all(self, account_id: int, at: datetime) -> None:
        where = (token.c.account_id == account_id, token.c.revoked_at.is_(None))
        self._c.execute(update(token).where(*where).values(revoked_at=at))

    def throttle(self, login: str, lock: bool = False) -> tuple[int, datetime | None]:
        if lock and self._c.dialect.name == "postgresql":
            self._c.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"login {login}"})
        query = select(sign_in_throttle).where(sign_in_throttle.c.login == login)
        row = self._c.execute(query).one_or_none()
        return (row.failures, row.blocked_until) if row else (0, None)

    def failed(self, login: str, failures: int, blocked_until: datetime | None, at: datetime) -> None:
        put = self._insert(sign_in_throttle).values(
            login=login, failures=failures, blocked_until=blocked_until, last_at=at
        )
        new = {"failures": failures, "blocked_until": blocked_until, "last_at": at}
        self._c.execute(put.on_conflict_do_update(index_elements=["login"], set_=new))

    def forget_failures(self, before: datetime) -> None:
        """Logins nobody has tried since: whoever guesses names fills no table."""
        self._c.execute(delete(sign_in_throttle).where(sign_in_throttle.c.last_at < before))

    def succeeded(self, login: str) -> None:
        self._c.execute(delete(sign_in_throttle).where(sign_in_throttle.c.login == login))

    # ------------------------------------------------------------ saved views and marks

    def views(self, person_id: int) -> Sequence[Mapping[str, Any]]:
        query = select(saved_view).where(saved_view.c.person_id == person_id).order_by(saved_view.c.name)
        return [dict(row._mapping) for row in self._c.execute(query)]

    def save_view(self, person_id: int, name: str, filters: Mapping[str, Any]) -> None:
        put = self._insert(saved_view).values(person_id=person_id, name=name, filters=dict(filters))
        key = ["person_id", "name"]
        self._c.execute(put.on_conflict_do_update(index_elements=key, set_={"filters": put.excluded.filters}))

    def drop_view(self, person_id: int, name: str) -> None:
        self._c.execute(delete(saved_view).where(saved_view.c.person_id == person_id, saved_view.c.name == name))

    def mark(self, key: str) -> str | None:
        return self._c.execute(_MARK, {"key": key}).scalar_one_or_none()

    def set_mark(self, key: str, value: str) -> None:
        put = self._insert(desk_mark).values(key=key, value=value)
        self._c.execute(put.on_conflict_do_update(index_elements=["key"], set_={"value": value}))

    # ------------------------------------------------------------ settings by a second person's approval

    def add_change(self, **columns: Any) -> int:
        query = insert(config_change).values(**columns).returning(config_change.c.id)
        return int(self._c.execute(query).scalar_one())

    def changes(self, before: int | None = None, limit: int = 200) -> Sequence[Mapping[str, Any]]:
        """Newest first."""
        query = select(config_change).order_by(config_change.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(config_change.c.id < before)
        return [dict(row._mapping) for row in self._c.execute(query)]

    def change(self, change_id: int, lock: bool = False) -> Mapping[str, Any] | None:
        query = select(config_change).where(config_change.c.id == change_id)
        if lock:
            query = query.with_for_update()
        row = self._c.execute(query).one_or_none()
        return dict(row._mapping) if row else None

    def settle_change(self, change_id: int, **columns: Any) -> None:
        self._c.execute(update(config_change).where(config_change.c.id == change_id).values(**columns))

    def add_version(self, **columns: Any) -> int:
        self._latest = None
        query = insert(config_version).values(**columns).returning(config_version.c.id)
        return int(self._c.execute(query).scalar_one())

    def latest_version(self) -> int:
        """Id of the newest version of any setting; 0 where only the shipped ones hold. Asked once a transaction."""
        if self._latest is None:
            self._latest = int(self._c.execute(_LATEST).scalar_one() or 0)
        return self._latest

    def versions(self, kind: str) -> Sequence[Mapping[str, Any]]:
        query = select(config_version).where(config_version.c.kind == kind).order_by(config_version.c.id)
        return [dict(row._mapping) for row in self._c.execute(query)]
