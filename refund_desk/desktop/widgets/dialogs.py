"""Small dialogs over the window: a line or a reason, a question, a secret shown once. None of them blocks."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from refund_desk.desktop.widgets.buttons import KeyButton
from refund_desk.desktop.widgets.text import PlainLabel, restyle, words_label
from refund_desk.desktop.words import bind_text


class Dialog(QDialog):
    """Title, body, and at the foot: cancel and one way on. `open()` it; it goes when it is closed."""

    def __init__(
        self,
        parent: QWidget,
        title_key: str,
        ok_key: str,
        *,
        look: str = "primary",
        keys: str = "Ctrl+Return",
        cancel: bool = True,
        width: int = 460,
        **params: Any,
    ) -> None:
        super().__init__(parent.window())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        bind_text(self.setWindowTitle, title_key, **params)
        bind_text(self.setAccessibleName, title_key, **params)
        self.setMinimumWidth(width)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self.problem = PlainLabel(look="small danger", wrap=True)
        self.problem.hide()
        self.ok = KeyButton(ok_key, keys, look)
        self.ok.setShortcut(keys)
        self.ok.setAutoDefault(False)
        self.ok.clicked.connect(self.finish)
        foot = QHBoxLayout()
        foot.addStretch()
        self.cancel = KeyButton("ui.cancel", "Esc")
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self.reject)
        self.cancel.setVisible(cancel)
        foot.addWidget(self.cancel)
        foot.addWidget(self.ok)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        column.addWidget(words_label(title_key, "heading", wrap=True, **params))
        column.addLayout(self.body)
        column.addWidget(self.problem)
        column.addLayout(foot)

    def add_words(self, key: str, look: str = "muted", **params: Any) -> PlainLabel:
        """A paragraph of the catalogue."""
        label = words_label(key, look, wrap=True, **params)
        self.body.addWidget(label)
        return label

    def complain(self, key: str, field: QWidget | None = None, **params: Any) -> None:
        """Say what is wrong, in words of the catalogue, and where."""
        bind_text(self.problem.setText, key, **params)
        self.problem.show()
        if field is not None:
            restyle(field, wrong="true")
            field.setFocus()

    def finish(self) -> None:
        """The way on; subclasses check first."""
        self.accept()


class TextDialog(Dialog):
    """Asks for one text. `given(text)` when it isn't empty; `lines` for more than one line."""

    given = Signal(str)

    def __init__(
        self,
        parent: QWidget,
        title_key: str,
        label_key: str,
        ok_key: str,
        *,
        lead_key: str = "",
        lines: bool = False,
        limit: int = 2000,
        look: str = "primary",
        **params: Any,
    ) -> None:
        super().__init__(parent, title_key, ok_key, look=look, keys="Ctrl+Return" if lines else "Return", **params)
        self.limit = limit
        if lead_key:
            self.add_words(lead_key, **params)
        self.field: QLineEdit | QPlainTextEdit = QPlainTextEdit() if lines else QLineEdit()
        if isinstance(self.field, QPlainTextEdit):
            self.field.setTabChangesFocus(True)
            self.field.setFixedHeight(92)
        self.field.setProperty("wrong", "false")
        bind_text(self.field.setAccessibleName, label_key)
        label = words_label(label_key, "small strong")
        label.setBuddy(self.field)
        self.body.addWidget(label)
        self.body.addWidget(self.field)
        self.field.installEventFilter(self)
        self.field.setFocus()

    def text(self) -> str:
        text = self.field.toPlainText() if isinstance(self.field, QPlainTextEdit) else self.field.text()
        return text.strip()

    def set_text(self, text: str) -> None:
        if isinstance(self.field, QPlainTextEdit):
            self.field.setPlainText(text)
        else:
            self.field.setText(text)
            self.field.selectAll()

    def finish(self) -> None:
        text = self.text()
        if not text:
            self.complain("ui.dialog.needed", self.field)
        elif len(text) > self.limit:
            self.complain("ui.dialog.too_long", self.field, most=self.limit)
        else:
            self.accept()
            self.given.emit(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._goes_on(event):
            self.finish()
            return True
        return super().eventFilter(watched, event)

    def _goes_on(self, event: QKeyEvent) -> bool:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return False
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        return control or isinstance(self.field, QLineEdit)


class ConfirmDialog(Dialog):
    """Asks whether to go on. `confirmed` when yes."""

    confirmed = Signal()

    def __init__(
        self, parent: QWidget, title_key: str, text_key: str, ok_key: str, *, look: str = "primary", **params: Any
    ) -> None:
        super().__init__(parent, title_key, ok_key, look=look, keys="Return", **params)
        self.add_words(text_key, "", **params)
        self.ok.setFocus()

    def finish(self) -> None:
        self.accept()
        self.confirmed.emit()


class SecretDialog(Dialog):
    """Shows a secret once, with a way to copy it. Nothing keeps it after the dialog is closed."""

    def __init__(self, parent: QWidget, title_key: str, text_key: str, secret: str, **params: Any) -> None:
        super().__init__(parent, title_key, "ui.secret.noted", keys="Return", cancel=False, **params)
        self.add_words(text_key, **params)
        self.field = QLineEdit(secret)
        self.field.setReadOnly(True)
        self.field.setProperty("look", "mono")
        bind_text(self.field.setAccessibleName, title_key, **params)
        self.copy = KeyButton("ui.copy", icon_name="copy")
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.field.text()))
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        row.addWidget(self.copy)
        self.body.addLayout(row)
        self.add_words("ui.secret.once", "small warn")
        self.field.selectAll()
        self.field.setFocus()

    def done(self, result: int) -> None:
        self.field.clear()
        super().done(result)
