"""What was typed and not yet sent, kept on disk so that a crash loses at most half a second of it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

log = logging.getLogger(__name__)

WRITE_AFTER_MS = 400
VERSION = 1


class Drafts:
    """One JSON file per form in `directory` (readable by its owner alone). A form's name is any text."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def save(self, form: str, data: dict[str, Any]) -> None:
        """Write a draft at once or not at all: a crash leaves the old one whole. OSError if the disk refuses."""
        body = json.dumps({"version": VERSION, "form": form, "data": data}, ensure_ascii=False)
        handle, name = tempfile.mkstemp(dir=self._directory, prefix=".draft-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path(form))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def load(self, form: str) -> dict[str, Any] | None:
        """The draft of a form; None if there is none or it can't be read."""
        return self._read(self._path(form))

    def drop(self, form: str) -> None:
        """Forget a draft: it was sent, or thrown away."""
        self._path(form).unlink(missing_ok=True)

    def forms(self) -> list[str]:
        """Names of all forms that have a draft."""
        found = []
        for path in sorted(self._directory.glob("*.json")):
            try:
                found.append(str(json.loads(path.read_text(encoding="utf-8"))["form"]))
            except (OSError, ValueError, KeyError, TypeError):
                log.warning("unreadable draft %s", path.name)
        return found

    def _path(self, form: str) -> Path:
        return self._directory / f"{hashlib.sha256(form.encode()).hexdigest()[:32]}.json"

    @staticmethod
    def _read(path: Path) -> dict[str, Any] | None:
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            log.warning("unreadable draft %s", path.name)
            return None
        data = body.get("data") if isinstance(body, dict) and body.get("version") == VERSION else None
        return data if isinstance(data, dict) else None


class DraftKeeper(QObject):
    """Keeps the draft of one form: `touch` after each change; it is written a moment later, off the main thread.

    `gather` returns the form's content as JSON values, its idempotency key among them.
    """

    def __init__(self, drafts: Drafts, form: str, gather: Callable[[], dict[str, Any]], parent: QObject) -> None:
        super().__init__(parent)
        self._drafts, self.form, self._gather = drafts, form, gather
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WRITE_AFTER_MS)
        self._timer.timeout.connect(self._write)

    def touch(self) -> None:
        """Something was typed. The wait isn't begun anew: who types without a pause would lose all of it."""
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Write now and wait for it: the form is about to close."""
        if self._timer.isActive():
            self._timer.stop()
            self._write().result()

    def drop(self) -> None:
        """Forget the draft."""
        self._timer.stop()
        _writer().submit(self._drafts.drop, self.form).result()

    def _write(self) -> Future[None]:
        return _writer().submit(_save, self._drafts, self.form, self._gather())


class KeptText(QObject):
    """The draft of a single text, such as a reason asked for in a dialog: put back now, kept as one types.

    It stays when the dialog is put away; whoever sends the text drops the draft once it has arrived.
    """

    def __init__(self, drafts: Drafts, form: str, edit: QLineEdit | QPlainTextEdit) -> None:
        super().__init__(edit)
        self._edit = edit
        self._keeper = DraftKeeper(drafts, form, self._gather, self)
        draft = drafts.load(form)
        if draft is not None:
            self._put(str(draft.get("text", "")))
        edit.textChanged.connect(self._keeper.touch)
        edit.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide:  # its dialog goes, and the timer with it
            self._keeper.flush()
        return super().eventFilter(watched, event)

    def _gather(self) -> dict[str, Any]:
        edit = self._edit
        return {"text": edit.text() if isinstance(edit, QLineEdit) else edit.toPlainText()}

    def _put(self, text: str) -> None:
        if isinstance(self._edit, QLineEdit):
            self._edit.setText(text)
        else:
            self._edit.setPlainText(text)
            self._edit.moveCursor(QTextCursor.MoveOperation.End)


_pool: list[ThreadPoolExecutor] = []


def _writer() -> ThreadPoolExecutor:
    """One thread for all drafts, so that two writes of a form never overtake each other."""
    if not _pool:
        _pool.append(ThreadPoolExecutor(1, "drafts"))
    return _pool[0]


def _save(drafts: Drafts, form: str, data: dict[str, Any]) -> None:
    try:
        drafts.save(form, data)
    except OSError:
        log.exception("the draft of %s could not be written", form)
