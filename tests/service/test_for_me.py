"""For me and the approval list go on by key: complete, without repeats, in order of urgency, on both databases."""

from __future__ import annotations

from refund_desk.domain.words import Decision, Role
from refund_desk.service import reading
from refund_desk.service.ports.views import Place
from tests.fakes.scene import Scene


def proposed(scene: Scene, count: int, decision: Decision = Decision.PARTIAL) -> list[str]:
    """Cases that wait for approval, oldest first."""
    out = []
    for number in range(count):
        scene.house.clock.forward(seconds=1)
        ref = scene.case(f"R{number}", f"O{number}", customer={"id": f"C{number}"})
        scene.propose(ref, decision, "part_of_order", lines=(("L2", 1, None),))
        out.append(ref)
    return out


def approvals(scene: Scene, size: int) -> list[str]:
    out: list[str] = []
    after: Place | None = None
    while True:
        with scene.house.read() as work:
            files, after = reading.approvals(work, scene.desk, scene.susan, size, after)
        assert len(files) <= size
        out += [file.state.ref for file in files]
        if after is None:
            return out


def section(scene: Scene, name: str, size: int) -> list[str]:
    out: list[str] = []
    after: Place | None = None
    while True:
        with scene.house.read() as work:
            mine = reading.more_for_me(work, scene.desk, scene.susan, name, size, after)
        out += [row.state.ref for row in mine.rows[name]]
        after = mine.next.get(name)
        if after is None:
            return out


def test_every_page_size_gives_every_proposal_once(scene: Scene) -> None:
    refs = proposed(scene, 7)
    whole = approvals(scene, 50)
    assert sorted(whole) == sorted(refs)
    for size in (1, 2, 3, 7):
        assert approvals(scene, size) == whole
        assert section(scene, "approve", size) == whole


def test_a_page_that_is_all_others_goes_on(scene: Scene) -> None:
    """What somebody else answers for is passed over, and the list says that it goes on."""
    refs = proposed(scene, 6)
    lead = scene.person("Lena", Role.LEAD)
    with scene.house.read() as work:
        files, after = reading.approvals(work, scene.desk, lead, 1, None)
    assert (files, after is not None) == ([], True), "four pages of one were looked through, two more wait"
    with scene.house.read() as work:
        files, after = reading.approvals(work, scene.desk, lead, 1, after)
    assert (files, after) == ([], None)
    assert len(refs) == 6


def test_the_first_screen_says_which_sections_go_on(scene: Scene) -> None:
    for number in range(4):
        scene.held(scene.case(f"R{number}", f"O{number}", customer={"id": f"C{number}"}))
    with scene.house.read() as work:
        mine = reading.for_me(work, scene.desk, scene.rita, 3)
        assert len(mine.rows["decide"]) == 3
        assert "decide" in mine.next
        rest = reading.more_for_me(work, scene.desk, scene.rita, "decide", 3, mine.next["decide"])
        assert len(rest.rows["decide"]) == 1
        assert not rest.next
        whole = reading.for_me(work, scene.desk, scene.rita, 4)
        assert "decide" not in whole.next
    both = [row.state.ref for row in [*mine.rows["decide"], *rest.rows["decide"]]]
    assert both == [row.state.ref for row in whole.rows["decide"]]


def test_informed_lines_go_on_by_their_id(scene: Scene) -> None:
    ref = scene.case()
    with scene.house.write() as work:
        for _ in range(5):
            work.cases.inform(
                work.cases.by_ref(ref).id, [Role.REVIEWER], "event.note.added", {"ref": ref}, scene.house.clock()
            )
    with scene.house.read() as work:
        first = reading.for_me(work, scene.desk, scene.rita, 3)
        rest = reading.more_for_me(work, scene.desk, scene.rita, "know", 50, first.next["know"])
        whole = reading.for_me(work, scene.desk, scene.rita, 50)
    assert [*first.know, *rest.know] == list(whole.know)
    assert "know" not in whole.next
