"""Persons, accounts and sign-in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused, TooMany, Unauthenticated
from refund_desk.domain.people import Principal, check_roles
from refund_desk.domain.words import Role
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.people import Account

SESSION = timedelta(hours=12)
API_TOKEN = timedelta(days=365)
FREE_TRIES = 5
LONGEST_BLOCK_S = 15 * 60
SHORTEST_PASSWORD = 10
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}\Z")


@dataclass(frozen=True, slots=True)
class Session:
    """A fresh session. `token` is shown once and never stored."""

    token: str
    expires_at: datetime
    principal: Principal
    language: str


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def principal(account: Account) -> Principal:
    return Principal(
        account.person_id, account.id, account.name, account.roles, account.login, must_change=account.must_change
    )


def clean_login(login: str) -> str:
    """As it is stored and compared."""
    return login.strip().casefold()


def check_throttle(work: Work, desk: Desk, login: str) -> None:
    """Raise `TooMany` while the login is blocked."""
    _, blocked = work.people.throttle(clean_login(login))
    now = desk.clock()
    if blocked and blocked > now:
        wait = int((blocked - now).total_seconds()) + 1
        raise TooMany("people.throttled", retry_after=wait)


def sign_in(work: Work, desk: Desk, login: str, right: bool) -> Session | None:
    """A session, or None for a wrong login or password, which is then counted: the edge must commit both.

    right: whether the password was, checked by the edge outside the transaction, for argon2 takes its time.

    The answer never tells which of the two was wrong, nor that an account is disabled.
    """
    name = clean_login(login)
    check_throttle(work, desk, name)
    account = work.people.account(name)
    now = desk.clock()
    if account is None or not right or account.disabled_at:
        failures = work.people.throttle(name)[0] + 1
        wait = 0 if failures < FREE_TRIES else min(2 ** (failures - FREE_TRIES), LONGEST_BLOCK_S)
        work.people.failed(name, failures, now + timedelta(seconds=wait) if wait else None, now)
        # The login is what somebody typed, a password at times: only a known account is named.
        who = Principal(0, 0, "", operator=f"account:{account.id}" if account else "system:nobody")
        work.audit("people.sign_in_failed", who, failures=failures)
        return None
    work.people.succeeded(name)
    me = principal(account)
    work.audit("people.signed_in", me)
    return _session(work, desk, account, me, now)


def _session(work: Work, desk: Desk, account: Account, me: Principal, now: datetime) -> Session:
    token = desk.secret(32).hex()
    work.people.add_token(account.id, digest(token), "session", None, now, now + SESSION)
    return Session(token, now + SESSION, me, account.language)


def wrong() -> Unauthenticated:
    """What the edge answers when `sign_in` gave None, after it committed the count."""
    return Unauthenticated("people.wrong_password")


def recognise(work: Work, desk: Desk, token: str) -> Principal:
    """Who a token belongs to. Raises `Unauthenticated` for one that is unknown, expired or revoked."""
    account = work.people.by_token(digest(token), desk.clock())
    if account is None:
        raise Unauthenticated("people.session_over")
    return principal(account)


def sign_out(work: Work, desk: Desk, who: Principal, token: str) -> None:
    work.people.revoke(digest(token), desk.clock())
    work.audit("people.signed_out", who)


def change_password(work: Work, desk: Desk, who: Principal, old: str, new: str) -> Session:
    """A new password of one's own. Every session ends; the answer is a fresh one."""
    account = work.people.account_by_id(who.account_id)
    check_throttle(work, desk, who.login)
    if account is None or not desk.passwords.verify(account.password_hash, old):
        raise Invalid("people.old_password_wrong")
    work.people.set_password(who.account_id, _new_hash(desk, new), must_change=False)
    work.people.revoke_all(who.account_id, desk.clock())
    work.audit("people.password_changed", who)
    fresh = work.people.account_by_id(who.account_id)
    assert fresh is not None
    return _session(work, desk, fresh, principal(fresh), desk.clock())


def _new_hash(desk: Desk, password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("people.password_short", least=SHORTEST_PASSWORD)
    if len(password) > 1024:
        raise Invalid("people.password_long", most=1024)
    return desk.passwords.hash(password)


def first_administrator(work: Work, desk: Desk, name: str, login: str, password: str, language: str) -> Session:
    """The first start makes the first administrator; with any account there, nobody does it this way again."""
    if work.people.count():
        raise Conflict("people.not_first")
    now = desk.clock()
    account = _add(work, desk, name, login, {Role.ADMINISTRATOR}, password, language, demo=False, must_change=False)
    me = principal(account)
    work.audit("people.first_administrator", me, account=account.id)
    return _session(work, desk, account, me, now)


def _add(
    work: Work,
    desk: Desk,
    name: str,
    login: str,
    roles: Iterable[Role],
    password: str | None,
    language: str,
    *,
    demo: bool,
    must_change: bool = True,
    person_id: int | None = None,
) -> Account:
    held = frozenset(roles)
    check_roles(held)
    clean = clean_login(login)
    if not _LOGIN.match(clean):
        raise Invalid("people.login_bad", login=login)
    if not name.strip():
        raise Invalid("people.name_missing")
    if work.people.account(clean):
        raise Conflict("people.login_taken", login=clean)
    if demo and not desk.home.demo:
        raise Refused("people.demo_outside", rule="home.demo", could=[])
    now = desk.clock()
    hashed = desk.passwords.hash(password or "") if demo else _new_hash(desk, password) if password else None
    person = person_id or work.people.add_person(name.strip(), now)
    account_id = work.people.add_account(person, clean, hashed, must_change, language, demo, now)
    work.people.set_roles(account_id, held, now)
    account = work.people.account_by_id(account_id)
    assert account is not None
    return account


@dataclass(frozen=True, slots=True)
class Made:
    """A new account. `wanted`: roles that wait for a second person; `one_time_password` is shown once."""

    account: Account
    wanted: frozenset[Role]
    one_time_password: str | None


def add_account(
    work: Work,
    desk: Desk,
    who: Principal,
    name: str,
    login: str,
    roles: Iterable[Role],
    password: str | None = None,
    language: str = "en",
    *,
    same_person_as: str | None = None,
    demo: bool = False,
) -> Made:
    """A new account, for a new person or (same_person_as: a login) for one who has an account already.

    Its roles wait for a second person's approval as soon as there is anybody who could give it.
    """
    permit(work, desk, who, "user.manage")
    held = frozenset(roles)
    person_id = None
    if same_person_as:
        other = find(work, same_person_as)
        if other.person_id == who.person_id and not who.is_desk:
            raise Refused("people.own_account", rule="user.not_self", could=[Role.ADMINISTRATOR.value])
        person_id = other.person_id
        # One person never gathers, over two accounts, roles that one account may not hold together.
        mine = [a.roles for a in work.people.accounts() if a.person_id == person_id and not a.disabled_at]
        check_roles(held.union(*mine))
    check_roles(held)
    waits = held if held and second_person(work, desk, who) else frozenset[Role]()
    one_time = None if password or demo else desk.secret(9).hex()
    account = _add(
        work,
        desk,
        name,
        login,
        held - waits,
        password or one_time or "",
        language,
        demo=demo,
        must_change=one_time is not None,
        person_id=person_id,
    )
    work.audit("people.added", who, account=account.id, person=account.person_id, roles=sorted(account.roles))
    return Made(account, waits, one_time)


def second_person(work: Work, desk: Desk, who: Principal) -> bool:
    """Whether anybody else could approve a change. A desk of one person grants alone, on record."""
    if who.is_desk:
        return False
    could = desk.process.current(work).activities["config.approve"].seats.r
    return any(
        a.person_id != who.person_id and a.disabled_at is None and a.roles.intersection(could)
        for a in work.people.accounts()
    )


def find(work: Work, login: str) -> Account:
    """The account of a login. Raises NotFound."""
    account = work.people.account(clean_login(login))
    if account is None:
        raise NotFound("people.no_account", login=login)
    return account


def set_roles(work: Work, desk: Desk, who: Principal, login: str, roles: Iterable[Role]) -> Account:
    """Change somebody's roles: enacted by `service.config` once a second person has approved it."""
    account = find(work, login)
    held = frozenset(roles)
    if account.person_id == who.person_id and not who.is_desk:
        raise Refused("people.own_roles", rule="user.not_self", could=[Role.ADMINISTRATOR.value])
    others = [a.roles for a in work.people.accounts() if a.person_id == account.person_id and a.id != account.id]
    check_roles(held.union(*others))
    if Role.ADMINISTRATOR in account.roles and Role.ADMINISTRATOR not in held:
        _keep_one_administrator(work, account)
    work.people.set_roles(account.id, held, desk.clock())
    work.audit("people.roles_changed", who, account=account.id, before=sorted(account.roles), after=sorted(held))
    return find(work, login)


def _keep_one_administrator(work: Work, leaving: Account) -> None:
    rest = [
        a for a in work.people.accounts() if Role.ADMINISTRATOR in a.roles and not a.disabled_at and a.id != leaving.id
    ]
    if not rest:
        raise Conflict("people.last_administrator")


def disable(work: Work, desk: Desk, who: Principal, login: str, disabled: bool = True) -> Account:
    """Disable (its sessions end at once) or enable an account. What it holds goes back to the queue."""
    permit(work, desk, who, "user.manage")
    account = find(work, login)
    if disabled and account.person_id == who.person_id and not who.is_desk:
        raise Refused("people.own_account", rule="user.not_self", could=[Role.ADMINISTRATOR.value])
    if disabled and Role.ADMINISTRATOR in account.roles:
        _keep_one_administrator(work, account)
    now = desk.clock()
    work.people.disable(account.id, now if disabled else None)
    if disabled:
        work.people.revoke_all(account.id, now)
    work.audit("people.disabled" if disabled else "people.enabled", who, account=account.id)
    return find(work, login)


def reset_password(work: Work, desk: Desk, who: Principal, login: str) -> tuple[Account, str]:
    """A one-time password, to be changed at the next sign-in. Ends all sessions of the account."""
    permit(work, desk, who, "user.manage")
    account = find(work, login)
    password = desk.secret(9).hex()
    work.people.set_password(account.id, desk.passwords.hash(password), must_change=True)
    work.people.revoke_all(account.id, desk.clock())
    work.people.succeeded(account.login)
    work.audit("people.password_reset", who, account=account.id)
    return find(work, login), password


def make_token(work: Work, desk: Desk, who: Principal, login: str, label: str) -> str:
    """An API token for an account, shown once."""
    permit(work, desk, who, "user.manage")
    account = find(work, login)
    now = desk.clock()
    token = desk.secret(32).hex()
    token_id = work.people.add_token(account.id, digest(token), "api", label, now, now + API_TOKEN)
    work.audit("people.token_made", who, account=account.id, token=token_id)
    return token


def accounts(work: Work, desk: Desk, who: Principal) -> list[Account]:
    permit(work, desk, who, "user.manage")
    return work.people.accounts()
