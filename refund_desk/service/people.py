"""Persons, accounts and sign-in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused, TooMany, Unauthenticated
from refund_desk.domain.people import DECIDING, Principal, check_roles
from refund_desk.domain.words import Role
from refund_desk.service.cases import give_back_all
from refund_desk.service.gate import must_be_person, permit
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


def check_throttle(work: Work, desk: Desk, login: str, *, lock: bool = False) -> int:
    """Failures so far; raises `TooMany` while the login is blocked. lock: until the commit nobody else counts."""
    failures, blocked = work.people.throttle(clean_login(login), lock)
    now = desk.clock()
    if blocked and blocked > now:
        wait = int((blocked - now).total_seconds()) + 1
        raise TooMany("people.throttled", retry_after=wait)
    return failures


def sign_in(work: Work, desk: Desk, login: str, right: bool) -> Session | None:
    """A session, or None for a wrong login or password, which is then counted: the edge must commit both.

    right: whether the password was, checked by the edge outside the transaction, for argon2 takes its time.

    The answer never tells which of the two was wrong, nor that an account is disabled.
    """
    name = clean_login(login)
    failures = check_throttle(work, desk, name, lock=True) + 1
    account = work.people.account(name)
    now = desk.clock()
    if account is None or not right or account.disabled_at:
        _count_failure(work, name, failures, now)
        # The login is what somebody typed, a password at times: only a known account is named.
        who = Principal(0, 0, "", operator=f"account:{account.id}" if account else "system:nobody")
        work.audit("people.sign_in_failed", who, failures=failures)
        return None
    work.people.succeeded(name)
    me = principal(account)
    work.audit("people.signed_in", me)
    return _session(work, desk, account, me, now)


def _count_failure(work: Work, name: str, failures: int, now: datetime) -> None:
    """From the fifth on each failure doubles the wait."""
    wait = 0 if failures < FREE_TRIES else min(2 ** min(failures - FREE_TRIES, 20), LONGEST_BLOCK_S)
    work.people.failed(name, failures, now + timedelta(seconds=wait) if wait else None, now)


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


@dataclass(frozen=True, slots=True)
class Hashed:
    """A new password as it is stored, made before the transaction: argon2 takes its time.

    one_time: the password itself where nobody chose it; shown once.
    """

    hash: str
    one_time: str | None = None


def new_password(desk: Desk, password: str) -> Hashed:
    """Hash a chosen password. Raises Invalid for one too short or too long."""
    return Hashed(_new_hash(desk, password))


def one_time_password(desk: Desk) -> Hashed:
    """A password for the next sign-in alone."""
    password = desk.secret(9).hex()
    return Hashed(desk.passwords.hash(password), password)


def current_hash(work: Work, desk: Desk, who: Principal) -> str | None:
    """What one's old password is checked against, outside the transaction; throttled like a sign-in."""
    must_be_person(who)
    check_throttle(work, desk, who.login)
    account = work.people.account_by_id(who.account_id)
    return account.password_hash if account else None


def change_password(work: Work, desk: Desk, who: Principal, right: bool, new: Hashed) -> Session | None:
    """A new password of one's own. Every session ends; the answer is a fresh one.

    right: whether the old password was. None: it wasn't, which is counted; the edge must commit that.
    """
    failures = check_throttle(work, desk, who.login, lock=True) + 1
    if not right:
        _count_failure(work, who.login, failures, desk.clock())
        work.audit("people.sign_in_failed", who, failures=failures)
        return None
    work.people.succeeded(who.login)
    work.people.set_password(who.account_id, new.hash, must_change=False)
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


def first_administrator(work: Work, desk: Desk, name: str, login: str, password: Hashed, language: str) -> Session:
    """The first start makes the first administrator; with any account there, nobody does it this way again."""
    work.people.lock_accounts()  # of two who come at once, one finds the other's
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
    password: Hashed | str | None,
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
    if isinstance(password, Hashed):
        hashed: str | None = password.hash
    else:
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
    password: Hashed | str | None = None,
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
    chosen = password if password or demo else one_time_password(desk)
    one_time = chosen.one_time if isinstance(chosen, Hashed) else None
    account = _add(
        work,
        desk,
        name,
        login,
        held - waits,
        chosen,
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
    """Change somebody's roles: enacted by `service.config` once a second person has approved it.

    Who decides from now on signs in anew: no token of before goes on.
    """
    work.people.lock_accounts()
    account = find(work, login)
    held = frozenset(roles)
    if account.person_id == who.person_id and not who.is_desk:
        raise Refused("people.own_roles", rule="user.not_self", could=[Role.ADMINISTRATOR.value])
    others = [a.roles for a in work.people.accounts() if a.person_id == account.person_id and a.id != account.id]
    check_roles(held.union(*others))
    if Role.ADMINISTRATOR in account.roles and Role.ADMINISTRATOR not in held:
        _keep_one_administrator(work, account)
    work.people.set_roles(account.id, held, desk.clock())
    if held & DECIDING and not account.roles & DECIDING:
        # A token made while it decided nothing would decide now, in whose hands it may be.
        work.people.revoke_all(account.id, desk.clock())
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
    work.people.lock_accounts()
    account = find(work, login)
    if disabled and account.person_id == who.person_id and not who.is_desk:
        raise Refused("people.own_account", rule="user.not_self", could=[Role.ADMINISTRATOR.value])
    if disabled and Role.ADMINISTRATOR in account.roles:
        _keep_one_administrator(work, account)
    now = desk.clock()
    mine = [a for a in work.people.accounts() if a.person_id == account.person_id and a.id != account.id]
    mine = [a for a in mine if not a.disabled_at]
    if not disabled:
        # Meanwhile the person may have got roles on another account that don't go with this one's.
        check_roles(account.roles.union(*(a.roles for a in mine)))
    work.people.disable(account.id, now if disabled else None)
    if disabled:
        work.people.revoke_all(account.id, now)
        if not any(Role.REVIEWER in a.roles for a in mine):
            give_back_all(work, desk, who, account.person_id)
    work.audit("people.disabled" if disabled else "people.enabled", who, account=account.id)
    return find(work, login)


def reset_password(work: Work, desk: Desk, who: Principal, login: str, password: Hashed) -> Account:
    """A one-time password, to be changed at the next sign-in. Ends all sessions of the account."""
    permit(work, desk, who, "user.manage")
    account = find(work, login)
    work.people.set_password(account.id, password.hash, must_change=True)
    work.people.revoke_all(account.id, desk.clock())
    work.people.succeeded(account.login)
    work.audit("people.password_reset", who, account=account.id)
    return find(work, login)


def make_token(work: Work, desk: Desk, who: Principal, login: str, label: str) -> str:
    """An API token for an account, shown once.

    None for an account that decides, unless by the machine's operator: whoever makes it could act as its person.
    """
    permit(work, desk, who, "user.manage")
    account = find(work, login)
    if account.roles & DECIDING and not who.is_desk:
        raise Refused("people.token_decides", rule="user.token", could=[])
    if account.disabled_at:
        raise Conflict("people.account_disabled", login=account.login)
    now = desk.clock()
    token = desk.secret(32).hex()
    token_id = work.people.add_token(account.id, digest(token), "api", label, now, now + API_TOKEN)
    work.audit("people.token_made", who, account=account.id, token=token_id)
    return token


def accounts(work: Work, desk: Desk, who: Principal, after: str = "", limit: int = 200) -> list[Account]:
    """A page of all accounts by login; after: the last login of the page before."""
    permit(work, desk, who, "user.manage")
    return work.people.accounts(after, limit)


MOST_VIEWS = 100


def save_view(work: Work, who: Principal, name: str, filters: Mapping[str, str]) -> None:
    """Save a view of one's own under its name."""
    must_be_person(who)
    others = [view for view in work.people.views(who.person_id) if view["name"] != name]
    if len(others) >= MOST_VIEWS:
        raise Conflict("view.too_many", most=MOST_VIEWS)
    work.people.save_view(who.person_id, name, filters)
