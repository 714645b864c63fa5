"""Every shortcut of the desk in one registry: for the keyboard, for `?`, and for the palette.

Letters act only where no text can be typed; everywhere else input methods are switched off, so that a
Chinese input method never swallows J or K.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

EDITORS = (QLineEdit, QPlainTextEdit, QTextEdit)


@dataclass(eq=False, slots=True)
class Binding:
    """An action that has a name and, mostly, keys. It lives as long as its owner and acts while that is seen."""

    id: str
    keys: tuple[str, ...]
    label_key: str
    context: str
    action: Callable[[], object]
    owner: QWidget
    enabled: Callable[[], bool] | None = None
    shortcuts: list[QShortcut] = field(default_factory=list)

    def alive(self) -> bool:
        return shiboken6.isValid(self.owner)

    def active(self) -> bool:
        """Whether it would act now."""
        seen = self.alive() and self.owner.isVisible() and self.owner.isEnabled()
        return seen and (self.enabled is None or self.enabled())


def can_type(widget: QWidget | None) -> bool:
    """Whether text can be typed into a widget."""
    if isinstance(widget, EDITORS):
        return not widget.isReadOnly() and widget.isEnabled()
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    return isinstance(widget, QAbstractSpinBox)


def is_letter(keys: str) -> bool:
    """A key that would type something: a printable one, without Ctrl, Alt or Meta."""
    text = QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText).removeprefix("Shift+")
    return len(text) == 1 or text == "Space"


class Keys(QObject):
    """The registry of one window."""

    acted = Signal(str)
    """Id of each action that ran by its keys."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._bindings: list[Binding] = []
        self._curtains: list[QWidget] = []
        self.overview: Callable[[], object] | None = None
        """Shows what acts now; for what lies over the window and has keys of its own."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus)

    def add(
        self,
        name: str,
        keys: str | tuple[str, ...],
        label_key: str,
        action: Callable[[], object],
        *,
        owner: QWidget,
        context: str = "window",
        enabled: Callable[[], bool] | None = None,
        repeat: bool = False,
    ) -> Binding:
        """Register an action. `keys` as Qt writes them ("J", ("J", "Down"), "Ctrl+Return", "" for palette only).

        `context` groups it in the overview: the key `ui.keys.<context>`. It works while `owner` is visible and
        enabled, wherever the focus is in the window; a letter not while text is typed. Removed with its owner.
        `repeat`: again while the key is held, for moving in a list; never for what changes something.
        """
        sequences = (keys,) if isinstance(keys, str) else keys
        binding = Binding(name, tuple(k for k in sequences if k), label_key, context, action, owner, enabled)
        for sequence in binding.keys:
            shortcut = QShortcut(QKeySequence(sequence), owner)
            shortcut.setAutoRepeat(repeat)
            shortcut.setEnabled(self._uncovered(binding))
            for signal in (shortcut.activated, shortcut.activatedAmbiguously):
                signal.connect(lambda b=binding, letter=is_letter(sequence): self._run(b, letter))
            binding.shortcuts.append(shortcut)
        self._bindings.append(binding)
        return binding

    def remove(self, binding: Binding) -> None:
        """Take an action out before its owner goes."""
        self._bindings.remove(binding)
        for shortcut in binding.shortcuts:
            if shiboken6.isValid(shortcut):
                shortcut.setEnabled(False)
                shortcut.deleteLater()

    def bindings(self) -> list[Binding]:
        """All actions whose owner lives, in the order they were added."""
        self._bindings = [binding for binding in self._bindings if binding.alive()]
        return list(self._bindings)

    def active(self) -> list[Binding]:
        """Those that would act now."""
        return [binding for binding in self.bindings() if self._acts(binding)]

    def draw_curtain(self, curtain: QWidget) -> None:
        """Something lies over the window: until it is lifted, only actions owned inside it act."""
        self._curtains = [*(other for other in self._curtains if other is not curtain), curtain]
        self._switch()

    def lift_curtain(self, curtain: QWidget) -> None:
        self._curtains = [other for other in self._curtains if other is not curtain and shiboken6.isValid(other)]
        self._switch()

    def show_overview(self) -> None:
        """What `?` does, also under a curtain."""
        if self.overview is not None:
            self.overview()

    def run(self, name: str) -> bool:
        """Run the active action with this id; False if there is none."""
        for binding in self.active():
            if binding.id == name:
                binding.action()
                return True
        return False

    def _acts(self, binding: Binding) -> bool:
        return binding.active() and self._uncovered(binding)

    def _uncovered(self, binding: Binding) -> bool:
        curtain = self._curtains[-1] if self._curtains else None
        return curtain is None or curtain is binding.owner or curtain.isAncestorOf(binding.owner)

    def _switch(self) -> None:
        """A covered shortcut must be off, not only idle: it would swallow the arrows that the curtain needs."""
        for binding in self.bindings():
            for shortcut in binding.shortcuts:
                shortcut.setEnabled(self._uncovered(binding))

    def _run(self, binding: Binding, letter: bool) -> None:
        if (letter and can_type(QApplication.focusWidget())) or not self._acts(binding):
            return
        binding.action()
        if shiboken6.isValid(self):
            self.acted.emit(binding.id)

    @staticmethod
    def _focus(_old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and not can_type(new):
            new.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
