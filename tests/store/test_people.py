"""Persons and accounts in the database: one person with several, tokens, throttle, views, settings in versions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from refund_desk.domain.words import Role
from refund_desk.store.work import SqlStore, SqlWork
from tests.store.many import NOW, store_over


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    return store_over(engine)


def account(work: SqlWork, login: str, *roles: Role, person: int | None = None) -> int:
    owner = person or work.people.add_person(login.title(), NOW)
    made = work.people.add_account(owner, login, "hash", False, "zh", False, NOW)
    work.people.set_roles(made, roles, NOW)
    return made


def test_an_account_comes_with_its_person_and_roles(store: SqlStore) -> None:
    with store.write() as work:
        made = account(work, "rita", Role.REVIEWER, Role.CUSTOMER_SERVICE, Role.REVIEWER)
        rita = work.people.account("rita")
        assert rita is not None
        assert (rita.id, rita.name, rita.language, rita.disabled_at) == (made, "Rita", "zh", None)
        assert rita.roles == {Role.REVIEWER, Role.CUSTOMER_SERVICE}
        assert work.people.account_by_id(made) == rita
        assert work.people.account("nobody") is None
        work.people.set_roles(made, [Role.LEAD], NOW)
        assert [one.roles for one in work.people.accounts()] == [frozenset({Role.LEAD})]
        assert work.people.count() == 1


def test_a_login_is_given_once(store: SqlStore) -> None:
    with store.write() as work:
        account(work, "rita")
    with pytest.raises(IntegrityError), store.write() as work:
        account(work, "rita")


def test_who_holds_a_role_is_told_by_person_once_and_without_disabled_accounts(store: SqlStore) -> None:
    with store.write() as work:
        zoe = work.people.add_person("Zoe", NOW)
        account(work, "zoe", Role.FINANCE, person=zoe)
        account(work, "zoe2", Role.FINANCE, person=zoe)
        gone = account(work, "adam", Role.FINANCE)
        bea = account(work, "bea", Role.FINANCE, Role.RISK)
        work.people.disable(gone, NOW)
        held = work.people.persons_with([Role.FINANCE, Role.RISK, Role.LEAD])
        names = {role.value: [name for _, name in people] for role, people in held.items()}
        assert names == {"finance": ["Bea", "Zoe"], "risk": ["Bea"], "lead": []}
        owner = work.people.account_by_id(bea)
        assert owner is not None
        assert work.people.names([zoe, owner.person_id, 999]) == {zoe: "Zoe", owner.person_id: "Bea"}


def test_a_token_opens_until_it_expires_is_revoked_or_its_account_ends(store: SqlStore) -> None:
    until = NOW + timedelta(hours=12)
    with store.write() as work:
        made = account(work, "rita", Role.REVIEWER)
        for digest in (b"a", b"b", b"c"):
            work.people.add_token(made, digest, "session", None, NOW, until)

        def opens(digest: bytes, seconds: float = 0) -> bool:
            return work.people.by_token(digest, NOW + timedelta(seconds=seconds)) is not None

        assert opens(b"a")
        assert not opens(b"unknown")
        assert opens(b"a", 43199)
        assert not opens(b"a", 43200)
        work.people.revoke(b"a", NOW)
        assert (opens(b"a"), opens(b"b")) == (False, True)
        work.people.disable(made, NOW)
        assert not opens(b"b")
        work.people.disable(made, None)
        assert opens(b"b")
        work.people.revoke_all(made, NOW)
        assert not opens(b"c")


def test_failures_are_counted_per_login(store: SqlStore) -> None:
    until = NOW + timedelta(seconds=2)
    with store.write() as work:
        assert work.people.throttle("rita") == (0, None)
        work.people.failed("rita", 5, None, NOW)
        work.people.failed("rita", 6, until, NOW)
        assert work.people.throttle("rita") == (6, until)
        assert work.people.throttle("ray") == (0, None)
        work.people.succeeded("rita")
        assert work.people.throttle("rita") == (0, None)


def test_saved_views_are_ones_own(store: SqlStore) -> None:
    with store.write() as work:
        me, other = (work.people.add_person(name, NOW) for name in ("me", "other"))
        work.people.save_view(me, "late", {"chip": "overdue"})
        work.people.save_view(me, "late", {"chip": "due_2h"})
        work.people.save_view(other, "late", {"chip": "mine"})
        assert [(v["name"], v["filters"]) for v in work.people.views(me)] == [("late", {"chip": "due_2h"})]
        work.people.drop_view(me, "late")
        assert (len(work.people.views(me)), len(work.people.views(other))) == (0, 1)


def test_settings_change_by_proposals_and_versions(store: SqlStore) -> None:
    with store.write() as work:
        me = work.people.add_person("me", NOW)
        assert work.people.latest_version() == 0
        change = work.people.add_change(
            kind="process", subject="standard", content={"步骤": [1]}, digest=b"d", proposed_by=me, proposed_at=NOW,
            reason="why", status="open",
        )  # fmt: skip
        row = work.people.change(change, lock=True)
        assert row is not None
        assert (row["content"], row["status"], row["proposed_at"]) == ({"步骤": [1]}, "open", NOW)
        work.people.settle_change(change, status="approved", verdict_by=me, verdict_at=NOW)
        version = work.people.add_version(
            kind="process", version="2", content={"步骤": [1]}, effective_at=NOW, change_id=change
        )
        assert work.people.latest_version() == version
        assert [row["version"] for row in work.people.versions("process")] == ["2"]
        assert work.people.versions("policy") == []
        assert [row["status"] for row in work.people.changes()] == ["approved"]
        assert work.people.change(change + 1) is None


def test_a_mark_is_set_and_set_again(store: SqlStore) -> None:
    with store.write() as work:
        assert work.people.mark("epoch") is None
        work.people.set_mark("epoch", "1")
        work.people.set_mark("epoch", "2")
        assert work.people.mark("epoch") == "2"
