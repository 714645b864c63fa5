"""The desk keeps the last checkpoint it saw, and refuses a log that isn't its continuation."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from refund_desk.client.api import DeskClient
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.state import DeskState
from refund_desk.domain.checkpoints import Checkpoint, PinnedCheckpoints, read_checkpoint
from refund_desk.domain.errors import Conflict, DeskError, Invalid


def note_of(handed_out: str) -> str:
    """The note behind what an answer's header carries: hex of its bytes, or the note itself."""
    try:
        return bytes.fromhex(handed_out).decode("utf-8")
    except ValueError:
        return handed_out


class CheckpointKeeper(QObject):
    """`look()` after any answer: compares what the client was handed with what is held."""

    seen = Signal(object)
    """The newest Checkpoint that holds."""
    broken = Signal(object)
    """A DeskError: this log is not the one we knew."""

    def __init__(
        self, client: DeskClient, operations: Operations, server: str, state: DeskState | None, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._client, self._operations, self._state = client, operations, state
        self._name = f"pinned/{server.encode().hex()}"
        kept = state.text(self._name) if state is not None else ""
        self._pins = PinnedCheckpoints(note_of(kept) if kept else None)
        self._last, self._asking = "", False

    def look(self) -> None:
        """Check the latest checkpoint, if it is another than last time."""
        handed = self._client.checkpoint
        if not handed or handed == self._last or self._asking:
            return
        self._last = handed
        note = note_of(handed)
        try:
            shown = read_checkpoint(note)
            held = read_checkpoint(self._pins.note) if self._pins.note is not None else None
        except Invalid as error:
            self.broken.emit(error)
            return
        if held is None or held.origin != shown.origin or held.size == shown.size or 0 in (held.size, shown.size):
            self._take(note, [])
            return
        old, new = sorted((held.size, shown.size))
        self._asking = True
        self._operations.read(
            self,
            lambda: self._client.consistency(old, new),
            lambda proof: self._proved(note, proof),
            self._unproved,
        )

    def _proved(self, note: str, proof: list[bytes]) -> None:
        self._asking = False
        self._take(note, proof)
        self.look()  # another one may have come meanwhile

    def _unproved(self, error: DeskError) -> None:
        """Unreachable: asked again with the next answer. A log that is shorter than what we hold is not ours."""
        self._asking = False
        self._last = ""
        if isinstance(error, Conflict):
            self.broken.emit(error)

    def _take(self, note: str, proof: Sequence[bytes]) -> None:
        try:
            shown: Checkpoint = self._pins.see(note, lambda _old, _new: proof)
        except (Conflict, Invalid) as error:
            self.broken.emit(error)
            return
        if self._state is not None and self._pins.note is not None:
            self._state.set_text(self._name, self._pins.note.encode().hex())
        self.seen.emit(shown)
