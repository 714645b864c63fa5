"""A connection set up: fields as the connector describes them, a test before it is proposed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.context import Desk
from refund_desk.desktop.settings.columns import ColumnsDialog
from refund_desk.desktop.settings.source_detail import setting_label
from refund_desk.desktop.widgets import KeyButton, PlainLabel, words_label
from refund_desk.desktop.widgets.dialogs import Dialog
from refund_desk.desktop.words import bind_text, tr, word, word_error
from refund_desk.domain.errors import DeskError
from refund_desk.domain.sources import NAME, SettingType
from refund_desk.wire.sources import (
    ConnectorView,
    SettingView,
    SourceBody,
    SourceProposal,
    SourceTried,
    SourceView,
    Value,
)

Field = QLineEdit | QCheckBox | KeyButton
MAPPING = "mapping"
"""Property of a button that holds the mapping of a file's columns."""


class SourceForm(Dialog):
    """`proposed(SourceProposal)`: in force once a second person approves it. A kept secret is never shown again."""

    proposed = Signal(object)

    def __init__(
        self, parent: QWidget, desk: Desk, connectors: Sequence[ConnectorView], before: SourceView | None
    ) -> None:
        title = "ui.sources.add" if before is None else "ui.sources.change_title"
        super().__init__(
            parent, title, "ui.settings.propose", width=640, name=before.name if before is not None else ""
        )
        self._desk, self._before = desk, before
        self._known = {one.name: one for one in connectors}
        self.connector, self.name, self.reason = QComboBox(), QLineEdit(), QLineEdit()
        self.enabled = QCheckBox()
        self.fields: dict[str, Field] = {}
        self.test = KeyButton("ui.sources.test", "Ctrl+T")
        self.test.setShortcut("Ctrl+T")
        self.test.setAutoDefault(False)
        self.said = PlainLabel(look="small", wrap=True)
        self._build(connectors)
        self._choose()

    # ------------------------------------------------------------ what is given

    def given(self) -> SourceBody | None:
        """What stands in the fields; None, with the field marked, where one is wrong."""
        self.problem.hide()
        name = self.name.text().strip()
        if not NAME.match(name):
            self.complain("error.source.name", self.name, name=name)
            return None
        settings: dict[str, Value] = {}
        secrets: dict[str, str] = {}
        for one in self._described().settings:
            field = self.fields[one.name]
            given = _given(one, field)
            if given is None or given == "":
                kept = one.secret and self._before is not None and one.name in self._before.secrets
                if one.required and not kept and one.default is None:
                    self.complain("ui.dialog.needed", field)
                    return None
            elif one.secret:
                secrets[one.name] = str(given)
            else:
                settings[one.name] = given
        connector = self._described().name
        return SourceBody(
            name=name, connector=connector, settings=settings, secrets=secrets, enabled=self.enabled.isChecked()
        )

    def finish(self) -> None:
        body, reason = self.given(), self.reason.text().strip()
        if body is None:
            return
        if not reason:
            self.complain("ui.dialog.needed", self.reason)
            return
        self._forget()
        self.accept()
        self.proposed.emit(SourceProposal(**body.model_dump(), reason=reason))

    def try_it(self) -> None:
        """Sign in with what stands in the fields and read as little as shows that reading will work."""
        body, client = self.given(), self._desk.client
        if body is None:
            return
        self.test.setEnabled(False)
        self._say("muted", tr("ui.sources.testing"))
        self._desk.operations.read(self, lambda: client.check_source(body), self._tried, self._untried, deadline=90)

    # ------------------------------------------------------------ inside

    def _tried(self, tried: SourceTried) -> None:
        self.test.setEnabled(True)
        if tried.works:
            self._say("ok", tr("ui.sources.works"))
        elif tried.problem is not None:
            self._say("danger", word(tried.problem))

    def _untried(self, error: DeskError) -> None:
        self.test.setEnabled(True)
        self._say("danger", word_error(error))

    def _say(self, look: str, text: str) -> None:
        self.said.set_look(f"small {look}")
        self.said.setText(text)
        self.said.show()

    def _described(self) -> ConnectorView:
        return self._known[self.connector.currentData()]

    def _forget(self) -> None:
        """Secrets don't outlive the dialog in its fields."""
        for one in self._described().settings:
            field = self.fields[one.name]
            if one.secret and isinstance(field, QLineEdit):
                field.clear()

    def _choose(self) -> None:
        """The fields that this connector describes."""
        while self._form.rowCount():
            self._form.removeRow(0)
        self.fields = {}
        described = self._described()
        for one in described.settings:
            field = self._field(described.name, one)
            self.fields[one.name] = field
            label = PlainLabel(setting_label(described.name, one.name), "small strong" if one.required else "small")
            label.setBuddy(field)
            self._form.addRow(label, field)
        self.said.hide()

    def _field(self, connector: str, one: SettingView) -> Field:
        before = self._before.settings.get(one.name) if self._before is not None else None
        value = one.default if before is None else before
        label = setting_label(connector, one.name)
        if one.type is SettingType.FLAG:
            box = QCheckBox()
            box.setChecked(value is True)
            box.setAccessibleName(label)
            return box
        if one.type is SettingType.COLUMNS:
            return self._mapper(str(value or ""), label)
        line = QLineEdit("" if value is None or one.secret else str(value))
        line.setProperty("wrong", "false")
        line.setAccessibleName(label)
        if one.secret:
            line.setEchoMode(QLineEdit.EchoMode.Password)
            kept = self._before is not None and one.name in self._before.secrets
            line.setPlaceholderText(tr("ui.sources.kept") if kept else "")
        elif one.type is SettingType.DAY:
            line.setPlaceholderText("2026-11-01")
        return line

    def _mapper(self, text: str, label: str) -> KeyButton:
        """A button that opens the mapping, and says whether there is one."""
        button = KeyButton("ui.columns.mapped" if text else "ui.columns.title", icon_name="layout")
        button.setAutoDefault(False)
        button.setProperty(MAPPING, text)
        button.setAccessibleDescription(label)

        def mapped(made: str) -> None:
            button.setProperty(MAPPING, made)
            button.set_words("ui.columns.mapped")

        def ask() -> None:
            dialog = ColumnsDialog(self, self._desk, str(button.property(MAPPING)))
            dialog.mapped.connect(mapped)
            dialog.open()

        button.clicked.connect(ask)
        return button

    def _build(self, connectors: Sequence[ConnectorView]) -> None:
        for one in connectors:
            self.connector.addItem(plain(f"{one.name} {one.version}", lines=False), one.name)
        before = self._before
        if before is not None:
            self.connector.setCurrentIndex(max(0, self.connector.findData(before.connector)))
            self.name.setText(before.name)
        self.connector.setEnabled(before is None)
        self.name.setEnabled(before is None)
        self.name.setProperty("wrong", "false")
        self.reason.setProperty("wrong", "false")
        self.enabled.setChecked(before is None or before.enabled)
        bind_text(self.enabled.setText, "ui.sources.enabled")
        head = QFormLayout()
        self._form = QFormLayout()
        for key, field in (("ui.sources.connector", self.connector), ("ui.sources.name", self.name)):
            bind_text(field.setAccessibleName, key)
            head.addRow(words_label(key, "small strong"), field)
        trial = QHBoxLayout()
        trial.addWidget(self.test)
        trial.addWidget(self.said, 1)
        bind_text(self.reason.setAccessibleName, "ui.settings.reason")
        last = QFormLayout()
        last.addRow(words_label("ui.settings.reason", "small strong"), self.reason)
        for part in (head, self._form):
            self.body.addLayout(part)
        self.body.addWidget(self.enabled)
        self.body.addLayout(trial)
        self.body.addLayout(last)
        self.add_words("ui.sources.second_person", "small muted")
        self.connector.currentIndexChanged.connect(lambda _index: self._choose())
        self.test.clicked.connect(self.try_it)


def _given(one: SettingView, field: Field) -> Value | None:
    """What stands in a field, as its type; a number that isn't one goes as it was typed, and the service says so."""
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, KeyButton):
        return str(field.property(MAPPING)) or None
    text = field.text() if one.secret else field.text().strip()
    if one.type is SettingType.WHOLE and text.isascii() and text.isdigit():
        return int(text)
    return text or None
