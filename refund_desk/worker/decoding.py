"""Decode the images that nobody has decoded yet: read a few, decode with no transaction open, write."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from refund_desk.domain.errors import DeskError
from refund_desk.domain.evidence import Decoded, Trouble
from refund_desk.service import evidence
from refund_desk.service.evidence import Waiting
from refund_desk.service.ports import Desk, Work


class House(Protocol):
    @property
    def desk(self) -> Desk: ...
    def write(self) -> AbstractContextManager[Work]: ...
    def read(self) -> AbstractContextManager[Work]: ...


class Decoder(Protocol):
    def decode(self, data: bytes) -> Decoded | Trouble: ...


def decode_waiting(
    house: House, decoder: Decoder, stopped: Callable[[], bool] = lambda: False, limit: int | None = None
) -> int:
    """Decode waiting images, oldest first, at most `limit`. Returns how many; safe to run twice at once."""
    done, after = 0, 0
    while not stopped():
        with house.read() as work:
            images = evidence.waiting(work, 8, after)
        if not images:
            return done
        for image in images:
            if stopped() or done == limit:
                return done
            decode_one(house, decoder, image)
            done, after = done + 1, image.id
    return done


def decode_one(house: House, decoder: Decoder, image: Waiting) -> None:
    """Decode one image; what came of it is on its row when this returns."""
    try:
        result = decoder.decode(house.desk.blobs.get(image.secret, image.sha256))
    except DeskError as gone:  # the bytes are missing or damaged on disk: a word for it, and on to the next
        result = Trouble(gone.code)
    if isinstance(result, Decoded):
        evidence.keep_renditions(house.desk, image, result)
    with house.write() as work:
        evidence.decoded(work, house.desk, image.id, result)
