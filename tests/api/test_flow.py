"""A case all the way, by API: taken, looked at, proposed, approved, paid; and what stands about it in the log."""

from __future__ import annotations

from refund_desk.domain.words import Stage
from tests.fakes.desk_api import DeskApi


def test_a_case_all_the_way(desk_api: DeskApi) -> None:
    ref = desk_api.ref(2)
    proposed = desk_api.proposed(ref)
    assert (proposed.stage, proposed.what.code) == (Stage.APPROVAL, "event.proposal.made")
    assert [row.ref for row in desk_api.ask("supervisor", lambda desk: desk.approvals())] == [ref]
