"""The child of `engines.decoding`: Pillow with limits, one image after the other, over stdin and stdout."""

from __future__ import annotations

import io
import json
import sys
import warnings
from collections.abc import Mapping
from typing import Any, Final

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from refund_desk.domain.evidence import DECODABLE, FULL_PIXELS, MAX_PIXELS, REFUSED_TYPES, media_type

CPU_SECONDS: Final = 60
_SIZES: Final = (("screen", 1600), ("thumb", 160))
_FORMATS: Final = ("JPEG", "MPO", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
_EDITORS: Final = (
    "photoshop",
    "lightroom",
    "gimp",
    "photo editor",
    "snapseed",
    "picsart",
    "pixelmator",
    "affinity",
    "paint",
    "meitu",
    "美图",
    "醒图",
    "canva",
    "facetune",
)
_ORIENTATION: Final = 0x0112
_MAX_TAGS: Final = 80
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Refused(Exception):
    """A code and its values, for the parent."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def main(memory_limit: int) -> None:
    """Answer frames until stdin ends."""
    from refund_desk.engines.decoding import read_frame, write_frame

    _limit(memory_limit)
    warnings.simplefilter("ignore")  # our own limits are checked below; stderr leads nowhere
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            raw = read_frame(source)
        except EOFError:
            return
        _more_time()
        head, pictures = answer(raw)
        write_frame(sink, json.dumps(head).encode())
        for data in pictures.values():
            write_frame(sink, data)
        sink.flush()


def answer(raw: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Head of the answer (JSON) and the renditions that follow it."""
    try:
        return decode(raw)
    except Refused as no:
        return {"trouble": no.code, "params": no.params}, {}
    except MemoryError:
        return {"trouble": "evidence.too_heavy"}, {}
    except UnidentifiedImageError:
        return {"trouble": "evidence.unreadable"}, {}
    except (OSError, EOFError) as problem:
        code = "evidence.truncated" if "truncated" in str(problem).lower() else "evidence.unreadable"
        return {"trouble": code}, {}
    except Exception:  # a decoder fed with strangers' bytes may raise anything; the image gets the word
        return {"trouble": "evidence.unreadable"}, {}


def decode(raw: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Decode, turn upright, write renditions. Raises Refused or what Pillow raises."""
    kind = media_type(raw[:4096])
    if not raw:
        raise Refused("evidence.empty")
    if code := REFUSED_TYPES.get(kind):
        raise Refused(code, type=kind)
    if kind not in DECODABLE:
        raise Refused("evidence.not_an_image", type=kind)
    with Image.open(io.BytesIO(raw), formats=[f for f in _FORMATS if f in Image.OPEN]) as image:
        pixels = image.width * image.height
        if pixels > MAX_PIXELS:
            raise Refused("evidence.too_many_pixels", pixels=pixels, limit=MAX_PIXELS)
        exif = _exif(image)
        width, height = (image.height, image.width) if _orientation(image) in (5, 6, 7, 8) else image.size
        pictures = _renditions(image)
    head = {
        "width": width,
        "height": height,
        "media_type": kind,
        "exif": exif,
        "taken_at": exif.get("DateTimeOriginal") or exif.get("DateTimeDigitized"),
        "edited": _edited(exif),
        "renditions": list(pictures),
    }
    return head, pictures


def _renditions(image: Image.Image) -> dict[str, bytes]:
    """Upright, largest first, so that no two large pictures live longer than needed."""
    image.load()
    orientation = _orientation(image)
    plain = _converted(image)
    if plain.width * plain.height > FULL_PIXELS:
        scale = (FULL_PIXELS / (plain.width * plain.height)) ** 0.5
        plain = plain.resize((max(1, int(plain.width * scale)), max(1, int(plain.height * scale))), reducing_gap=2.0)
    if orientation in _TURNS:
        plain = plain.transpose(_TURNS[orientation])
    pictures = {"full": _encoded(plain, 90)}
    for name, side in _SIZES:
        plain = _fit(plain, side)
        pictures[name] = _encoded(plain, 85 if name == "screen" else 80)
    return pictures


def _fit(image: Image.Image, side: int) -> Image.Image:
    scale = min(1.0, side / max(image.size))
    if max(image.size) > 2 * min(image.size) and side > 1000:
        # A long receipt or chat squeezed into a square can't be read: the same area in its own shape.
        scale = min(1.0, side / (image.width * image.height) ** 0.5, 5 * side / max(image.size))
    if scale == 1.0:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _converted(image: Image.Image) -> Image.Image:
    mode = image.mode
    if mode in ("L", "RGB", "RGBA"):
        return image.convert("RGBA") if "transparency" in image.info else image
    if mode == "1":
        return image.convert("L")
    if mode in ("P", "PA", "LA", "La", "RGBa"):
        clear = "transparency" in image.info or mode != "P"
        return image.convert("RGBA" if clear else "RGB")
    if mode.startswith(("I", "F")):
        return _deep(image)
    return image.convert("RGB")  # CMYK, YCbCr, LAB, HSV


def _deep(image: Image.Image) -> Image.Image:
    """Sixteen bits and more to eight: by the full range of 16 bits, or by what is there where that says nothing."""
    wide = image.convert("F")
    low, high = wide.getextrema()
    if not isinstance(low, float | int) or not isinstance(high, float | int):
        raise Refused("evidence.unreadable")
    if image.mode.startswith("I;16") or (low >= 0 and 255 < high <= 65535):
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    scale = 255.0 / (high - low) if high > low else 0.0
    return wide.point(lambda value: value * scale + -low * scale).convert("L")


def _encoded(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    if image.mode == "RGBA":
        image.save(out, "PNG", compress_level=3)
    else:
        image.save(out, "JPEG", quality=quality, exif=b"")
    return out.getvalue()


def _orientation(image: Image.Image) -> int:
    """1 to 8 as EXIF counts; 1 where it says nothing that can be read."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _exif(image: Image.Image) -> dict[str, str]:
    """Capture data as text, by the names of the standard."""
    try:
        tags = image.getexif()
        parts: list[Mapping[int, Any]] = [tags, tags.get_ifd(ExifTags.IFD.Exif)]
        gps: Mapping[int, Any] = tags.get_ifd(ExifTags.IFD.GPSInfo)
    except Exception:  # broken capture data doesn't make the picture unreadable
        return {}
    found: dict[str, str] = {}
    for part in parts:
        for tag, value in part.items():
            _note(found, ExifTags.TAGS.get(tag, ""), value)
    for tag, value in gps.items():
        _note(found, ExifTags.GPSTAGS.get(tag, ""), value)
    return found


def _note(found: dict[str, str], name: str, value: Any) -> None:
    if not name or name in ("MakerNote", "ExifOffset", "GPSInfo", "PrintImageMatching") or len(found) >= _MAX_TAGS:
        return
    text = _text(value)
    if text:
        found[name] = text


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        if name := {b"ASCII": "ascii", b"UNICO": "utf-16"}.get(value[:5]):
            value = value[8:].decode(name, "ignore")
        else:
            value = value.decode("ascii", "ignore") if value.isascii() else ""
    if isinstance(value, tuple):
        value = ", ".join(_text(one) for one in value[:12])
    clean = "".join(c for c in str(value) if c.isprintable())
    return clean.strip()[:200]


def _edited(exif: Mapping[str, str]) -> bool:
    software = exif.get("Software", "").lower()
    if any(name in software for name in _EDITORS):
        return True
    original, changed = exif.get("DateTimeOriginal"), exif.get("DateTime")
    return bool(original and changed and changed > original)


def _limit(memory: int) -> None:
    Image.init()  # formats register themselves here; naming one that has not is an error
    Image.MAX_IMAGE_PIXELS = None  # ours is checked in `decode`, with its number
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        import resource
    except ImportError:  # no such limits here: the parent's clock remains
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _more_time() -> None:
    """CPU seconds are counted over a process's life: grant each image its own."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
