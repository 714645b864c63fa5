"""Every key of the case workspace in one table. Letters act only where no text can be typed (see keys)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget

from refund_desk.desktop.keys import can_type
from refund_desk.desktop.widgets import Thumbnail
from refund_desk.desktop.workspace.acts import EXPORTS
from refund_desk.desktop.workspace.composer import MODES
from refund_desk.desktop.workspace.decision_bar import QUICK
from refund_desk.desktop.workspace.steps import STEPS
from refund_desk.domain.words import Decision

if TYPE_CHECKING:
    from refund_desk.desktop.workspace.workspace import CaseWorkspace

Action = Callable[[], object]


def bind_keys(workspace: CaseWorkspace) -> None:
    """Register all keys; they act while what owns them is on the screen."""
    page, acts = workspace.page, workspace.acts
    _add(workspace, page, "compare", "D", workspace.compare)
    _add(workspace, page.conflicts, "ask_finance", "F", acts.ask_finance)
    _add(workspace, page, "viewer", "Space", lambda: space(workspace))
    _add(workspace, page, "image_next", "]", lambda: page.evidence.step(1))
    _add(workspace, page, "image_previous", "[", lambda: page.evidence.step(-1))
    _add(workspace, page.evidence.add, "add_evidence", "Shift+F", acts.choose_files)
    _add(workspace, page.evidence.add, "paste_evidence", "Ctrl+V", acts.paste)
    _add(workspace, page, "timeline", "T", page.talk.toggle.click)
    _add(workspace, page, "copy", "C", acts.copy)
    workspace.desk.keys.add(
        "case.follow",
        "O",
        "ui.case.key.follow",
        acts.follow_focused,
        owner=page,
        context="case",
        enabled=lambda: acts.linked() is not None,
    )
    _add(workspace, page, "unmask", "Shift+C", acts.unmask)
    _add(workspace, page, "hold", "S", acts.hold)
    if workspace.desk.has(*EXPORTS):
        _add(workspace, page, "export", "Ctrl+E", acts.export)
    _add(workspace, page, "answer", "Shift+A", acts.answer)
    _add(workspace, page, "ask_merchant", "Shift+M", acts.ask_merchant)
    _add(workspace, page, "merchant_link", "Shift+L", acts.merchant_link)
    _add(workspace, page, "wait", "Shift+W", acts.wait)
    _add(workspace, page, "go_on", "Shift+G", acts.go_on)
    _add(workspace, page, "mark_promise", "Shift+P", acts.mark_promise)
    _add(workspace, workspace, "refresh", "F5", workspace.refresh)
    _add(workspace, workspace.undo_bar, "undo", "U", workspace.take_back)
    for number, pane in enumerate((page.order, page.payment, page.talk, page.evidence), start=1):
        _add(workspace, page, f"pane_{number}", f"Alt+{number}", partial(_into, pane))
    _bind_writing(workspace)
    _bind_decision(workspace)
    _bind_steps(workspace)


def _bind_writing(workspace: CaseWorkspace) -> None:
    composer = workspace.page.talk.composer
    for mode, (keys, _) in MODES.items():
        _add(workspace, composer.buttons[mode], f"compose_{mode}", keys, partial(composer.open_as, mode))


def _bind_decision(workspace: CaseWorkspace) -> None:
    bar = workspace.page.decision
    _add(workspace, bar, "accept", "A", bar.accept)
    _add(workspace, bar, "decision", "B", bar.pick_decision)
    _add(workspace, bar, "amount", "M", bar.form.edit_amount)
    _add(workspace, bar, "lines", "L", bar.form.edit_lines)
    _add(workspace, bar, "preview", "P", bar.show_full_text)
    _add(workspace, bar.tell, "tell", "Shift+T", lambda: bar.form.edit_text("public_text"))
    _add(workspace, bar.note, "remark", "Shift+N", lambda: bar.form.edit_text("note"))
    _add(workspace, bar, "submit", "Ctrl+Return", bar.submit)
    for decision, keys in QUICK.items():
        _add(workspace, bar, f"take_{decision.value}", keys, partial(bar.take, decision))
    _add(workspace, bar, "take_cancel", "X", partial(bar.take, Decision.CANCEL))
    _add(workspace, bar, "take_hold", "H", partial(bar.take, Decision.HOLD))
    _digits(workspace, bar, bar.digit)


def _bind_steps(workspace: CaseWorkspace) -> None:
    bar = workspace.page.steps
    _add(workspace, bar, "step_submit", "Ctrl+Return", bar.submit)
    _digits(workspace, bar, bar.digit)
    for step in STEPS:
        workspace.desk.keys.add(
            f"case.{step.activity}",
            step.keys,
            f"activity.{step.activity}",
            partial(bar.start, step.activity),
            owner=bar.buttons[step.activity],
            context="case",
        )


def _add(workspace: CaseWorkspace, owner: QWidget, name: str, keys: str, action: Action) -> None:
    workspace.desk.keys.add(f"case.{name}", keys, f"ui.case.key.{name}", action, owner=owner, context="case")


def _digits(workspace: CaseWorkspace, owner: QWidget, action: Callable[[int], object]) -> None:
    """The digits stand as one line in the overview, by the key 1."""
    _add(workspace, owner, "digit", "1", partial(action, 1))
    for digit in range(2, 10):
        shortcut = QShortcut(QKeySequence(str(digit)), owner)
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(partial(_if_free, workspace, partial(action, digit)))


def _if_free(workspace: CaseWorkspace, action: Action) -> None:
    if not can_type(QApplication.focusWidget()) and workspace.viewer.isHidden():
        action()


def _into(pane: QWidget) -> None:
    """Put the focus into a pane, on the first thing in it that takes it."""
    inside = [child for child in pane.findChildren(QWidget) if child.isVisible() and child.focusPolicy().value & 1]
    if inside:
        inside[0].setFocus()


def space(workspace: CaseWorkspace) -> None:
    """Space presses the button that was reached by Tab; else it opens the image."""
    focused = QApplication.focusWidget()
    if isinstance(focused, Thumbnail):
        focused.click()
        workspace.open_viewer()
    elif isinstance(focused, QAbstractButton) and workspace.isAncestorOf(focused):
        focused.click()
    elif isinstance(focused, QComboBox) and workspace.isAncestorOf(focused):
        focused.showPopup()
    else:
        workspace.open_viewer()
