"""A file added by hand arrives whole, counted as it goes, by every way in."""

from __future__ import annotations

import os

from refund_desk.client.api import PIECE
from tests.fakes.desk_api import DeskApi, picture


def test_a_file_is_counted_as_it_goes_and_arrives_whole(desk_api: DeskApi) -> None:
    ref, seen = desk_api.ref(2), list[int]()
    data = picture() + os.urandom(2 * PIECE)
    made = desk_api.ask("reviewer", lambda desk: desk.add_evidence(ref, "a.jpg", data, sent=seen.append))
    assert seen == [PIECE, 2 * PIECE, len(data)]
    assert desk_api.ask("reviewer", lambda desk: desk.original(made.evidence)) == data
    again = desk_api.ask("reviewer", lambda desk: desk.add_evidence(ref, "b.jpg", data, sent=seen.append))
    assert (again.evidence, again.duplicate) == (made.evidence, True)
    desk_api.house.decode()
    (item,) = desk_api.case(ref).evidence
    assert (item.name, item.status) == ("a.jpg", "ready")
