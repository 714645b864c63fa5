"""Images turned upright in a child process; one that kills its child costs only itself."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from refund_desk.domain.evidence import Decoded, Trouble
from refund_desk.engines.decoding import Decoder


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    one = Decoder()
    yield one
    one.close()


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def two_halves(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Black above, white below."""
    image = Image.new("L", size, 0)
    image.paste(255, (0, size[1] // 2, size[0], size[1]))
    return image.convert(mode)


def shown(decoded: Decoded | Trouble, name: str = "full") -> Image.Image:
    assert isinstance(decoded, Decoded), decoded
    return Image.open(io.BytesIO(decoded.renditions[name])).convert("L")


def is_dark(image: Image.Image, x: float, y: float) -> bool:
    at = (int(x * (image.width - 1)), int(y * (image.height - 1)))
    return image.crop((*at, at[0] + 1, at[1] + 1)).tobytes()[0] < 128


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_honoured(decoder: Decoder, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decoder.decode(encoded(two_halves(), "JPEG", exif=exif))
    dark_at = {1: "top", 2: "top", 3: "bottom", 4: "bottom", 5: "left", 6: "right", 7: "right", 8: "left"}
    place = {"top": (0.5, 0.1), "bottom": (0.5, 0.9), "left": (0.1, 0.5), "right": (0.9, 0.5)}
    image = shown(decoded)
    assert isinstance(decoded, Decoded)
    assert (decoded.width, decoded.height) == image.size == ((60, 40) if orientation < 5 else (40, 60))
    assert [side for side, (x, y) in place.items() if is_dark(image, x, y)].count(dark_at[orientation]) == 1
    assert is_dark(image, *place[dark_at[orientation]])
    assert not is_dark(
        image, *place[{"top": "bottom", "bottom": "top", "left": "right", "right": "left"}[dark_at[orientation]]]
    )
    assert Image.open(io.BytesIO(decoded.renditions["full"])).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_comes_out_as_eight_bits(decoder: Decoder, mode: str) -> None:
    plain = two_halves("L", (300, 200))
    if mode == "I;16":
        image = plain.convert("I").point(lambda v: v * 257).convert("I;16")
    elif mode == "F":
        image = plain.convert("F")
    else:
        image = plain.convert(mode)
    kind = {"CMYK": "JPEG", "F": "TIFF"}.get(mode, "PNG")
    result = shown(decoder.decode(encoded(image, kind)))
    assert is_dark(result, 0.5, 0.1)
    assert not is_dark(result, 0.5, 0.9)


def test_alpha_survives_and_sizes_fit(decoder: Decoder) -> None:
    image = Image.new("RGBA", (3000, 1500), (255, 0, 0, 0))
    decoded = decoder.decode(encoded(image, "PNG"))
    assert isinstance(decoded, Decoded)
    assert Image.open(io.BytesIO(decoded.renditions["screen"])).mode == "RGBA"
    assert [shown(decoded, name).size for name in ("full", "screen", "thumb")] == [
        (3000, 1500),
        (1600, 800),
        (160, 80),
    ]


def test_a_very_tall_picture_stays_readable(decoder: Decoder) -> None:
    decoded = decoder.decode(encoded(Image.new("L", (300, 20_000)), "PNG"))
    width, height = shown(decoded, "screen").size
    assert height <= 8000
    assert width >= 100
    assert shown(decoded, "thumb").size == (2, 160)


def test_first_frame_of_an_animation(decoder: Decoder) -> None:
    frames = [Image.new("L", (20, 20), 0), Image.new("L", (20, 20), 255)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert is_dark(shown(decoder.decode(data)), 0.5, 0.5)


def test_capture_data_and_signs_of_editing(decoder: Decoder) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Acme\x00\x07"
    exif[0x0132] = "2026:05:02 10:00:00"
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 09:00:00"
    decoded = decoder.decode(encoded(two_halves(), "JPEG", exif=exif))
    assert isinstance(decoded, Decoded)
    assert (decoded.exif["Make"], decoded.taken_at, decoded.edited) == ("Acme", "2026:05:01 09:00:00", True)


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "evidence.empty"),
        (b"<svg onload='x'/>", "evidence.active_content"),
        (b"<html>", "evidence.active_content"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "evidence.unsupported"),
        (b"%PDF-1.7", "evidence.not_an_image"),
        (_png_header(10_001, 10_000), "evidence.too_many_pixels"),
        (_png_header(2_000_000_000, 2), "evidence.too_many_pixels"),
        (encoded(two_halves(size=(400, 400)), "JPEG")[:-900], "evidence.truncated"),
        (encoded(two_halves(size=(400, 400)), "PNG")[:-60], "evidence.truncated"),
        (b"\xff\xd8\xff" + b"\x55" * 400, "evidence.unreadable"),
    ],
)
def test_what_can_t_be_shown_gets_a_clear_word(decoder: Decoder, data: bytes, code: str) -> None:
    found = decoder.decode(data)
    assert isinstance(found, Trouble)
    assert found.code == code
    assert isinstance(decoder.decode(encoded(two_halves(), "PNG")), Decoded)  # the next one goes on


def test_a_hanging_decoder_is_replaced() -> None:
    decoder = Decoder(time_limit_s=0.001)
    try:
        found = decoder.decode(encoded(Image.effect_noise((3000, 3000), 90), "PNG", compress_level=0))
        assert found == Trouble("evidence.decoder_timeout", {"seconds": 0})
    finally:
        decoder.close()


def test_memory_has_a_limit() -> None:
    resource = pytest.importorskip("resource")
    assert resource
    decoder = Decoder(memory_limit=400 * 1024 * 1024)
    try:
        found = decoder.decode(encoded(Image.new("RGB", (9000, 9000)), "JPEG"))
        assert isinstance(found, Trouble)
        assert found.code in ("evidence.too_heavy", "evidence.decoder_died")
        assert isinstance(decoder.decode(encoded(two_halves(), "PNG")), Decoded)
    finally:
        decoder.close()


def test_a_real_label_taken_sideways(decoder: Decoder, shared_data: Path) -> None:
    decoded = decoder.decode(shared_data / "img_shipping_labels_ups" / "IMG_8759.jpg")
    assert isinstance(decoded, Decoded)
    assert (decoded.width, decoded.height, decoded.exif["Model"]) == (3024, 4032, "iPhone 12")
