"""The board in a window: what it says, previews by key and by drop, moves with their results, and the undo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from refund_desk.client.words import PSEUDO
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.words import DeskWords
from refund_desk.desktop.workload import WorkloadPanel
from refund_desk.desktop.workload.dialogs import MovedDialog, MoveDialog, OptionsDialog
from refund_desk.desktop.workload.model import CASES, HANDOUT, LOAD_AFTER, PERSON, WHO
from refund_desk.desktop.workload.people import PersonDialog
from refund_desk.domain.errors import Conflict
from refund_desk.domain.fairness import Relation
from refund_desk.domain.words import Role
from refund_desk.wire.workload import BalanceOptions, InterestBody, MoveAsked, WorkingBody
from tests.desktop.panels import check_golden, cut, lines, make_desk, unnamed
from tests.fakes import panel_samples as samples
from tests.fakes import workload_samples as board
from tests.fakes.workload_samples import BoardClient


class Rig:
    def __init__(self, qtbot: QtBot, operations: Operations, **changes: Any) -> None:
        self.root = QWidget()
        self.root.resize(1220, 720)
        qtbot.addWidget(self.root)
        self.client = BoardClient(samples.me(Role.SUPERVISOR))
        if changes:
            self.client.the_board = board.board(**changes)
        desk = make_desk(operations, self.root, Role.SUPERVISOR)
        object.__setattr__(desk, "client", self.client)
        self.panel = WorkloadPanel(desk, self.root)
        self.panel.resize(self.root.size())
        self.qtbot, self.keys = qtbot, desk.keys
        self.root.show()
        self.panel.start()
        qtbot.waitUntil(lambda: bool(self.panel.model.rows) and bool(self.client.called("queue")))

    def press(self, name: str) -> bool:
        return self.keys.run(f"workload.{name}")

    def preview(self) -> None:
        assert self.press("balance")
        self.qtbot.waitUntil(lambda: bool(self.panel.lines.lines))

    def dialog(self, kind: type[Any]) -> Any:
        self.qtbot.waitUntil(lambda: bool(self.root.findChildren(kind)))
        return self.root.findChildren(kind)[-1]


@pytest.fixture
def rig(qtbot: QtBot, app: object, operations: Operations, words: DeskWords) -> Rig:
    return Rig(qtbot, operations)


def test_the_board_reads_as_agreed(rig: Rig, qtmodeltester: ModelTester) -> None:
    rig.preview()
    text = [f"stages: {' | '.join(box.accessibleName() for box in rig.panel.stages.boxes)}"]
    text += ["people:", *lines(rig.panel.model), "preview:", *lines(rig.panel.lines)]
    text += ["head:", rig.panel.missing.text(), rig.panel.then.text(), rig.panel.undo.text(), rig.panel.apply.text()]
    check_golden("workload", "\n".join(text))
    assert unnamed(rig.panel) == []
    qtmodeltester.check(rig.panel.lines)  # type: ignore[no-untyped-call]


def test_models_behave(rig: Rig, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(rig.panel.model)  # type: ignore[no-untyped-call]
    rig.qtbot.waitUntil(lambda: bool(rig.panel.cases.rows))
    qtmodeltester.check(rig.panel.cases)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("language", ["en", PSEUDO])
def test_nothing_is_cut_at_the_smallest_width(rig: Rig, words: DeskWords, language: str) -> None:
    words.use(language)
    rig.qtbot.waitUntil(lambda: cut(rig.panel) == [])
    rig.preview()
    rig.qtbot.waitUntil(lambda: cut(rig.panel) == [])
    assert rig.panel.minimumSizeHint().width() <= 1220


def test_a_balance_is_shown_before_it_is_done(rig: Rig) -> None:
    panel = rig.panel
    assert panel.table.isColumnHidden(LOAD_AFTER)
    rig.preview()
    assert rig.client.called("preview_balance") == [(BalanceOptions(),)]
    assert not panel.table.isColumnHidden(LOAD_AFTER)
    assert panel.table.isColumnHidden(HANDOUT)
    assert not rig.client.called("move_cases")
    assert rig.press("drop")
    assert panel.table.isColumnHidden(LOAD_AFTER)
    assert not rig.press("apply")


def test_what_the_preview_showed_is_what_is_moved(rig: Rig) -> None:
    rig.preview()
    with rig.qtbot.waitSignal(rig.panel.moved):
        assert rig.press("apply")
    ((body, _key),) = rig.client.called("move_cases")
    shown = [(m.ref, m.of.id if m.of else None, m.to.id if m.to else None) for m in board.preview().moves]
    assert [(item.ref, item.of, item.to) for item in body.items] == shown
    row = rig.panel.model.rows[rig.panel.model.row_of(2)]
    assert row.person is not None
    assert row.person.standing.cases == 33  # at once, before the board is asked again
    assert rig.panel.undo.isVisible()
    assert not rig.panel.lines.lines


def test_what_was_not_moved_says_why(rig: Rig) -> None:
    rig.client.refuse = board.preview().moves[3].ref
    rig.preview()
    rig.press("apply")
    dialog = rig.dialog(MovedDialog)
    assert rig.client.refuse in " ".join(label.text() for label in dialog.findChildren(type(rig.panel.states)))
    dialog.close()


def test_a_refused_move_can_be_tried_again_with_the_same_key(rig: Rig) -> None:
    rig.preview()
    rig.client.fail["move_cases"] = Conflict("workload.undo_over", number=1)
    rig.press("apply")
    rig.qtbot.waitUntil(rig.panel.note.isVisible)
    del rig.client.fail["move_cases"]
    with rig.qtbot.waitSignal(rig.panel.moved):
        rig.press("apply")
    first, second = rig.client.called("move_cases")
    assert first[1] == second[1]


def test_the_last_move_is_undone_by_its_key(rig: Rig) -> None:
    with rig.qtbot.waitSignal(rig.panel.moved):
        assert rig.press("undo")
    ((number, _key),) = rig.client.called("undo_move")
    assert number == 3
    assert not rig.panel.undo.isVisible()
    assert not rig.press("undo")


def test_without_a_last_move_there_is_no_undo(
    qtbot: QtBot, app: object, operations: Operations, words: DeskWords
) -> None:
    assert not Rig(qtbot, operations, last=None).panel.undo.isVisible()


def test_m_asks_to_whom_and_shows_the_preview(rig: Rig) -> None:
    panel = rig.panel
    rig.qtbot.waitUntil(lambda: bool(panel.cases.rows))
    panel.list.setCurrentIndex(panel.cases.index(1))
    assert rig.press("move")
    dialog = rig.dialog(MoveDialog)
    assert dialog.list.count() == 4  # three at work besides the one who has it, and the queue
    dialog.list.setCurrentRow(0)
    dialog.finish()
    rig.qtbot.waitUntil(lambda: bool(rig.client.called("preview_move")))
    ((asked,),) = rig.client.called("preview_move")
    assert asked == MoveAsked(refs=[panel.cases.rows[1].ref], of=None, to=3)  # who has least


def test_a_row_dropped_on_somebody_is_a_preview(rig: Rig) -> None:
    model = rig.panel.model
    data = model.mimeData([model.index(model.row_of(2), WHO)])
    assert data.hasFormat(PERSON)
    target = model.index(model.row_of(1), WHO)
    assert model.canDropMimeData(data, Qt.DropAction.MoveAction, -1, -1, target)
    model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, target)
    rig.qtbot.waitUntil(lambda: bool(rig.panel.lines.lines))
    assert rig.client.called("preview_move") == [(MoveAsked(of=2, to=1),)]
    assert not rig.client.called("move_cases")


def test_cases_dropped_on_the_queue_go_back_to_it(rig: Rig) -> None:
    panel = rig.panel
    rig.qtbot.waitUntil(lambda: bool(panel.cases.rows))
    data = panel.cases.mimeData([panel.cases.index(0), panel.cases.index(2)])
    assert data.hasFormat(CASES)
    panel.model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, panel.model.index(0, WHO))
    rig.qtbot.waitUntil(lambda: bool(rig.client.called("preview_move")))
    ((asked,),) = rig.client.called("preview_move")
    assert asked == MoveAsked(refs=[panel.cases.rows[0].ref, panel.cases.rows[2].ref], to=None)


def test_who_holds_no_cases_is_given_none(rig: Rig) -> None:
    model, data = rig.panel.model, QMimeData()
    data.setData(CASES, b"RC-26-000001")
    for target in (model.index(model.row_of(7), WHO), QModelIndex()):
        assert not model.canDropMimeData(data, Qt.DropAction.MoveAction, -1, -1, target)
    assert not model.canDropMimeData(QMimeData(), Qt.DropAction.MoveAction, -1, -1, model.index(0, WHO))


def test_options_are_what_the_next_balance_respects(rig: Rig) -> None:
    assert rig.press("options")
    dialog = rig.dialog(OptionsDialog)
    dialog.boxes["skills"].setChecked(False)
    dialog.finish()
    rig.qtbot.waitUntil(lambda: bool(rig.client.called("preview_balance")))
    assert rig.client.called("preview_balance") == [(BalanceOptions(skills=False),)]


def test_keys_go_through_people_and_cases(rig: Rig) -> None:
    panel = rig.panel
    start = panel.table.currentIndex().row()
    rig.press("down")
    assert panel.table.currentIndex().row() == start + 1
    rig.qtbot.waitUntil(lambda: any(call[0].get("assignee") == 2 for call in rig.client.called("queue")))
    rig.press("up")
    rig.press("up")
    rig.qtbot.waitUntil(lambda: any(call[0].get("chip") == "unassigned" for call in rig.client.called("queue")))
    with rig.qtbot.waitSignal(panel.open_case) as opened:
        panel._open(panel.cases.index(0))
    assert opened.args == [panel.cases.rows[0].ref]


def test_news_in_a_burst_ask_once_more(rig: Rig) -> None:
    for _ in range(5):
        rig.panel.refresh()
    asked = len(rig.client.called("board"))
    assert asked == 1
    rig.panel._soon.timeout.emit()
    rig.panel._soon.stop()
    rig.panel._again()
    rig.panel.refresh()
    rig.qtbot.waitUntil(lambda: len(rig.client.called("board")) == 2)


def test_a_board_that_does_not_come_can_be_asked_again(
    qtbot: QtBot, app: object, operations: Operations, words: DeskWords
) -> None:
    rig = Rig(qtbot, operations)
    assert rig.panel.stack.currentWidget() is rig.panel.splitter
    rig.client.fail["board"] = Conflict("workload.undo_over", number=1)
    fresh = WorkloadPanel(rig.panel._desk, rig.root)
    fresh.start()
    qtbot.waitUntil(lambda: fresh.stack.currentWidget() is fresh.failed)


# ---------------------------------------------------------------- what is on record of a person


def opened(rig: Rig, person: int) -> PersonDialog:
    """The record of somebody, by its key, filled."""
    rig.panel.table.setCurrentIndex(rig.panel.model.index(rig.panel.model.row_of(person), WHO))
    assert rig.press("person")
    dialog = rig.dialog(PersonDialog)
    assert isinstance(dialog, PersonDialog)
    rig.qtbot.waitUntil(lambda: dialog.calendar.count() > 0)
    return dialog


def tabs(dialog: PersonDialog) -> list[str]:
    return [dialog.tabs.tabText(n) for n in range(dialog.tabs.count()) if dialog.tabs.isTabVisible(n)]


def test_the_record_of_a_person_is_read_and_saved(rig: Rig) -> None:
    dialog = opened(rig, 5)
    assert tabs(dialog) == ["技能", "语言与班次", "休假", "回避"]  # approves nothing: no deputy
    assert (dialog.skills.ticked(), dialog.languages.ticked()) == (["exchange"], ["zh", "en"])
    assert dialog.calendar.currentData() == "office"
    dialog.skills.boxes["damaged"].setChecked(True)
    dialog.calendar.setCurrentIndex(0)
    with rig.qtbot.waitSignal(dialog.changed):
        dialog.save.click()
    ((person, body, _key),) = rig.client.called("set_working")
    assert person == 5
    assert body == WorkingBody(skills=["damaged", "exchange"], languages=["zh", "en"], calendar=None)
    assert unnamed(dialog) == []
    dialog.close()


def test_absence_interests_and_deputies_are_set_and_ended(rig: Rig) -> None:
    dialog = opened(rig, 3)
    assert tabs(dialog)[-1] == "委托"
    start, until = dialog.absence.times()
    assert until - start == timedelta(days=1)
    for act in (dialog._set_absence, lambda: dialog._declare(), dialog._delegate, dialog.away.click):
        dialog.about.setText("RC-26-000007")
        dialog.deputy.setCurrentIndex(dialog.deputy.findData(7))
        with rig.qtbot.waitSignal(dialog.changed):
            act()
    with rig.qtbot.waitSignal(dialog.changed):
        dialog.delegations.ended.emit(9)
    assert rig.client.called("set_absence")[0][0] == 3
    assert rig.client.called("declare_interest") == [(3, InterestBody(relation=Relation.OWN, ref="RC-26-000007"))]
    assert rig.client.called("delegate")[0][1].to == 7
    assert rig.client.called("end_lasting") == [("delegation", 9)]
    assert rig.client.called("set_away") == [(3, True)]
    dialog.close()


def test_a_refused_change_is_said_in_the_dialog(rig: Rig) -> None:
    dialog = opened(rig, 2)
    rig.client.fail["set_absence"] = Conflict("workload.absent_already")
    dialog._set_absence()
    rig.qtbot.waitUntil(dialog.note.isVisible)
    dialog.close()


def test_ones_own_record_has_no_skills_to_set(rig: Rig) -> None:
    dialog = PersonDialog(rig.root, rig.panel._desk, rig.panel._desk.me.person)
    dialog.open()
    assert tabs(dialog)[0] == "休假"
    dialog.close()
