"""A case all the way, by API: taken, looked at, proposed, approved, paid; over every way in, on every database."""

from __future__ import annotations

import pytest

from refund_desk.client.api import new_key
from refund_desk.domain.errors import NotFound
from refund_desk.domain.words import Progress, Stage
from refund_desk.wire import commands as c
from tests.fakes.desk_api import DeskApi

EVERY_WAY = pytest.mark.parametrize("way", ["embedded", "socket", "embedded on postgresql", "socket on sqlite"])


@EVERY_WAY
def test_a_case_all_the_way(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    taken = desk_api.ask("reviewer", lambda desk: desk.take_next())
    assert taken.ref == ref
    view = desk_api.case(ref)
    picture = view.evidence[0].id
    assert desk_api.ask("reviewer", lambda desk: desk.image(picture)).startswith(b"\xff\xd8")
    seen = c.Looks(evidence=[picture], seen_event=2**31)
    desk_api.ask("reviewer", lambda desk: desk.looks(ref, seen))
    body = desk_api.body(ref)
    preview = desk_api.ask("reviewer", lambda desk: desk.preview(ref, body))
    assert preview.amount is not None
    assert preview.needs_approval
    proposed = desk_api.ask("reviewer", lambda desk: desk.propose(ref, body, new_key()))
    assert (proposed.stage, proposed.what.code, proposed.proposal) == (Stage.APPROVAL, "event.proposal.made", 1)
    (row,) = desk_api.ask("supervisor", lambda desk: desk.approvals()).rows
    assert (row.ref, row.may, row.proposal.opened_evidence, row.unopened) == (ref, True, [picture], [])
    verdict = c.Verdict(digest=row.proposal.digest, rests_on=dict(row.versions))
    approved = desk_api.ask("supervisor", lambda desk: desk.approve(ref, 1, verdict, new_key()))
    assert (approved.stage, approved.what.code) == (Stage.PAYOUT, "event.proposal.approved")
    (waiting,) = desk_api.ask("finance", lambda desk: desk.for_me()).pay
    intent = desk_api.intent(waiting.ref)
    assert intent.amount == preview.amount
    payout = c.ConfirmPayout(reference="2026112000017", minor=intent.amount.minor, currency=intent.amount.currency)
    paid = desk_api.ask("finance", lambda desk: desk.confirm_payout(intent.id, payout, new_key()))
    assert (paid.stage, paid.progress) == (Stage.CLOSED, Progress.COMPLETED)
    view = desk_api.case(ref)
    assert view.money is not None
    assert view.money.given_back == intent.amount
    desk_api.house.integrate()
    page = desk_api.ask("auditor", lambda desk: desk.audit_page(case=ref))
    actions = [entry.action for entry in reversed(page.rows)]
    wanted = ["case.taken", "proposal.made", "intent.reserved", "proposal.approved", "payout.confirmed", "case.closed"]
    assert [action for action in actions if action in wanted] == wanted
    assert "look.evidence" in actions
    assert all(entry.position is not None for entry in page.rows)


def test_what_is_typed_stays_one_part_of_the_path(any_desk: DeskApi) -> None:
    """A reference that somebody types leads to a case or to nothing, never to another route."""
    for typed in ("../users", "RC-26-000001/why", "?limit=1", "#", "..", "take-next", "RC 26", "é"):
        with pytest.raises(NotFound):
            any_desk.ask("reviewer", lambda desk, ref=typed: desk.case(ref))  # type: ignore[misc]
