"""The desk keeps the log's key and the last checkpoint it saw; it refuses a log that they don't vouch for.

Both are pinned at first sight. Afterwards each checkpoint must be signed by that key and continue the one
that is held; another key, or another log, is accepted only by somebody who enters the key themselves.
"""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QObject, Signal

from refund_desk.client.api import DeskClient
from refund_desk.client.signing import verify_note
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.state import DeskState
from refund_desk.domain.checkpoints import PinnedCheckpoints, read_checkpoint
from refund_desk.domain.errors import Conflict, DeskError, Invalid
from refund_desk.domain.notes import read_vkey


def note_of(handed_out: str) -> str:
    """The note behind what an answer's header carries: hex of its bytes, or the note itself."""
    try:
        return bytes.fromhex(handed_out).decode("utf-8")
    except ValueError:
        return handed_out


def key_digits(vkey: str) -> str:
    """The eight digits by which people tell a key from another; "?" where it is none."""
    try:
        return read_vkey(vkey)[2].hex()
    except Invalid:
        return "?"


class CheckpointKeeper(QObject):
    """`look()` after any answer: compares what the client was handed with what is held.

    offered: the verifier key that the desk gives for its log.
    """

    seen = Signal(object)
    """The newest Checkpoint that holds."""
    broken = Signal(object)
    """A DeskError: this log is not the one we knew."""

    def __init__(
        self,
        client: DeskClient,
        operations: Operations,
        server: str,
        offered: str,
        state: DeskState | None,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._client, self._operations, self._state = client, operations, state
        name = server.encode().hex()
        self._note_name, self._key_name = f"pinned/{name}", f"pinned_key/{name}"
        self._offered = offered.strip()
        self._key = self._kept(self._key_name) or self._offered
        kept = self._kept(self._note_name)
        self._pins = PinnedCheckpoints(note_of(kept) if kept else None)
        self._last, self._asking = "", False

    def offer(self, vkey: str) -> None:
        """The key that the desk gives now: it may have begun anew since."""
        self._offered = vkey.strip()

    def look(self) -> None:
        """Check the latest checkpoint, if it is another than last time."""
        handed = self._client.checkpoint
        if not handed or handed == self._last or self._asking:
            return
        self._last, self._asking = handed, True
        note = note_of(handed)
        self._operations.read(
            self, lambda: self._checked(note), lambda proof: self._proved(note, proof), self._unproved
        )

    def accept(self, vkey: str) -> None:
        """Begin anew with the desk's log as it stands; `vkey`: its key, as somebody entered it.

        Raises Invalid `audit.key_not_offered` for another key than the desk's.
        """
        if vkey.strip() != self._offered:
            raise Invalid("audit.key_not_offered")
        self._key, self._pins, self._last = self._offered, PinnedCheckpoints(), ""
        self._keep(self._note_name, "")
        self._keep(self._key_name, self._key)
        self.look()

    async def _checked(self, note: str) -> list[bytes]:
        """Signed by the key we hold; the proof that it continues what we hold. Off the main thread."""
        if self._offered != self._key:
            raise Conflict("audit.key_changed", held=key_digits(self._key), shown=key_digits(self._offered))
        await asyncio.to_thread(verify_note, note, self._key)
        shown = read_checkpoint(note)
        held = read_checkpoint(self._pins.note) if self._pins.note is not None else None
        if held is None or held.origin != shown.origin or held.size == shown.size or 0 in (held.size, shown.size):
            return []
        if held.size > shown.size and shown.epoch > held.epoch:
            raise Conflict("audit.restored", held=held.size, shown=shown.size)  # the log can't prove what it lost
        return await self._client.consistency(*sorted((held.size, shown.size)))

    def _proved(self, note: str, proof: list[bytes]) -> None:
        self._asking = False
        try:
            shown = self._pins.see(note, lambda _old, _new: proof)
        except (Conflict, Invalid) as error:
            self.broken.emit(error)
            return
        self._keep(self._key_name, self._key)
        self._keep(self._note_name, (self._pins.note or "").encode().hex())
        self.seen.emit(shown)
        self.look()  # another one may have come meanwhile

    def _unproved(self, error: DeskError) -> None:
        """Unreachable: asked again with the next answer. A log that is shorter than what we hold is not ours."""
        self._asking = False
        self._last = ""
        if isinstance(error, (Conflict, Invalid)):
            self.broken.emit(error)

    def _kept(self, name: str) -> str:
        return self._state.text(name) if self._state is not None else ""

    def _keep(self, name: str, value: str) -> None:
        if self._state is not None:
            self._state.set_text(name, value)
