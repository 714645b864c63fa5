"""What the tests of panels share: a desk on invented answers, and golden text of a list."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLabel, QLineEdit, QPlainTextEdit, QWidget

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.keys import Keys
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.words import words
from refund_desk.domain.words import Role
from refund_desk.wire.commands import Me
from tests.fakes import panel_samples as samples

GOLDEN = Path(__file__).parent / "golden"


def make_desk(operations: Operations, window: QWidget, *roles: Role, who: Me | None = None, count: int = 120) -> Desk:
    """A desk whose service is invented."""
    me = who or samples.me(*roles)
    return Desk(samples.FakeClient(me, count), operations, Keys(window), DeskClock(samples.NOW), me, samples.status())


def fake(desk: Desk) -> samples.FakeClient:
    assert isinstance(desk.client, samples.FakeClient)
    return desk.client


def lines(model: QAbstractItemModel) -> list[str]:
    """Each row as a screen reader says it."""
    role, columns = Qt.ItemDataRole.AccessibleTextRole, 1
    if isinstance(model, QAbstractTableModel):
        columns = model.columnCount()
    return [
        " | ".join(str(model.index(row, column).data(role)) for column in range(columns))
        for row in range(model.rowCount())
    ]


def check_golden(name: str, text: str) -> None:
    """Compare with the file kept beside the tests; where there is none yet, write it and fail."""
    path = GOLDEN / f"{name}.txt"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
        raise AssertionError(f"{path.name} was written: read it, and run again")
    assert text + "\n" == path.read_text(encoding="utf-8")


def unnamed(root: QWidget) -> list[str]:
    """Controls that a screen reader couldn't name."""
    kinds = (QAbstractButton, QAbstractItemView, QLineEdit, QPlainTextEdit)
    found = []
    for widget in root.findChildren(QWidget):
        if _in_combo(widget):
            continue  # named by its combo box
        own = not widget.objectName().startswith("qt_") and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        if isinstance(widget, kinds) and own and not widget.accessibleName() and not getattr(widget, "text", str)():
            found.append(f"{type(widget).__name__} {widget.objectName()}")
    return found


def _in_combo(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    return parent is not None and parent.metaObject().className() == "QComboBoxPrivateContainer"


def cut(root: QWidget) -> list[str]:
    """Labels and buttons that are seen and narrower than their words."""
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QLabel | QAbstractButton) or not widget.text():
            continue
        if isinstance(widget, QLabel) and (widget.wordWrap() or hasattr(widget, "shown")):
            continue
        if widget.width() + 1 < widget.minimumSizeHint().width():
            found.append(
                f"{type(widget).__name__} {widget.text()!r} {widget.width()} < {widget.minimumSizeHint().width()}"
            )
    return found


def texts(root: QWidget) -> set[str]:
    """Every text of labels and buttons under a widget, shown or not."""
    return {widget.text() for widget in root.findChildren(QWidget) if isinstance(widget, QLabel | QAbstractButton)}


def catalogue_texts(language: str) -> set[str]:
    """All texts of a language without placeholders, to find what a live switch forgot."""
    core = words().core
    before = core.language
    core.use(language)
    found = {core.tr(key) for key in sorted(core.keys()) if "{" not in core.tr(key)}
    core.use(before)
    return found
