"""Evidence added by hand: files chosen, dropped or pasted go to their case one after the other.

They go beside the writes of the window, so that no decision waits behind a large file. Stopped half way, a file
is at the service or it isn't; the same bytes sent again are the same evidence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QMimeData, QObject, Signal
from PySide6.QtGui import QImage

from refund_desk.client.api import DeskClient
from refund_desk.client.plaintext import plain
from refund_desk.desktop.operations import Operations, Report, Running, new_key
from refund_desk.desktop.words import tr, word_error
from refund_desk.domain.errors import DeskError, Invalid, TooLarge
from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES, sniff
from refund_desk.wire.commands import UploadMade

HEAD = 4096
KEPT_THOUGH_NOT_SHOWN = frozenset({"evidence.unsupported"})
"""What no window draws and is evidence all the same, such as a telephone's HEIC: its original can be saved."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file by its path, or a picture that was pasted."""

    name: str
    path: Path | None = None
    image: QImage | None = None

    def read(self) -> bytes:
        """Its bytes; off the main thread. Raises DeskError for what would only be refused."""
        if self.image is not None:
            data = _png(self.image)
        else:
            assert self.path is not None
            data = _file(self.path)
        found = sniff(self.name, data[:HEAD], len(data)).trouble
        if found is not None and found.code not in KEPT_THOUGH_NOT_SHOWN:
            raise Invalid("evidence.not_added", why=found.code)
        return data


def sources_in(mime: QMimeData, now: datetime) -> list[Source]:
    """What is dragged or pasted: local files, else a picture."""
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    if paths:
        return [Source(path.name, path) for path in paths]
    image = mime.imageData() if mime.hasImage() else None
    if isinstance(image, QImage) and not image.isNull():
        return [Source(f"pasted-{now:%Y%m%d-%H%M%S}.png", image=image)]
    return []


class Upload(QObject):
    """`add` files to a case; they go one at a time. Several cases may wait, in the order they were given."""

    arrived = Signal(str, int)
    """Ref and id of evidence that its case has now."""
    refused = Signal(str, object)
    """Ref and what words it: which file wasn't added, and why."""
    moved = Signal(str, int, int)
    """What is on its way in ready words, bytes sent and bytes in all; empty words when nothing is any more."""

    def __init__(self, client: DeskClient, operations: Operations, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._operations = client, operations
        self._waiting: list[tuple[str, Source]] = []
        self._running: Running | None = None
        self._done = 0

    @property
    def busy(self) -> bool:
        return self._running is not None

    def add(self, ref: str, sources: Sequence[Source]) -> None:
        """Put them behind what is on its way."""
        self._waiting += [(ref, source) for source in sources]
        if not self.busy:
            self._next()

    def stop(self) -> None:
        """Send no more; what has arrived stays."""
        self._waiting.clear()
        if self._running is not None:
            self._running.cancel()
        self._finish()

    # ------------------------------------------------------------ inside

    def _next(self) -> None:
        if not self._waiting:
            self._finish()
            return
        ref, source = self._waiting.pop(0)
        self._done += 1
        number, total = self._done, self._done + len(self._waiting)
        text = tr("ui.case.upload.sending", ref=ref, name=plain(source.name, lines=False), n=number, total=total)
        self.moved.emit(text, 0, 0)

        def sent(made: UploadMade) -> None:
            self._sent(ref, source, made)

        async def send(report: Report) -> UploadMade:
            data = await asyncio.to_thread(source.read)
            return await self._client.add_evidence(
                ref, source.name, data, new_key(), sent=lambda count: report(count, len(data))
            )

        self._running = self._operations.long(
            self,
            send,
            sent,
            lambda error: self._failed(ref, source, error),
            lambda count, size: self.moved.emit(text, count, size),
        )

    def _sent(self, ref: str, source: Source, made: UploadMade) -> None:
        if made.duplicate:
            self._tell(ref, source, lambda: tr("ui.case.upload.duplicate"))
        self.arrived.emit(ref, made.evidence)
        self._next()

    def _failed(self, ref: str, source: Source, error: DeskError) -> None:
        self._tell(ref, source, lambda: word_error(error))
        self._next()

    def _tell(self, ref: str, source: Source, why: Callable[[], str]) -> None:
        name = plain(source.name, lines=False)
        self.refused.emit(ref, lambda: tr("ui.case.upload.not_added", name=name, why=why()))

    def _finish(self) -> None:
        self._running, self._done = None, 0
        self.moved.emit("", 0, 0)


def _file(path: Path) -> bytes:
    """A file's bytes; one that is too large isn't read. Raises DeskError where it can't be."""
    try:
        size = path.stat().st_size
        if size > MAX_EVIDENCE_BYTES:
            raise TooLarge("evidence.too_large", file=path.name[:200], bytes=size)
        return path.read_bytes()
    except OSError as error:
        raise Invalid("evidence.not_readable", why=error.strerror or type(error).__name__) from error


def _png(image: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())
