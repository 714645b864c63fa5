"""The demo's pictures: what each shows, and how it becomes the bytes of a file as a phone would leave it.

`render` is a pure function of the picture: the same picture gives the same bytes on the same machine
(fonts differ between machines, so digests of images are not part of the demo's identity).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import ExifTags, Image

from refund_desk.domain.words import EvidenceKind
from refund_desk.engines import demo_kit as kit
from refund_desk.engines.demo_grounds import GROUNDS
from refund_desk.engines.demo_papers import Chat, Receipt, Waybill, chat, label, receipt, waybill
from refund_desk.engines.demo_parcels import parcel
from refund_desk.engines.demo_products import product

QUALITY = 80
LANDSCAPE, PORTRAIT, SCREEN = (1056, 792), (792, 1056), (900, 1600)
_STORED = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""How a camera held sideways stores the picture, by the orientation it then writes down."""


@dataclass(frozen=True, slots=True)
class ParcelShot:
    """A parcel with its waybill; `damage` is one of demo_parcels.DAMAGES."""

    damage: str
    bill: Waybill


@dataclass(frozen=True, slots=True)
class GoodsShot:
    """A close-up; `kind`, `colour` and `state` as demo_products takes them."""

    kind: str
    colour: int
    state: str


@dataclass(frozen=True, slots=True)
class Capture:
    """What the camera wrote down. `taken` is EXIF text, `orientation` 1, 6 or 8, `software` an editor's mark."""

    taken: str
    make: str
    model: str
    orientation: int = 1
    software: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """One image file to be made. `seed` decides light, place and angle; without `capture` there is no EXIF."""

    subject: ParcelShot | GoodsShot | Waybill | Receipt | Chat
    seed: int
    capture: Capture | None = None

    @property
    def kind(self) -> EvidenceKind:
        match self.subject:
            case Waybill():
                return EvidenceKind.WAYBILL
            case Receipt():
                return EvidenceKind.RECEIPT
            case Chat():
                return EvidenceKind.CHAT
            case _:
                return EvidenceKind.PHOTO


def scene(picture: Picture) -> Image.Image:
    """The picture upright, RGB."""
    rng = kit.dice("scene", picture.seed)
    match picture.subject:
        case ParcelShot(damage, bill):
            place = rng.choice(GROUNDS)
            return parcel(rng, damage, place, LANDSCAPE, label(bill), chinese=bill.chinese)
        case GoodsShot(kind, colour, state):
            return product(rng, kind, colour, state, rng.choice((LANDSCAPE, PORTRAIT)))
        case Waybill() as bill:
            return waybill(rng, bill, PORTRAIT)
        case Receipt() as paper:
            return receipt(rng, paper, PORTRAIT)
        case Chat() as talk:
            return chat(talk, SCREEN)


def render(picture: Picture) -> bytes:
    """The file's bytes: JPEG, turned and tagged as its capture says."""
    art, out = scene(picture), io.BytesIO()
    if picture.capture is None:
        art.save(out, "JPEG", quality=QUALITY)
        return out.getvalue()
    if picture.capture.orientation in _STORED:
        art = art.transpose(_STORED[picture.capture.orientation])
    art.save(out, "JPEG", quality=QUALITY, exif=_exif(picture.capture))
    return out.getvalue()


def _exif(capture: Capture) -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Make] = capture.make
    tags[ExifTags.Base.Model] = capture.model
    tags[ExifTags.Base.Orientation] = capture.orientation
    tags[ExifTags.Base.DateTime] = capture.taken
    if capture.software:
        tags[ExifTags.Base.Software] = capture.software
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = capture.taken
    return tags
