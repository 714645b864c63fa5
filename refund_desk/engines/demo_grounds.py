"""Floors and tabletops, seen from straight above: what the demo's parcels stand and its papers lie on."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

from refund_desk.engines import demo_kit as kit
from refund_desk.engines.demo_kit import RGB

GROUNDS = ("planks", "tiles", "concrete", "mat", "walnut", "carpet")


def _planks(tone: tuple[RGB, RGB], seed: int) -> Image.Image:
    size = (1200, 1200)
    grain = Image.blend(
        kit.clouds(*size, seed, 60, 14), kit.noise(40, 1200, seed).resize(size, Image.Resampling.BICUBIC), 0.25
    )
    floor = kit.tint(grain, *tone)
    rng, draw = kit.dice(seed), ImageDraw.Draw(floor, "RGBA")
    for row in range(8):
        top, joint = row * 150, rng.randrange(200, 1000)
        for left, right in ((0, joint), (joint, 1200)):
            draw.rectangle((left, top, right, top + 150), fill=(0, 0, 0, rng.randrange(0, 60)))
            draw.line((right, top, right, top + 150), fill=(20, 12, 6, 170), width=3)
        draw.line((0, top, 1200, top), fill=(20, 12, 6, 190), width=4)
        draw.line((0, top + 4, 1200, top + 4), fill=(255, 240, 220, 50), width=2)
    return floor


def _tiles(seed: int) -> Image.Image:
    floor = kit.tint(kit.clouds(1200, 1200, seed, 300), (186, 182, 172), (226, 222, 214))
    rng, draw = kit.dice(seed), ImageDraw.Draw(floor, "RGBA")
    for i in range(36):
        x, y = i % 6 * 200, i // 6 * 200
        draw.rectangle((x, y, x + 200, y + 200), fill=(60, 50, 40, rng.randrange(0, 28)))
        draw.rectangle((x, y, x + 200, y + 200), outline=(120, 114, 104, 255), width=4)
        draw.line((x + 5, y + 5, x + 195, y + 5), fill=(255, 255, 255, 90), width=2)
    return floor


def _concrete(seed: int) -> Image.Image:
    grey = Image.blend(kit.clouds(1200, 1200, seed, 400), kit.noise(600, 600, seed).resize((1200, 1200)), 0.3)
    floor = kit.tint(grey, (104, 102, 98), (176, 173, 166))
    draw = ImageDraw.Draw(floor)
    for x in (300, 900):
        draw.line((x, 0, x, 1200), fill=(82, 80, 76), width=7)
    draw.line((0, 640, 1200, 640), fill=(82, 80, 76), width=7)
    return floor


def _mat(seed: int) -> Image.Image:
    floor = _concrete(seed)
    coir = kit.tint(kit.noise(500, 300, seed).resize((1000, 600)), (84, 62, 38), (150, 116, 76))
    draw = ImageDraw.Draw(coir)
    draw.rectangle((18, 18, 982, 582), outline=(52, 36, 24), width=16)
    kit.text(draw, (500, 300), "HOME", 190, (62, 44, 28), anchor="mm", bold=True)
    floor.paste(coir, (100, 170))
    return floor


def _carpet(seed: int) -> Image.Image:
    pile = Image.blend(kit.noise(600, 600, seed).resize((1200, 1200)), kit.clouds(1200, 1200, seed, 240), 0.55)
    floor = kit.tint(pile, (70, 82, 100), (132, 146, 164))
    draw = ImageDraw.Draw(floor, "RGBA")
    for x in range(0, 1200, 150):
        draw.rectangle((x, 0, x + 36, 1200), fill=(226, 220, 206, 60))
    return floor


@lru_cache(maxsize=12)
def texture(name: str) -> Image.Image:
    """A ground as seen from straight above, 1200 pixels square, standing for 200 cm. Shared: copy before drawing."""
    match name:
        case "planks":
            return _planks(((122, 84, 50), (196, 152, 104)), 11)
        case "walnut":
            return _planks(((58, 38, 26), (112, 78, 54)), 12)
        case "tiles":
            return _tiles(13)
        case "concrete":
            return _concrete(14)
        case "mat":
            return _mat(15)
        case _:
            return _carpet(16)
