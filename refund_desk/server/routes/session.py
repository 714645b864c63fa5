"""Sign-in, the first administrator, one's own account."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from refund_desk import __version__
from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.people import Principal
from refund_desk.server.call import Caller, House
from refund_desk.service import people
from refund_desk.service.ports import Work
from refund_desk.wire import commands as c
from refund_desk.wire.base import PersonRef

router = APIRouter(tags=["session"])


def me(who: Principal, language: str) -> c.Me:
    return c.Me(
        person=PersonRef(id=who.person_id, name=who.name),
        login=who.login,
        roles=sorted(who.roles),
        language=language,
        must_change=who.must_change,
    )


def session_view(session: people.Session) -> c.SessionView:
    return c.SessionView(token=session.token, expires_at=session.expires_at, me=me(session.principal, session.language))


@router.get("/status")
def status(request: Request) -> c.DeskStatus:
    """What a desk says before anybody signs in."""
    house: House = request.app.state.house
    with house.read() as work:
        first = work.people.count() == 0
        demo = [a for a in work.people.accounts() if a.demo] if house.desk.home.demo else []
    return c.DeskStatus(
        version=__version__,
        first_start=first,
        demo=house.desk.home.demo,
        embedded=house.desk.home.embedded,
        now=house.desk.clock(),
        currency=request.app.state.currency,
        log_key=house.log_key(),
        demo_logins=[a.login for a in demo],
        demo_accounts=[c.DemoAccount(login=a.login, name=a.name, roles=sorted(a.roles)) for a in demo],
    )


@router.post("/session")
def sign_in(request: Request, body: c.SignIn) -> c.SessionView:
    """Sign in with a password. Throttled by login: 429 with Retry-After."""
    house: House = request.app.state.house
    with house.read() as work:
        people.check_throttle(work, house.desk, body.login)
        account = work.people.account(people.clean_login(body.login))
    # argon2 takes its time: not while the write lock is held.
    right = house.desk.passwords.verify(account.password_hash if account else None, body.password)
    with house.write() as work:
        session = people.sign_in(work, house.desk, body.login, right)
    if session is None:
        raise people.wrong()
    return session_view(session)


@router.delete("/session", status_code=204)
def sign_out(call: Caller) -> Response:
    """End this session: its token is worth nothing any more."""
    return call.write(lambda work, who: people.sign_out(work, call.desk, who, call.token), status=204)


@router.post("/first-administrator")
def first_administrator(request: Request, body: c.FirstAdministrator) -> c.SessionView:
    """The first start makes the first administrator; with any account there it answers 409."""
    house: House = request.app.state.house
    with house.read() as work:
        if work.people.count():
            raise Conflict("people.not_first")
    password = people.new_password(house.desk, body.password)
    with house.write() as work:
        session = people.first_administrator(work, house.desk, body.name, body.login, password, body.language)
    return session_view(session)


@router.get("/me")
def who_am_i(call: Caller) -> c.Me:
    """Whom the service takes the caller for."""

    def use(work: Work, who: Principal) -> c.Me:
        account = work.people.account_by_id(who.account_id)
        return me(who, account.language if account else "en")

    return call.read(use)


@router.put("/me/language", response_model=c.Me)
def set_language(call: Caller, body: c.Language) -> Response:
    """The language one is spoken to in."""

    def use(work: Work, who: Principal) -> c.Me:
        work.people.set_language(who.account_id, body.language)
        return me(who, body.language)

    return call.write(use, body=body)


@router.post("/me/password", response_model=c.SessionView)
def change_password(call: Caller, body: c.NewPassword) -> Response:
    """All sessions end; the answer carries a fresh one. A wrong old password counts like a failed sign-in."""
    passwords = call.desk.passwords
    stored = call.read(lambda work, who: people.current_hash(work, call.desk, who))
    right, new = passwords.verify(stored, body.old), people.new_password(call.desk, body.new)
    call.key = None  # with it done the old session is over: there is nobody to repeat it
    made: list[people.Session] = []

    def use(work: Work, who: Principal) -> c.SessionView | None:
        session = people.change_password(work, call.desk, who, right, new)
        made.extend([session] if session else [])
        return session_view(session) if session else None

    answer = call.write(use, body=None)
    if not made:
        raise Invalid("people.old_password_wrong")
    return answer
