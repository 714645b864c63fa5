"""Signing in: throttled, telling nothing, tokens as digests; and accounts under rules about all of them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from refund_desk.domain.words import Role
from refund_desk.service import people
from tests.api.conftest import NewDesk
from tests.fakes.desk_api import LOGINS, PASSWORD, DeskApi


def sign_in(desk: DeskApi, login: str, password: str = PASSWORD) -> Any:
    return desk.call("POST", "/session", {"login": login, "password": password})


def test_a_session(desk_api: DeskApi) -> None:
    signed = sign_in(desk_api, "  Reviewer ").json()
    assert (signed["me"]["login"], signed["me"]["roles"]) == ("reviewer", ["reviewer"])
    assert desk_api.call("GET", "/me", token=signed["token"]).json() == signed["me"]
    assert desk_api.call("DELETE", "/session", token=signed["token"]).status_code == 204
    assert desk_api.call("GET", "/me", token=signed["token"]).json()["code"] == "people.session_over"
    assert desk_api.call("GET", "/me", by="reviewer").is_success, "another session goes on"


def test_a_wrong_password_tells_nothing(desk_api: DeskApi) -> None:
    desk_api.call("POST", "/users/risk/disable", by="administrator")
    answers = [
        sign_in(desk_api, "reviewer", "not the one at all"),
        sign_in(desk_api, "nobody.of.this.name", "not the one at all"),
        sign_in(desk_api, "risk"),
        sign_in(desk_api, "", ""),
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert answers[0].json()["code"] == "people.wrong_password"
    last = desk_api.entries("people.sign_in_failed")[-1]
    assert "nobody.of.this.name" not in str(desk_api.entries("people.sign_in_failed"))
    assert last["actor"] == "system:nobody"


def test_who_fails_waits_twice_as_long_each_time(desk_api: DeskApi) -> None:
    for _ in range(people.FREE_TRIES):
        assert sign_in(desk_api, "reviewer", "wrong wrong wrong").status_code == 401
    waits = []
    for _ in range(5):
        blocked = sign_in(desk_api, "reviewer")
        assert (blocked.status_code, blocked.json()["code"]) == (429, "people.throttled")
        wait = int(blocked.headers["retry-after"])
        assert blocked.json()["params"] == {"retry_after": wait}
        waits.append(wait)
        desk_api.clock.forward(seconds=wait)
        assert sign_in(desk_api, "reviewer", "wrong wrong wrong").status_code == 401
    assert waits == [2, 3, 5, 9, 17]  # 1, 2, 4, 8, 16 seconds, and the one that is under way
    assert sign_in(desk_api, "supervisor").is_success, "others are not blocked"
    desk_api.clock.forward(seconds=40)
    assert sign_in(desk_api, "reviewer").is_success
    assert sign_in(desk_api, "reviewer", "wrong wrong wrong").status_code == 401, "and one begins anew"
    assert sign_in(desk_api, "reviewer").is_success


def test_the_wait_has_an_end(desk_api: DeskApi) -> None:
    with desk_api.house.write() as work:
        work.people.failed("reviewer", 10_000, None, desk_api.clock())
    assert sign_in(desk_api, "reviewer", "wrong wrong wrong").status_code == 401
    assert int(sign_in(desk_api, "reviewer").headers["retry-after"]) == people.LONGEST_BLOCK_S + 1


def test_guesses_at_once_all_count(desk_api: DeskApi) -> None:
    async def guesses() -> list[int]:
        body = {"login": "reviewer", "password": "a guess among many"}
        answers = await asyncio.gather(*(desk_api.send("POST", "/session", body) for _ in range(12)))
        return [answer.status_code for answer in answers]

    statuses = desk_api.run(guesses())
    assert set(statuses) == {401, 429}
    with desk_api.house.read() as work:
        failures, blocked = work.people.throttle("reviewer")
    assert failures == statuses.count(401) == people.FREE_TRIES
    assert blocked is not None


def test_nothing_secret_is_stored(desk_api: DeskApi) -> None:
    token = sign_in(desk_api, "reviewer").json()["token"]
    made = desk_api.call("POST", "/users/warehouse/tokens", {"label": "till"}, by="administrator").json()["token"]
    assert desk_api.call("GET", "/me", token=made).json()["login"] == "warehouse"
    with desk_api.house.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT digest FROM token").scalars().all()
        hashes = connection.exec_driver_sql("SELECT password_hash FROM account").scalars().all()
        entries = connection.exec_driver_sql("SELECT bytes FROM audit_entry").scalars().all()
    stored = [bytes(row) for row in rows]
    assert people.digest(token) in stored
    assert people.digest(made) in stored
    everything = b"".join([*stored, *(bytes(entry) for entry in entries)])
    for secret in (token, made, PASSWORD):
        assert secret.encode() not in everything
        assert bytes.fromhex(secret) not in everything if secret != PASSWORD else True
    assert all(found.startswith("$argon2id$") for found in hashes)


def test_a_new_password_ends_every_session(desk_api: DeskApi) -> None:
    other = sign_in(desk_api, "reviewer").json()["token"]
    wrong = desk_api.call("POST", "/me/password", {"old": "not it", "new": "a brand new password"}, by="reviewer")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "people.old_password_wrong")
    short = desk_api.call("POST", "/me/password", {"old": PASSWORD, "new": "short"}, by="reviewer")
    assert (short.status_code, short.json()["params"]) == (422, {"least": people.SHORTEST_PASSWORD})
    body = {"old": PASSWORD, "new": "a brand new password"}
    fresh = desk_api.call("POST", "/me/password", body, by="reviewer", key="k").json()
    assert desk_api.call("GET", "/me", token=fresh["token"]).is_success
    for token in (other, desk_api.tokens["reviewer"]):
        assert desk_api.call("GET", "/me", token=token).status_code == 401
    assert sign_in(desk_api, "reviewer").status_code == 401
    assert sign_in(desk_api, "reviewer", body["new"]).is_success


def test_guessing_the_old_password_is_throttled_too(desk_api: DeskApi) -> None:
    """With a stolen session nobody tries a list of passwords."""
    body = {"old": "a guess", "new": "a brand new password"}
    answers = [desk_api.call("POST", "/me/password", body, by="reviewer") for _ in range(people.FREE_TRIES + 1)]
    assert [answer.status_code for answer in answers] == [422] * people.FREE_TRIES + [429]
    assert desk_api.call("POST", "/me/password", {**body, "old": PASSWORD}, by="reviewer").status_code == 429


def test_argon2_never_runs_under_the_write_lock(desk_api: DeskApi) -> None:
    """Held in the middle of a hash, nobody else is kept waiting: a write goes through meanwhile."""
    house, reached, go_on = desk_api.house, threading.Event(), threading.Event()
    passwords = house.desk.passwords
    open_writes: list[bool] = []

    class Slow:
        def hash(self, password: str) -> str:
            self._wait()
            return passwords.hash(password)

        def verify(self, password_hash: str | None, password: str) -> bool:
            self._wait()
            return passwords.verify(password_hash, password)

        def _wait(self) -> None:
            reached.set()
            assert go_on.wait(30)

    object.__setattr__(house.desk, "passwords", Slow())
    calls: list[tuple[str, str, Any, str | None]] = [
        ("POST", "/session", {"login": "reviewer", "password": PASSWORD}, None),
        ("POST", "/users", {"name": "N", "login": "n.n", "roles": []}, "administrator"),
        ("POST", "/users/risk/reset", None, "administrator"),
        ("POST", "/me/password", {"old": PASSWORD, "new": "a brand new password"}, "lead"),
    ]

    async def one(method: str, path: str, body: Any, by: str | None) -> int:
        reached.clear()
        go_on.clear()
        slow = asyncio.ensure_future(desk_api.send(method, path, body, by=by))
        assert await asyncio.to_thread(reached.wait, 30)
        answer = await desk_api.send("PUT", "/me/language", {"language": "zh"}, by="supervisor")
        open_writes.append(answer.is_success and not slow.done())
        go_on.set()
        return (await slow).status_code

    try:
        assert [desk_api.run(one(*call)) for call in calls] == [200] * len(calls)
    finally:
        object.__setattr__(house.desk, "passwords", passwords)
    assert open_writes == [True] * len(calls)


# ---------------------------------------------------------------- the first administrator


def test_the_first_administrator_is_made_once(new_desk: NewDesk) -> None:
    desk = new_desk()
    with desk.house.engine.begin() as connection:  # as on the first start: nobody
        for table in ("token", "account_role", "account"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert desk.call("GET", "/status").json()["first_start"]

    async def race() -> list[Any]:
        bodies = [{"name": f"A {n}", "login": f"admin.{n}", "password": PASSWORD} for n in range(4)]
        return await asyncio.gather(*(desk.send("POST", "/first-administrator", body) for body in bodies))

    answers = desk.run(race())
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"people.not_first"}
    token = next(answer.json()["token"] for answer in answers if answer.status_code == 200)
    assert len(desk.call("GET", "/users", token=token).json()) == 1
    assert not desk.call("GET", "/status").json()["first_start"]


# ---------------------------------------------------------------- roles by a second person


def test_roles_wait_for_a_second_person(desk_api: DeskApi) -> None:
    new = {"name": "New One", "login": "new.one", "roles": ["reviewer", "risk"], "password": "a password of theirs"}
    made = desk_api.call("POST", "/users", new, by="administrator").json()
    assert (made["user"]["roles"], made["change"]) == ([], 1)
    own = desk_api.call("POST", "/config/changes/1/approve", {"reason": "yes"}, by="administrator")
    assert (own.status_code, own.json()["code"]) == (403, "config.own_change")
    assert own.json()["params"]["rule"] == "config.second_person"
    assert desk_api.call("POST", "/config/changes/1/approve", {"reason": "yes"}, by="lead").is_success
    token = sign_in(desk_api, "new.one", "a password of theirs").json()["token"]
    assert desk_api.call("GET", "/me", token=token).json()["roles"] == ["reviewer", "risk"]
    again = desk_api.call("POST", "/config/changes/1/decline", {"reason": "no"}, by="lead2")
    assert (again.status_code, again.json()["code"]) == (409, "config.settled")


def test_nobody_changes_their_own_roles(desk_api: DeskApi) -> None:
    change = {"kind": "roles", "subject": "lead", "content": ["lead", "finance"], "reason": "small team"}
    own = desk_api.call("POST", "/config/changes", change, by="lead")
    assert (own.status_code, own.json()["code"]) == (403, "people.own_roles")
    number = desk_api.call("POST", "/config/changes", change, by="administrator").json()["id"]
    mine = desk_api.call("POST", f"/config/changes/{number}/approve", {"reason": "yes"}, by="lead")
    assert (mine.status_code, mine.json()["code"]) == (403, "people.own_roles")
    assert desk_api.call("GET", "/config/changes", by="lead").json()[0]["status"] == "open", "the refusal undid it"
    assert desk_api.call("POST", f"/config/changes/{number}/approve", {"reason": "yes"}, by="lead2").is_success


def test_an_administrator_holds_no_deciding_role_whichever_account(desk_api: DeskApi) -> None:
    for role in ("reviewer", "supervisor", "lead", "finance", "risk", "compliance"):
        body = {"name": "x", "login": f"x.{role}", "roles": ["administrator", role], "password": PASSWORD}
        answer = desk_api.call("POST", "/users", body, by="administrator")
        assert (answer.status_code, answer.json()["code"]) == (403, "people.administrator_decides")
    second = {"name": "x", "login": "x.2", "roles": ["reviewer"], "password": PASSWORD}
    across = desk_api.call("POST", "/users", {**second, "same_person_as": "administrator2"}, by="administrator")
    assert (across.status_code, across.json()["code"]) == (403, "people.administrator_decides")
    mine = desk_api.call("POST", "/users", {**second, "same_person_as": "administrator"}, by="administrator")
    assert (mine.status_code, mine.json()["code"]) == (403, "people.own_account")
    # An account that slept meanwhile doesn't wake into a forbidden pair.
    plain = {**second, "roles": ["warehouse"], "same_person_as": "reviewer2"}
    assert desk_api.call("POST", "/users", plain, by="administrator").is_success
    assert desk_api.call("POST", "/users/reviewer2/disable", by="administrator").is_success
    operator = desk_api.house.operator_token("root")
    admin = {"roles": ["administrator"], "reason": "new duty"}
    with desk_api.house.write() as work:
        account = work.people.account("x.2")
        assert account is not None
        work.people.set_roles(account.id, [Role.ADMINISTRATOR], desk_api.clock())
    woken = desk_api.call("POST", "/users/reviewer2/enable", by="administrator")
    assert (woken.status_code, woken.json()["code"]) == (403, "people.administrator_decides")
    assert desk_api.call("PUT", "/users/x.2/roles", admin, token=operator).status_code in (200, 403)


def test_the_last_administrator_stays(desk_api: DeskApi) -> None:
    assert desk_api.call("POST", "/users/administrator/disable", by="administrator2").is_success
    itself = desk_api.call("POST", "/users/administrator2/disable", by="administrator2")
    assert (itself.status_code, itself.json()["code"]) == (403, "people.own_account")
    operator = desk_api.house.operator_token("root")
    last = desk_api.call("POST", "/users/administrator2/disable", token=operator)
    assert (last.status_code, last.json()["code"]) == (409, "people.last_administrator")
    roles = desk_api.call(
        "PUT", "/users/administrator2/roles", {"roles": ["warehouse"], "reason": "moves on"}, token=operator
    )
    assert (roles.status_code, roles.json()["code"]) == (409, "people.last_administrator")


def test_two_administrators_do_not_remove_each_other(desk_api: DeskApi) -> None:
    async def duel() -> list[int]:
        pairs = (("administrator", "administrator2"), ("administrator2", "administrator"))
        calls = (desk_api.send("POST", f"/users/{other}/disable", by=one) for one, other in pairs)
        return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert 200 in desk_api.run(duel())
    with desk_api.house.read() as work:
        left = [a.login for a in work.people.accounts() if Role.ADMINISTRATOR in a.roles and not a.disabled_at]
    assert len(left) == 1


def test_no_token_for_who_decides(desk_api: DeskApi) -> None:
    """An administrator who could make one would be that person."""
    for login in ("reviewer", "supervisor", "finance", "lead", "risk", "compliance"):
        answer = desk_api.call("POST", f"/users/{login}/tokens", {"label": "x"}, by="administrator")
        assert (answer.status_code, answer.json()["code"]) == (403, "people.token_decides")
    desk_api.call("POST", "/users/warehouse/disable", by="administrator")
    disabled = desk_api.call("POST", "/users/warehouse/tokens", {"label": "x"}, by="administrator")
    assert (disabled.status_code, disabled.json()["code"]) == (409, "people.account_disabled")


def test_a_token_of_before_decides_nothing(desk_api: DeskApi) -> None:
    """An administrator who kept the token of a warehouse account must not pay by it once it holds finance."""
    made = desk_api.call("POST", "/users/warehouse/tokens", {"label": "till"}, by="administrator").json()["token"]
    assert desk_api.call("GET", "/me", token=made).status_code == 200
    for roles, alive in ((["warehouse", "customer_service"], True), (["warehouse", "finance"], False)):
        body = {"kind": "roles", "subject": "warehouse", "content": roles, "reason": "new duties"}
        number = desk_api.call("POST", "/config/changes", body, by="administrator").json()["id"]
        path = f"/config/changes/{number}/approve"
        assert desk_api.call("POST", path, {"reason": "fine"}, by="administrator2").status_code == 200
        assert (desk_api.call("GET", "/me", token=made).status_code == 200) is alive
    # Whoever decided already keeps their session.
    body = {"kind": "roles", "subject": "lead2", "content": ["lead", "risk"], "reason": "new duties"}
    number = desk_api.call("POST", "/config/changes", body, by="administrator").json()["id"]
    desk_api.call("POST", f"/config/changes/{number}/approve", {"reason": "fine"}, by="administrator2")
    assert desk_api.call("GET", "/me", by="lead2").json()["roles"] == ["lead", "risk"]


def test_users_in_pages(desk_api: DeskApi) -> None:
    """No answer has more than 200; the client puts them together."""
    with desk_api.house.write() as work:
        person = work.people.add_person("Many", desk_api.clock())
        for number in range(250):
            work.people.add_account(person, f"many.{number:03d}", None, False, "en", False, desk_api.clock())
    first = desk_api.call("GET", "/users", by="administrator").json()
    assert len(first) == 200
    users = desk_api.ask("administrator", lambda desk: desk.users())
    assert [user.login for user in users] == sorted([*LOGINS, *(f"many.{n:03d}" for n in range(250))])
