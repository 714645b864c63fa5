"""What changed since somebody last looked is marked for them, and not what they did themselves."""

from __future__ import annotations

from refund_desk.client.api import new_key
from refund_desk.wire.commands import Looks, MessageBody
from tests.fakes.desk_api import DeskApi, picture


def look(desk_api: DeskApi, ref: str) -> None:
    """As the window does it: what was shown is what was seen."""
    view = desk_api.case(ref)
    assert view.newest > 0
    desk_api.ask("reviewer", lambda desk: desk.looks(ref, Looks(seen_event=view.newest)))


def unseen(desk_api: DeskApi, ref: str) -> bool:
    page = desk_api.ask("reviewer", lambda desk: desk.queue())
    return next(row.unseen for row in page.rows if row.ref == ref)


def test_what_others_did_is_marked_until_it_was_looked_at(desk_api: DeskApi) -> None:
    ref = desk_api.taken(desk_api.ref(1))
    assert desk_api.case(ref).changes == [], "who never looked has nothing to compare with"
    look(desk_api, ref)
    note = MessageBody(kind="note", text="look at the seal")
    desk_api.clock.forward(seconds=1)
    desk_api.ask("supervisor", lambda desk: desk.message(ref, note, new_key()))
    desk_api.ask("customer_service", lambda desk: desk.add_evidence(ref, "b.jpg", picture() + b"2", new_key()))
    desk_api.ask("reviewer", lambda desk: desk.message(ref, MessageBody(kind="note", text="mine"), new_key()))
    view = desk_api.case(ref)
    assert [change.what.code for change in view.changes] == ["event.note.added", "event.evidence.came"]
    assert [message.text for message in view.messages if message.unseen] == ["look at the seal"]
    assert [item.name for item in view.evidence if item.unseen] == ["b.jpg"]
    assert unseen(desk_api, ref)
    look(desk_api, ref)
    view = desk_api.case(ref)
    assert view.changes == []
    marked = [part.unseen for parts in (view.messages, view.evidence, view.timeline) for part in parts]
    assert not any(marked)
    assert not unseen(desk_api, ref)


def test_what_is_fetched_ahead_is_a_look_when_it_is_opened(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)

    def looks() -> tuple[int, ...]:
        desk_api.house.looks.flush(desk_api.house)
        return tuple(len(desk_api.entries(action)) for action in ("look.ahead", "look.case"))

    ahead, opened = looks()
    desk_api.ask("reviewer", lambda desk: desk.case(ref, ahead=True))
    assert looks() == (ahead + 1, opened)
    desk_api.ask("reviewer", lambda desk: desk.looks(ref, Looks(opened=True)))
    assert looks() == (ahead + 1, opened + 1)
