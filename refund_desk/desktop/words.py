"""The catalogue for windows: the Qt-free one of the client, with a signal when its language changes.

A panel says `bind_text(label.setText, "ui.copy")` once; after a live switch the label rewords itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLocale, QObject, Signal

from refund_desk.client.formats import Formats
from refund_desk.client.words import LANGUAGES, Words
from refund_desk.domain.errors import DeskError

if TYPE_CHECKING:  # wire brings pydantic, which the first painted frame doesn't wait for
    from refund_desk.wire.base import Coded


class DeskWords(QObject):
    """Wraps `Words` for windows. `changed` after each switch; read `.core` for everything else."""

    changed = Signal()

    def __init__(self, core: Words) -> None:
        super().__init__()
        self.core = core

    @property
    def language(self) -> str:
        return self.core.language

    def use(self, language: str) -> None:
        """Switch the language and reword everything that is bound."""
        if language != self.core.language:
            self.core.use(language)
            self._announce()

    def set_home(self, currency: str) -> None:
        """The desk's own currency, once the service has said it."""
        self.core.set_home(currency)
        self._announce()

    def _announce(self) -> None:
        QLocale.setDefault(QLocale("zh_CN" if self.language == "zh" else "en_GB"))
        self.changed.emit()


_current: DeskWords | None = None


def words() -> DeskWords:
    """The catalogue of this process; made on first use in the language of the system."""
    global _current
    if _current is None:
        system = QLocale.system().name()[:2]
        _current = DeskWords(Words(system if system in LANGUAGES else "zh"))
    return _current


def tr(key: str, /, **params: Any) -> str:
    """The sentence of `key` in the present language."""
    return words().core.tr(key, **params)


def word(coded: Coded | Mapping[str, Any], kind: str = "") -> str:
    """Words what the service said as a code; `kind` is the prefix of its type (why, event …)."""
    return words().core.word(coded, kind)


def word_error(error: DeskError) -> str:
    """Words an error for a person."""
    return words().core.error(error)


def member(vocabulary: str, value: str | Enum | None) -> str:
    """Label of a vocabulary's member: member("reason", Reason.DAMAGED)."""
    return words().core.member(vocabulary, value)


def clause_words(policy_version: str, clause: str | None) -> str:
    """The clause a proposal rests on, of which edition of the policies. The digest in a version binds the approval;
    nobody reads it."""
    edition = policy_version.partition("+")[0].rpartition("@")[2]
    return tr("ui.clause_of", edition=edition, clause=clause) if clause else edition


def formats() -> Formats:
    """Money, times and durations in the present language."""
    return words().core.formats


class _Binding(QObject):
    """Rewords one setter of its parent. A child of the widget, so it goes when the widget goes."""

    def __init__(self, owner: QObject, name: str, setter: Callable[[str], Any]) -> None:
        super().__init__(owner)
        self.setObjectName(f"words:{name}")
        self.setter = setter
        self.make: Callable[[], str] = str
        words().changed.connect(self.reword)

    def reword(self) -> None:
        self.setter(self.make())


def bind_text(setter: Callable[[str], Any], key: str, owner: QObject | None = None, /, **params: Any) -> None:
    """Set a text now and after each language switch: bind_text(button.setText, "ui.copy").

    Binding the same setter again replaces key and params. `owner` is needed only where the setter is not a
    method of a QObject; the binding lives as long as the owner.
    """
    bind_made(setter, lambda: tr(key, **params), owner)


def bind_made(setter: Callable[[str], Any], make: Callable[[], str], owner: QObject | None = None) -> None:
    """The same for a text that is put together: what the service said, an error, several sentences in one."""
    target = owner if owner is not None else getattr(setter, "__self__", None)
    if not isinstance(target, QObject):
        raise TypeError("binding a text needs a method of a QObject, or its owner")
    binding = _binding(target, getattr(setter, "__name__", "text"), setter)
    binding.make = make
    binding.reword()


def unbind_text(setter: Callable[[str], Any], owner: QObject | None = None) -> None:
    """Stop rewording a setter, before it is given text that is not of the catalogue."""
    target = owner if owner is not None else getattr(setter, "__self__", None)
    name = f"words:{getattr(setter, '__name__', 'text')}"
    for child in target.children() if isinstance(target, QObject) else []:
        if isinstance(child, _Binding) and child.objectName() == name:
            words().changed.disconnect(child.reword)
            child.setParent(None)
            child.deleteLater()


def _binding(owner: QObject, name: str, setter: Callable[[str], Any]) -> _Binding:
    for child in owner.children():
        if isinstance(child, _Binding) and child.objectName() == f"words:{name}":
            child.setter = setter
            return child
    return _Binding(owner, name, setter)
