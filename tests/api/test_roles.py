"""Role attack: every route, every role, and everybody who is nobody. The process alone says who may."""

from __future__ import annotations

from collections import Counter
from typing import Any

from refund_desk.domain.words import Role
from refund_desk.engines import process_book
from tests.api.conftest import NewDesk
from tests.fakes.api_routes import ROUTES, Route, published
from tests.fakes.desk_api import DeskApi

STANDARD = process_book.standard()
CLOSED = [route for route in ROUTES if route.activity != "open"]
LOOKS = set(STANDARD.activities["case.look"].seats.r)
CASE_TAGS = {"cases", "decisions", "evidence"}


def things(desk: DeskApi) -> dict[str, Any]:
    """One of each that a path can name: a proposal with its money, a question, a picture, a change, a line."""
    ref = desk.ref(1)
    desk.call("POST", f"/cases/{desk.ref(2)}/take", by="reviewer")
    asked = {"roles": ["finance"], "question": "Is it paid?", "required": False}
    assert desk.call("POST", f"/cases/{desk.ref(2)}/consultations", asked, by="reviewer").status_code == 200
    desk.approved(desk.ref(3))
    evidence = desk.case(ref).evidence[0].id
    note = desk.call(
        "POST",
        f"/evidence/{evidence}/notes",
        {"x": 0, "y": 0, "w": 1, "h": 1, "text": "all"},
        by="reviewer",
    )
    change = desk.call(
        "POST",
        "/config/changes",
        {"kind": "roles", "subject": "risk", "content": ["risk"], "reason": "small team"},
        by="lead",
    )
    wrong = desk.call("POST", "/refund-requests", by="customer_service", content=b"{}")
    return {
        "ref": ref,
        "number": 1,
        "intent_id": desk.intent(desk.ref(3)).id,
        "consultation": desk.case(desk.ref(2)).consultations[0].id,
        "evidence": evidence,
        "note": note.json()["id"],
        "change": change.json()["id"],
        "quarantined": wrong.json()["params"]["id"],
        "inbox_id": 1,
        "login": "reviewer2",
        "figure": "opened",
        "job_id": "0" * 32,
        "source": "nowhere",
        "person": 999,
        "move": 999,
        "what": "absence",
        "lasting": 999,
    }


def about_cases(desk: DeskApi) -> set[str]:
    """Names of the routes about one case, as the document tags them."""
    paths = desk.call("GET", "/openapi.json").json()["paths"]
    return {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method, said in methods.items()
        if "{" in path and CASE_TAGS.intersection(said["tags"])
    }


def test_every_route_of_the_document_is_attacked(desk_api: DeskApi) -> None:
    paths = desk_api.call("GET", "/openapi.json").json()["paths"]
    there = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert there == {(route.method, published(route.template)) for route in ROUTES}
    assert len(ROUTES) == len(there)


def test_every_role_on_every_route(desk_api: DeskApi) -> None:
    found, cases = things(desk_api), about_cases(desk_api)
    names = {account: desk_api.ask(account, lambda desk: desk.me()).person.id for account in desk_api.tokens}
    before = len(desk_api.entries("refused"))
    wrong: list[str] = []
    wanted: Counter[tuple[int, str, str]] = Counter()

    async def attack() -> None:
        for route in CLOSED:
            if route.name == "DELETE /v1/session":
                continue
            for role in Role:
                key = f"{role}-{route.name}" if route.money else None
                answer = await desk_api.send(route.method, route.path(found), by=role.value, key=key, **route.request())
                rule, could = expected(route, role, published_name(route) in cases)
                if rule is not None:
                    wanted[names[role.value], rule, published_name(route)] += 1
                if (why := mismatch(answer, route, rule, could)) is not None:
                    wrong.append(f"{role} {route.name}: {why}")

    desk_api.run(attack())
    assert wrong == []
    entries = desk_api.entries("refused")[before:]
    logged = Counter(
        (int(e["actor"].split("/")[0].removeprefix("person:")), e["data"]["rule"], e["data"]["route"]) for e in entries
    )
    assert {key: logged[key] for key in wanted} == dict(wanted)
    for entry in entries:
        assert {"code", "rule", "route"} <= entry["data"].keys()
        assert "reviewer2" not in str(entry), "a login is personal: the log names no path"


def published_name(route: Route) -> str:
    return f"{route.method} {published(route.template)}"


def expected(route: Route, role: Role, about_case: bool) -> tuple[str | None, list[str]]:
    """The rule that must refuse this role on this route, and who could; None: the process lets them try."""
    if about_case and role not in LOOKS:
        return "activity.case.look", [r.value for r in STANDARD.activities["case.look"].seats.r]
    if route.activity is None:
        return None, []
    could = STANDARD.activities[route.activity].seats.r
    return (None, []) if role in could else (f"activity.{route.activity}", [r.value for r in could])


def mismatch(answer: Any, route: Route, rule: str | None, could: list[str]) -> str | None:
    """What is wrong with an answer."""
    if answer.status_code >= 500 or answer.status_code == 401:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400 and answer.headers["content-type"] != "application/problem+json":
        return f"not a problem: {answer.headers['content-type']}"
    params = answer.json()["params"] if answer.status_code == 403 else {}
    if rule is not None:
        said = (answer.status_code, params.get("rule"), params.get("could"))
        return None if said == (403, rule, could) else f"{said} instead of {(403, rule, could)} {answer.text[:200]}"
    if answer.status_code == 403:
        if params.get("rule") == f"activity.{route.activity}":
            return "refused, though the process allows it"
        if not params.get("rule") or not isinstance(params.get("could"), list):
            return f"a refusal without its rule: {params}"
    return None


# ---------------------------------------------------------------- who is nobody


def test_nobody_gets_anything(desk_api: DeskApi) -> None:
    """Without a token, with a wrong one, and with those of yesterday, of the signed out and of the disabled."""
    signed_out, disabled, old = (desk_api.tokens[login] for login in ("supervisor", "risk", "lead"))
    assert desk_api.call("DELETE", "/session", by="supervisor").status_code == 204
    assert desk_api.call("POST", "/users/risk/disable", by="administrator").status_code == 200
    nobodies: dict[str, dict[str, str]] = {
        "no token": {},
        "basic": {"Authorization": f"Basic {desk_api.tokens['finance']}"},
        "bad token": {"Authorization": f"Bearer {'f' * 64}"},
        "signed out": {"Authorization": f"Bearer {signed_out}"},
        "disabled": {"Authorization": f"Bearer {disabled}"},
        "expired": {"Authorization": f"Bearer {old}"},
    }
    desk_api.clock.forward(hours=13)
    known = {"ref": desk_api.ref(1), "number": 1, "intent_id": "x", "consultation": 1, "evidence": 1, "note": 1}
    known |= {"change": 1, "quarantined": 1, "inbox_id": 1, "login": "reviewer", "job_id": "x", "source": "shop"}
    known |= {"figure": "opened", "person": 1, "move": 1, "what": "absence", "lasting": 1}
    with desk_api.house.read() as work:
        before = work.log.unprotected()

    async def attack() -> list[str]:
        wrong = []
        for route in CLOSED:
            key = "k" if route.money else None
            for nobody, headers in nobodies.items():
                request = route.request()
                request["headers"] = {**request.get("headers", {}), **headers}
                answer = await desk_api.send(route.method, route.path(known), key=key, **request)
                code = "people.no_token" if nobody in ("no token", "basic") else "people.session_over"
                said = (answer.status_code, answer.json().get("code"), answer.headers.get("www-authenticate"))
                if said != (401, code, "Bearer"):
                    wrong.append(f"{nobody} {route.name}: {said}")
        return wrong

    assert desk_api.run(attack()) == []
    with desk_api.house.read() as work:
        assert work.log.unprotected() == before, "a stranger writes nothing into the log"


def test_who_must_change_the_password_may_do_nothing_else(desk_api: DeskApi) -> None:
    made = desk_api.call("POST", "/users/supervisor/reset", by="administrator").json()
    signed = desk_api.call("POST", "/session", {"login": "supervisor", "password": made["one_time_password"]}).json()
    assert signed["me"]["must_change"]
    token, own = signed["token"], {"GET /v1/me", "DELETE /v1/session", "POST /v1/me/password"}
    known = {"ref": desk_api.ref(1), "number": 1, "intent_id": "x", "consultation": 1, "evidence": 1, "note": 1}
    known |= {"change": 1, "quarantined": 1, "inbox_id": 1, "login": "reviewer", "job_id": "x", "source": "shop"}
    known |= {"figure": "opened", "person": 1, "move": 1, "what": "absence", "lasting": 1}
    for route in CLOSED:
        if route.name in own:
            continue
        key = "k" if route.money else None
        answer = desk_api.call(route.method, route.path(known), token=token, key=key, **route.request())
        assert (answer.status_code, answer.json()["code"]) == (403, "people.password_must_change"), route.name
        assert answer.json()["params"] == {"rule": "people.must_change", "could": []}
    body = {"old": made["one_time_password"], "new": "a password of my own"}
    fresh = desk_api.call("POST", "/me/password", body, token=token).json()
    assert not fresh["me"]["must_change"]
    assert desk_api.call("GET", "/approvals", token=fresh["token"]).status_code == 200
    assert desk_api.call("GET", "/me", token=token).status_code == 401


# ---------------------------------------------------------------- what isn't there, and what is somebody else's


def test_what_does_not_exist_is_404(desk_api: DeskApi) -> None:
    nothing = {"ref": "RC-26-999999", "number": 77, "intent_id": "none", "consultation": 999999}
    nothing |= {"evidence": 999999, "note": 999999, "change": 999999, "quarantined": 999999, "inbox_id": 999999}
    nothing |= {"login": "nobody.here", "job_id": "none", "source": "nowhere"}
    nothing |= {"figure": "mood", "person": 999999, "move": 999999, "what": "absence", "lasting": 999999}
    roles = {activity: rules.seats.r[0].value for activity, rules in STANDARD.activities.items()}
    for route in CLOSED:
        if "{" not in route.template:
            continue
        by = roles[route.activity] if route.activity else "reviewer"
        key = f"{route.name}" if route.money else None
        answer = desk_api.call(route.method, route.path(nothing), by=by, key=key, **route.request())
        assert answer.status_code == 404, (route.name, answer.text)


def test_whether_a_case_exists_is_a_secret(desk_api: DeskApi) -> None:
    """To whoever may see no case, one that exists and one that doesn't are answered alike."""
    there, nowhere = things(desk_api), {"ref": "RC-26-999999", "number": 77, "intent_id": "none"}
    nowhere |= {"consultation": 999999, "evidence": 999999, "note": 999999}
    cases = about_cases(desk_api)
    for route in CLOSED:
        if published_name(route) not in cases:
            continue
        key = "k" if route.money else None
        one, other = (
            desk_api.call(route.method, route.path(place), by="administrator", key=key, **route.request())
            for place in (there, {**there, **nowhere})
        )
        assert (one.status_code, one.json()) == (other.status_code, other.json()), route.name
        assert one.status_code == 403


def test_a_job_is_its_owners_alone(desk_api: DeskApi) -> None:
    job = desk_api.call("POST", "/audit/verify", by="auditor").json()["id"]
    for login in ("lead", "administrator", "reviewer"):
        for method, path in (("GET", ""), ("POST", "/stop"), ("GET", "/file")):
            mine = desk_api.call(method, f"/jobs/{job}{path}", by=login)
            none = desk_api.call(method, f"/jobs/{'f' * 32}{path}", by=login)
            assert mine.status_code == none.status_code == 404
            assert mine.json()["code"] == none.json()["code"]
    assert desk_api.call("GET", f"/jobs/{job}", by="auditor").status_code == 200


def test_nobody_touches_what_is_somebody_elses(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    number = desk_api.proposed(ref).proposal
    evidence = desk_api.case(ref).evidence[0].id
    shape = {"x": 0, "y": 0, "w": 1, "h": 1, "text": "mine"}
    note = desk_api.call("POST", f"/evidence/{evidence}/notes", shape, by="reviewer").json()["id"]
    attacks: list[tuple[str, str, str, Any, str]] = [
        ("reviewer2", "DELETE", f"/evidence/{evidence}/notes/{note}", None, "note.not_yours"),
        ("reviewer2", "POST", f"/cases/{ref}/proposals/{number}/withdraw", None, "proposal.not_yours"),
        ("reviewer2", "POST", f"/cases/{ref}/proposals/{number}/undo", None, "proposal.not_yours"),
        ("reviewer2", "POST", f"/cases/{ref}/release", {}, "case.not_yours"),
    ]
    for login, method, path, body, code in attacks:
        answer = desk_api.call(method, path, body, by=login, key="k" if "proposals" in path else None)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert {"rule", "could"} <= answer.json()["params"].keys()
    assert [e["data"]["code"] for e in desk_api.entries("refused")[-4:]] == [code for *_, code in attacks]
    # A view belongs to its person: the same name is another view.
    desk_api.call("PUT", "/views", {"name": "mine", "filters": {"chip": "mine"}}, by="reviewer")
    assert desk_api.call("GET", "/views", by="reviewer2").json() == []
    desk_api.call("DELETE", "/views?name=mine", by="reviewer2")
    assert len(desk_api.call("GET", "/views", by="reviewer").json()) == 1


def test_nobody_approves_their_own_even_with_two_accounts(new_desk: NewDesk) -> None:
    desk = new_desk()
    ref = desk.ref(4)
    number = desk.proposed(ref).proposal
    verdict = desk.verdict(ref).model_dump(mode="json")
    # The reviewer's person gets a second account, with the accountable role on it.
    operator = desk.house.operator_token("root")
    body = {"name": "x", "login": "reviewer.too", "roles": ["supervisor"], "password": "another one of mine"}
    made = desk.call("POST", "/users", {**body, "same_person_as": "reviewer"}, token=operator)
    assert made.status_code == 200
    signed = desk.call("POST", "/session", {"login": "reviewer.too", "password": body["password"]}).json()
    path = f"/cases/{ref}/proposals/{number}"
    for verb, sent in (("approve", verdict), ("return", {"reason": "x"}), ("decline", {"reason": "x"})):
        answer = desk.call("POST", f"{path}/{verb}", sent, token=signed["token"], key=verb)
        assert (answer.status_code, answer.json()["code"]) == (403, "process.own_proposal")
        assert answer.json()["params"]["could"] == ["supervisor"]
    assert desk.case(ref).proposal is not None
    assert desk.call("POST", f"{path}/approve", verdict, by="supervisor", key="a").status_code == 200


def test_the_operator_of_the_machine_is_nobody_in_a_case(desk_api: DeskApi) -> None:
    """Whoever runs the machine has leave for everything, and no person's name to put under a decision."""
    found, operator, cases = things(desk_api), desk_api.house.operator_token("root"), about_cases(desk_api)
    for route in CLOSED:
        key = f"op {route.name}" if route.money else None
        answer = desk_api.call(route.method, route.path(found), token=operator, key=key, **route.request())
        assert answer.status_code < 500, (route.name, answer.text)
        if published_name(route) in cases and route.method == "POST" and not route.template.endswith("preview"):
            assert answer.json()["code"] == "people.no_person", route.name
