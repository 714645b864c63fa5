"""Renditions of evidence: fetched and decoded off the main thread, kept while there is room."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QBuffer, QByteArray, QObject, QTimer
from PySide6.QtGui import QImage, QImageReader

from refund_desk.client.api import DeskClient
from refund_desk.desktop.operations import Operations
from refund_desk.domain.errors import DeskError, Unavailable

ROOM_BYTES = 48 * 1024 * 1024
AFTER_MS = 12
"""Words are painted first: pictures are asked for in the frame after the one that wants them."""

Got = Callable[[QImage], None]
Failed = Callable[[DeskError], None]


class Images(QObject):
    """Pictures by (evidence, size). Sizes: thumb, screen, full; upright, as the service renders them."""

    def __init__(self, client: DeskClient, operations: Operations, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._operations = client, operations
        self._kept: OrderedDict[tuple[int, str], QImage] = OrderedDict()
        self._asked: dict[tuple[int, str], list[tuple[Got, Failed | None]]] = {}
        self._due: list[tuple[int, str]] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(AFTER_MS)
        self._soon.timeout.connect(self._ask)

    def have(self, evidence: int, size: str) -> QImage | None:
        """The picture, if it is here already."""
        image = self._kept.get((evidence, size))
        if image is not None:
            self._kept.move_to_end((evidence, size))
        return image

    def want(self, evidence: int, size: str, got: Got, failed: Failed | None = None) -> None:
        """Hand over a picture: now if it is here, else when it came. Who is asked twice fetches once."""
        image = self.have(evidence, size)
        if image is not None:
            got(image)
            return
        key = (evidence, size)
        waiting = self._asked.setdefault(key, [])
        waiting.append((got, failed))
        if len(waiting) == 1:
            self._due.append(key)
            self._soon.start()

    def _ask(self) -> None:
        due, self._due = self._due, []
        for key in due:
            self._operations.read(
                self, partial(self._fetch, *key), partial(self._arrived, key), partial(self._missed, key)
            )

    def forget(self) -> None:
        """Drop every picture, at sign-out."""
        self._kept.clear()

    async def _fetch(self, evidence: int, size: str) -> QImage:
        data = await self._client.image(evidence, size)
        image = await asyncio.to_thread(_decoded, data)
        if image.isNull():
            raise Unavailable("client.image_unreadable")
        return image

    def _arrived(self, key: tuple[int, str], image: QImage) -> None:
        self._kept[key] = image
        room = sum(kept.sizeInBytes() for kept in self._kept.values())
        while room > ROOM_BYTES and len(self._kept) > 1:
            room -= self._kept.popitem(last=False)[1].sizeInBytes()
        for got, _ in self._asked.pop(key, []):
            got(image)

    def _missed(self, key: tuple[int, str], error: DeskError) -> None:
        for _, failed in self._asked.pop(key, []):
            if failed is not None:
                failed(error)


def _decoded(data: bytes) -> QImage:
    """A picture from its bytes; a null one where they are none.

    By a reader, which lets other threads run: `QImage.fromData` keeps the interpreter's lock, and the window
    would stand for as long as a large picture takes, some 25 ms.
    """
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    return QImageReader(buffer).read()
