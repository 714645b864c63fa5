"""The board: stages above, people with their load, at the right what somebody has or what a move would do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStackedWidget, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets import Banner, BusyBar, EmptyState, KeyButton, Pill, PlainLabel, words_label
from refund_desk.desktop.words import bind_made, tr, unbind_text, word_error
from refund_desk.desktop.workload import figures as f
from refund_desk.desktop.workload import layout
from refund_desk.desktop.workload.dialogs import MovedDialog, MoveDialog, OptionsDialog
from refund_desk.desktop.workload.model import HANDOUT, LATE_AFTER, LOAD_AFTER, WHO, BoardRow, PeopleModel
from refund_desk.desktop.workload.people import PersonDialog
from refund_desk.desktop.workload.preview import CasesModel, LinesModel
from refund_desk.desktop.workload.stages import StagesRow
from refund_desk.domain.errors import DeskError
from refund_desk.wire.cases import QueuePage
from refund_desk.wire.workload import (
    BalanceOptions,
    Board,
    LastMove,
    MoveAsked,
    MoveItem,
    MoveMany,
    MovePreview,
    MoveResult,
)

AGAIN_MS = 2_000
"""News come in bursts: the board is asked again no more often."""
CASES_SHOWN = 100


class WorkloadPanel(QFrame):
    """`open_case(ref)`; `moved` after moves and undos, so that other pages ask again."""

    open_case = Signal(str)
    moved = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workloadPanel")
        self._desk = desk
        self._board: Board | None = None
        self._preview: MovePreview | None = None
        self._options = BalanceOptions()
        self._last: LastMove | None = None
        self._key, self._asking, self._stale = "", False, False
        self.model, self.cases, self.lines = (
            PeopleModel(desk.clock, self),
            CasesModel(desk.clock, self),
            LinesModel(self),
        )
        self.table = layout.people_table(self.model)
        self.list = layout.side_list(self.cases, desk.clock, "ui.board.cases")
        self.plan = layout.side_list(self.lines, desk.clock, "ui.board.preview_title")
        self.stages, self.stack, self.side = StagesRow(), QStackedWidget(), QStackedWidget()
        self.busy, self.note = BusyBar(), Banner("info", closable=True)
        self.missing, self.then = Pill(), Pill()
        self.states = PlainLabel(look="small muted", wrap=True)
        self.undo = KeyButton("ui.board.undo", "Ctrl+Z")
        self.options = KeyButton("ui.board.options", "O")
        self.person = KeyButton("ui.person.open", "E")
        self.move_to = KeyButton("ui.board.move", "M")
        self.balance = KeyButton("ui.board.balance", "B", "primary")
        self.apply = KeyButton("ui.board.apply_key", "Ctrl+Return", "primary")
        self.drop = KeyButton("ui.board.drop", "Esc")
        self.failed = EmptyState("ui.failed.title", icon_name="offline")
        self._soon, self._tick = QTimer(self), QTimer(self)
        self._build()
        self._connect()
        self._add_keys()
        self._show_preview(None)

    # ------------------------------------------------------------ for the window

    def start(self) -> None:
        self.busy.start()
        self.refresh()

    def refresh(self) -> None:
        """Ask again; while an answer is on its way, once after it."""
        if self._asking or self._soon.isActive():
            self._stale = True
            return
        self._asking = True
        client = self._desk.client
        self._desk.operations.read(self, client.board, self._show, self._fail)

    def current(self) -> BoardRow | None:
        index = self.table.currentIndex()
        return self.model.rows[index.row()] if index.isValid() and index.row() < len(self.model.rows) else None

    # ------------------------------------------------------------ what is shown

    def _show(self, board: Board) -> None:
        self.busy.finish()
        self._answered()
        row = self.current()
        self._board = board
        self.model.fill(board)
        self.stages.show_stages(board.stages)
        self.stack.setCurrentWidget(self.splitter)
        number = self.model.row_of(row.id) if row is not None else min(1, len(self.model.rows) - 1)
        if row is None or not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.model.index(max(0, number), WHO))
            self.table.setFocus()
        else:
            self._ask_cases()
        self._show_head()
        self._show_undo(board.last)

    def _answered(self) -> None:
        self._asking = False
        self._soon.start()

    def _again(self) -> None:
        if self._stale:
            self._stale = False
            self.refresh()

    def _fail(self, error: DeskError) -> None:
        self.busy.finish()
        self._answered()
        if self._board is None:
            bind_made(self.failed.text.setText, lambda: word_error(error))
            self.failed.text.show()
            self.stack.setCurrentWidget(self.failed)

    def _show_head(self) -> None:
        if self._board is None:
            return
        missing = self._board.missing
        self.missing.set_words("ui.board.missing", "danger" if round(missing) else "ok", n=round(missing))
        preview = self._preview
        self.then.setVisible(preview is not None and bool(preview.moves))
        if preview is not None:
            gain = sum(each.after.missing - each.before.missing for each in preview.people)
            then = max(0.0, missing + gain)
            self.then.set_words("ui.board.then", "ok" if then <= missing + 0.5 else "danger", n=round(then))

    def _show_preview(self, preview: MovePreview | None) -> None:
        self._preview, self._key = preview, new_key()
        self.lines.fill(preview)
        self.model.show_after({each.person.id: each.after for each in preview.people} if preview else {})
        for column in (LOAD_AFTER, LATE_AFTER):
            self.table.setColumnHidden(column, preview is None)
        self.table.setColumnHidden(HANDOUT, preview is not None)
        self.apply.setVisible(preview is not None and bool(preview.moves))
        self.drop.setVisible(preview is not None)
        for button in (self.balance, self.move_to, self.options, self.person):
            button.setVisible(preview is None)
        if preview is not None:
            self.apply.set_words("ui.board.apply", n=len(preview.moves))
            self.plan_card.set_title(
                "ui.board.preview" if preview.moves else "ui.board.preview_none", n=len(preview.moves)
            )
            self.plan.setCurrentIndex(self.lines.index(0))
        self.side.setCurrentWidget(self.plan_card if preview is not None else self.cases_card)
        self._show_head()

    def _show_undo(self, last: LastMove | None) -> None:
        self._last = last
        self._count_down()

    def _count_down(self) -> None:
        left = int((self._last.undo_until - self._desk.clock.now()).total_seconds()) if self._last is not None else 0
        self.undo.setVisible(left > 0)
        if left > 0:
            self.undo.set_words("ui.board.undo_left", left=f"{left // 60}:{left % 60:02}")
            self._tick.start()
        else:
            self._tick.stop()

    def _show_person(self) -> None:
        row = self.current()
        if row is None:
            return
        person = row.person
        if person is None:
            self.cases_card.set_title("ui.board.queue")
            unbind_text(self.states.setText)
            self.states.setText("")
        else:
            self.cases_card.set_title("ui.board.cases_of", who=f.name(person.person))
            bind_made(self.states.setText, lambda: f.states_text(person))
        self._ask_cases()

    def _ask_cases(self) -> None:
        row, client = self.current(), self._desk.client
        if row is None:
            return

        def show(page: QueuePage) -> None:
            now = self.current()
            if now is not None and now.id == row.id:
                self._fill_cases(page)

        if row.id is None:
            ask = lambda: client.queue(chip="unassigned", limit=CASES_SHOWN)  # noqa: E731
        else:
            ask = lambda: client.queue(assignee=row.id, limit=CASES_SHOWN)  # noqa: E731
        self._desk.operations.read(self, ask, show, lambda _error: None)

    def _fill_cases(self, page: QueuePage) -> None:
        chosen = set(self.chosen())
        if [row.ref for row in page.rows] == [row.ref for row in self.cases.rows] and not chosen:
            self.cases.rows = list(page.rows)
            self.list.viewport().update()
            return
        self.cases.fill(page.rows)
        selection = self.list.selectionModel()
        for number, row in enumerate(page.rows):
            if row.ref in chosen:
                selection.select(self.cases.index(number), selection.SelectionFlag.Select)

    def chosen(self) -> list[str]:
        """References of the cases that are chosen."""
        return [self.cases.rows[index.row()].ref for index in self.list.selectionModel().selectedIndexes()]

    # ------------------------------------------------------------ what is asked

    def _ask_balance(self) -> None:
        client, options = self._desk.client, self._options
        self.busy.start()
        self._desk.operations.read(self, lambda: client.preview_balance(options), self._previewed, self._refused)

    def _ask_move(self) -> None:
        row, refs = self.current(), self.chosen()
        if row is None or self._board is None or (row.id is None and not refs):
            return
        count = len(refs) or (row.person.standing.cases if row.person else 0)
        if not count:
            return
        dialog = MoveDialog(self, self._board.people, row.id, count)
        dialog.chosen.connect(lambda to: self._preview_move(refs, row.id, to))
        dialog.open()

    def _preview_move(self, refs: list[str], of: int | None, to: int | None) -> None:
        asked = MoveAsked(refs=refs, of=None if refs else of, to=to)
        client = self._desk.client
        self._desk.operations.read(self, lambda: client.preview_move(asked), self._previewed, self._refused)

    def _dropped(self, what: tuple[str, object], to: int | None) -> None:
        kind, value = what
        if kind == "refs" and isinstance(value, list):
            self._preview_move(value, None, to)
        elif isinstance(value, int) and value != to:
            self._preview_move([], value, to)

    def _previewed(self, preview: MovePreview) -> None:
        self.busy.finish()
        self._show_preview(preview)

    def _refused(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))

    def _ask_options(self) -> None:
        dialog = OptionsDialog(self, self._options)
        dialog.chosen.connect(self._use_options)
        dialog.open()

    def _use_options(self, options: BalanceOptions) -> None:
        self._options = options
        self._ask_balance()

    def _open_person(self) -> None:
        row = self.current()
        if row is not None and row.person is not None:
            dialog = PersonDialog(self, self._desk, row.person.person)
            dialog.changed.connect(self.refresh)
            dialog.open()

    # ------------------------------------------------------------ what is done

    def _apply(self) -> None:
        preview = self._preview
        if preview is None or not preview.moves:
            return
        items = [
            MoveItem(ref=move.ref, of=move.of.id if move.of else None, to=move.to.id if move.to else None)
            for move in preview.moves
        ]
        self.apply.setEnabled(False)
        client, body = self._desk.client, MoveMany(items=items)
        self._desk.operations.write(
            self, lambda key: client.move_cases(body, key), self._moved, self._not_moved, key=self._key
        )

    def _moved(self, result: MoveResult) -> None:
        self.apply.setEnabled(True)
        self._show_preview(None)
        self._took_place(result, "ui.board.moved")
        if result.undo_until is not None:
            self._show_undo(LastMove(move=result.move, undo_until=result.undo_until))

    def _took_place(self, result: MoveResult, key: str) -> None:
        done = sum(row.ok for row in result.rows)
        self.model.stand({each.person: each.standing for each in result.people})
        self.note.tell("ok" if done else "warn", lambda: tr(key, done=done, all=len(result.rows)))
        if done < len(result.rows):
            MovedDialog(self, result).open()
        self._ask_cases()
        self.refresh()
        self.moved.emit()

    def _not_moved(self, error: DeskError) -> None:
        self.apply.setEnabled(True)
        self._refused(error)

    def _undo(self) -> None:
        last, client = self._last, self._desk.client
        if last is None or not self.undo.isVisible():
            return
        self._show_undo(None)
        self._desk.operations.write(
            self, lambda key: client.undo_move(last.move, key), self._undone, self._refused, key=new_key()
        )

    def _undone(self, result: MoveResult) -> None:
        self._took_place(result, "ui.board.undone")

    # ------------------------------------------------------------ keys and layout

    def _move_by(self, step: int) -> None:
        rows = len(self.model.rows)
        if rows:
            number = max(0, min(rows - 1, self.table.currentIndex().row() + step))
            self.table.setCurrentIndex(self.model.index(number, WHO))
            self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _to_cases(self) -> None:
        """Into the list at the right, and back."""
        if self.list.hasFocus() or self.plan.hasFocus():
            self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif self._preview is not None:
            self.plan.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
            if not self.list.currentIndex().isValid():
                self.list.setCurrentIndex(self.cases.index(0))

    def _open(self, index: QModelIndex | None = None) -> None:
        index = index or self.list.currentIndex()
        if index.isValid() and index.row() < len(self.cases.rows):
            self.open_case.emit(self.cases.rows[index.row()].ref)

    def _build(self) -> None:
        self._soon.setSingleShot(True)
        self._soon.setInterval(AGAIN_MS)
        self._tick.setInterval(1_000)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setDragEnabled(True)
        self.states.setContentsMargins(12, 6, 12, 6)
        self.cases_card = layout.card_of("ui.board.cases", self.states, self.list)
        self.plan_card = layout.card_of("ui.board.preview_title", self.plan)
        self.plan_card.add_badge(words_label("ui.board.audited", "small muted"))
        for card in (self.cases_card, self.plan_card):
            self.side.addWidget(card)
        people = layout.card_of("ui.board.people", self.table)
        people.add_badge(words_label("ui.board.hint", "small muted"))
        self.splitter = layout.beside(people, self.side)
        if self._desk.state is not None:
            self._desk.state.keep_splitter(self.splitter, "workload")
        retry = KeyButton("ui.retry", icon_name="refresh")
        retry.clicked.connect(self.start)
        self.failed.add_button(retry)
        self.note.hide()
        for page in (self.splitter, self.failed):
            self.stack.addWidget(page)
        buttons = (self.undo, self.person, self.options, self.move_to, self.drop, self.balance, self.apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 12)
        column.setSpacing(10)
        column.addLayout(layout.head((self.missing, self.then), buttons))
        for widget, stretch in ((self.busy, 0), (self.note, 0), (self.stages, 0), (self.stack, 1)):
            column.addWidget(widget, stretch)

    def _connect(self) -> None:
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_person())
        self.model.modelReset.connect(self._show_person)
        self.model.dropped.connect(self._dropped)
        self.list.doubleClicked.connect(self._open)
        self.undo.clicked.connect(self._undo)
        self.options.clicked.connect(self._ask_options)
        self.person.clicked.connect(self._open_person)
        self.move_to.clicked.connect(self._ask_move)
        self.balance.clicked.connect(self._ask_balance)
        self.apply.clicked.connect(self._apply)
        self.drop.clicked.connect(lambda: self._show_preview(None))
        self._soon.timeout.connect(self._again)
        self._tick.timeout.connect(self._count_down)
        theme().changed.connect(self.table.viewport().update)

    def _add_keys(self) -> None:
        def add(
            name: str,
            keys: str,
            label: str,
            action: Callable[[], object],
            owner: QWidget | None = None,
            enabled: Callable[[], bool] | None = None,
        ) -> None:
            binding = self._desk.keys.add(
                f"workload.{name}", keys, label, action, owner=owner or self, context="workload", enabled=enabled
            )
            for shortcut in binding.shortcuts if owner is not None else []:
                shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)

        add("down", "J", "ui.queue.key.next", lambda: self._move_by(1))
        add("up", "K", "ui.queue.key.previous", lambda: self._move_by(-1))
        add("move", "M", "ui.board.move", self._ask_move)
        add("balance", "B", "ui.board.balance", self._ask_balance)
        add("side", "Space", "ui.board.side", self._to_cases)
        add("apply", "Ctrl+Return", "ui.board.apply_key", self._apply, enabled=self.apply.isVisible)
        add("undo", "Ctrl+Z", "ui.board.undo", self._undo, enabled=self.undo.isVisible)
        add("options", "O", "ui.board.options", self._ask_options)
        add("person", "E", "ui.person.open", self._open_person)
        add("drop", "Escape", "ui.board.drop", lambda: self._show_preview(None), enabled=self.drop.isVisible)
        add("open", "Return", "ui.queue.key.open", self._open, self.list)
