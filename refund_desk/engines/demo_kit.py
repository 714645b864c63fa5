"""The paint box of the demo's pictures: fonts, noise, gradients, perspective, and the camera's last touch.

Everything random comes from a `random.Random` or a seed that is handed in, so a picture is the same
twice. Sizes are pixels, colours RGB 0 to 255, angles degrees.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

RGB = tuple[int, int, int]
Point = tuple[float, float]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FONT_DIRS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "/System/Library/Fonts")
_FONT_NAMES = (
    "NotoSansCJK-*.ttc",
    "NotoSansCJKsc-*.otf",
    "SourceHanSans*.ttc",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "PingFang.ttc",
    "STHeiti Medium.ttc",
)
_WINDOWS = "C:/Windows/Fonts/msyh.ttc"


def _packaged_font() -> Path | None:
    """The Noto Sans CJK carried by the package manimgx-fonts-cjk, where that is installed."""
    spec = find_spec("manimgx_fonts_cjk")
    if spec is None or not spec.submodule_search_locations:
        return None
    return next(Path(next(iter(spec.submodule_search_locations))).glob("*.ttc"), None)


@lru_cache(maxsize=1)
def chinese_font() -> tuple[Path, int] | None:
    """File and face index of a font with Simplified Chinese: the system's own first, then the packaged one."""
    found: list[Path] = [Path(_WINDOWS)] if Path(_WINDOWS).exists() else []
    for folder in _FONT_DIRS:
        base = Path(folder).expanduser()
        for name in _FONT_NAMES:
            found += sorted(base.rglob(name), key=lambda p: ("Regular" not in p.name, p.name)) if base.is_dir() else []
    packaged = _packaged_font()
    for path in [*found, *([packaged] if packaged else [])]:
        return path, _simplified_face(path)
    return None


def _simplified_face(path: Path) -> int:
    """A collection holds one face per script habit; take the one that says SC."""
    for index in range(10):
        try:
            face = ImageFont.truetype(str(path), 20, index=index)
        except OSError:
            break
        if "SC" in (face.getname()[0] or "").split():
            return index
    return 0


@lru_cache(maxsize=64)
def font(size: int) -> Font:
    """A sans font of `size` pixels that knows Chinese and Latin; Pillow's own (Latin alone) where there is none."""
    where = chinese_font()
    if where is None:
        return ImageFont.load_default(size)
    face = ImageFont.truetype(str(where[0]), size, index=where[1])
    if "-VF" in where[0].name:
        face.set_variation_by_name("Regular")
    return face


def text(
    draw: ImageDraw.ImageDraw,
    at: Point,
    words: str,
    size: int,
    fill: RGB = (30, 30, 30),
    *,
    anchor: str = "la",
    bold: bool = False,
) -> None:
    """Write one line. `bold` thickens the strokes, since the font may come in one weight."""
    width = max(1, size // 28) if bold else 0
    draw.text(at, words, fill=fill, font=font(size), anchor=anchor, stroke_width=width, stroke_fill=fill)


_CLOSING = frozenset("，。！？；：、）》”’」")
"""Marks that never begin a line of Chinese; they hang over its end instead."""


def wrap(words: str, size: int, width: int) -> list[str]:
    """Break text into lines of at most `width` pixels; Latin words stay whole, Chinese breaks anywhere."""
    face, lines, line = font(size), [], ""
    for piece in _pieces(words):
        full = line and piece not in _CLOSING and face.getlength(line + piece.rstrip()) > width
        if piece == "\n" or full:
            lines.append(line.rstrip())
            line = "" if piece.isspace() else piece
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(words: str) -> list[str]:
    """Latin words with their following space, single Chinese characters, line breaks."""
    pieces: list[str] = []
    for char in words:
        latin = char.isascii() and char not in " \n"
        joins = pieces and pieces[-1][-1].isascii() and pieces[-1][-1] not in " \n"
        if (latin and joins) or (char == " " and pieces and pieces[-1] != "\n"):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


# ------------------------------------------------------------- chance, noise and colour


def dice(*seed: object) -> random.Random:
    """A source of chance that gives the same for the same seed. For pictures and stories, never for secrets."""
    return random.Random(":".join(map(str, seed)))  # noqa: S311 - nothing here is secret


@lru_cache(maxsize=64)
def noise(width: int, height: int, seed: int) -> Image.Image:
    """Grey noise, every value as likely as any other. Do not draw on it: it is shared."""
    return Image.frombytes("L", (width, height), dice(seed).randbytes(width * height))


@lru_cache(maxsize=64)
def clouds(width: int, height: int, seed: int, cell: int = 160, stretch: float = 1.0) -> Image.Image:
    """Soft noise in three octaves. `cell` is the size of the largest blob, `stretch` > 1 draws it out sideways."""
    total = Image.new("L", (width, height), 128)
    for octave, weight in ((1, 0.5), (2, 0.4), (4, 0.35)):
        cells = max(2, round(width * octave / (cell * stretch))), max(2, round(height * octave / cell))
        layer = noise(*cells, seed + octave).resize((width, height), Image.Resampling.BICUBIC)
        total = Image.blend(total, layer, weight)
    return ImageOps.autocontrast(total, cutoff=1)


def ramp(size: tuple[int, int], angle: float = 0.0) -> Image.Image:
    """A grey ramp, dark to light, downwards at 0 degrees; 90 runs it from left to right."""
    base = Image.linear_gradient("L").rotate(angle, Image.Resampling.BILINEAR, expand=False)
    side = 256 if angle % 90 == 0 else 180
    edge = (256 - side) // 2
    return base.crop((edge, edge, 256 - edge, 256 - edge)).resize(size, Image.Resampling.BILINEAR)


def ball(size: tuple[int, int]) -> Image.Image:
    """Light in the middle, dark at the rim."""
    return ImageOps.invert(Image.radial_gradient("L")).resize(size, Image.Resampling.BILINEAR)


def tint(grey: Image.Image, dark: RGB, light: RGB, middle: RGB | None = None) -> Image.Image:
    """A grey picture in colours from `dark` over `middle` to `light`."""
    return ImageOps.colorize(grey, dark, light, middle)


def shade(picture: Image.Image, factor: float) -> Image.Image:
    """Darker or lighter by `factor`; transparency stays."""
    table = [min(255, round(v * factor)) for v in range(256)]
    bands = list(picture.split())
    return Image.merge(picture.mode, [band.point(table) if i < 3 else band for i, band in enumerate(bands)])


def mix(a: RGB, b: RGB, t: float) -> RGB:
    """Between two colours: 0 is `a`, 1 is `b`."""
    return (round(a[0] + (b[0] - a[0]) * t), round(a[1] + (b[1] - a[1]) * t), round(a[2] + (b[2] - a[2]) * t))


def blob(rng: random.Random, centre: Point, radius: float, rough: float = 0.25, points: int = 18) -> list[Point]:
    """A closed irregular outline around `centre`."""
    outline = []
    for i in range(points):
        r = radius * (1 + rng.uniform(-rough, rough))
        turn = math.tau * i / points
        outline.append((centre[0] + r * math.cos(turn), centre[1] + r * math.sin(turn)))
    return outline


# ------------------------------------------------------------- perspective


def warp_coefficients(target: Sequence[Point], source: Sequence[Point]) -> list[float]:
    """The eight numbers of Pillow's PERSPECTIVE that carry `source` corners onto `target` corners."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for i in range(8):  # Gauss-Jordan with pivoting
        pivot = max(range(i, 8), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(8):
            if r != i and rows[r][i]:
                factor = rows[r][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [row[8] for row in rows]


def paste_warped(scene: Image.Image, picture: Image.Image, quad: Sequence[Point]) -> None:
    """Paste `picture` (RGB or RGBA) onto `scene` so that its corners (clockwise from top left) land on `quad`."""
    left, top = int(min(x for x, _ in quad)) - 2, int(min(y for _, y in quad)) - 2
    right, bottom = int(max(x for x, _ in quad)) + 3, int(max(y for _, y in quad)) + 3
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, scene.width), min(bottom, scene.height)
    if right <= left or bottom <= top:
        return
    framed = Image.new("RGBA", (picture.width + 4, picture.height + 4), (*_middle(picture), 0))
    framed.paste(picture, (2, 2))  # the clear rim lets the interpolation soften the edges
    w, h = picture.size
    source = [(2.0, 2.0), (w + 2.0, 2.0), (w + 2.0, h + 2.0), (2.0, h + 2.0)]
    numbers = warp_coefficients([(x - left, y - top) for x, y in quad], source)
    turned = framed.transform(
        (right - left, bottom - top), Image.Transform.PERSPECTIVE, numbers, Image.Resampling.BILINEAR
    )
    scene.paste(turned, (left, top), turned)


def _middle(picture: Image.Image) -> RGB:
    """The colour in the middle: what the clear rim fades from, so that no other colour bleeds in."""
    pixel = picture.getpixel((picture.width // 2, picture.height // 2))
    assert isinstance(pixel, tuple)
    return int(pixel[0]), int(pixel[1]), int(pixel[2])


def shadow(scene: Image.Image, outline: Sequence[Point], depth: float = 0.55, blur: float = 18) -> None:
    """Darken `scene` under a soft outline. Worked at an eighth of the size: a shadow has no detail."""
    margin = blur * 3
    left, top = max(0, int(min(x for x, _ in outline) - margin)), max(0, int(min(y for _, y in outline) - margin))
    right = min(scene.width, int(max(x for x, _ in outline) + margin))
    bottom = min(scene.height, int(max(y for _, y in outline) + margin))
    if right <= left or bottom <= top:
        return
    mask = Image.new("L", (max(1, (right - left) // 8), max(1, (bottom - top) // 8)), 0)
    ImageDraw.Draw(mask).polygon([((x - left) / 8, (y - top) / 8) for x, y in outline], fill=round(255 * depth))
    soft = mask.filter(ImageFilter.GaussianBlur(max(0.6, blur / 8)))
    scene.paste((0, 0, 0), (left, top), soft.resize((right - left, bottom - top), Image.Resampling.BILINEAR))


# ------------------------------------------------------------- the camera


def photograph(scene: Image.Image, rng: random.Random, grain: float = 0.05) -> Image.Image:
    """What a phone adds: uneven light, a colour cast, darker corners, grain."""
    size = scene.size
    fall = Image.blend(ramp((64, 48), rng.choice((0, 35, 90, 145, 215, 325))), ball((64, 48)), 0.45)
    strength = rng.uniform(0.12, 0.36)
    cast = rng.choice(((255, 249, 238), (255, 252, 246), (246, 250, 255), (255, 244, 226)))
    floor = mix(cast, (70, 66, 70), strength)
    light = tint(fall, floor, cast).resize(size, Image.Resampling.BILINEAR)
    lit = ImageChops.multiply(scene, light)
    return Image.blend(lit, _grain(size), grain)


@lru_cache(maxsize=6)
def _grain(size: tuple[int, int]) -> Image.Image:
    speckle = noise(*size, 77)
    return Image.merge("RGB", (speckle, speckle, speckle))
