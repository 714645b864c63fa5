"""Close-ups of goods: what was bought, whole or with the fault that the customer complains about.

Each product is drawn once (cached per colour and state) and laid on a table in another place, size
and light for every picture.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache

from PIL import Image, ImageFilter

from refund_desk.engines import demo_kit as kit
from refund_desk.engines.demo_goods import COLOURS, DRAWN, SIDE, faint
from refund_desk.engines.demo_grounds import texture

STATES = ("whole", "faulty")
PRODUCTS = tuple(DRAWN)
_FLAT = frozenset({"shirt", "phone", "book", "fruit"})  # lie on the table: shadow all round


@lru_cache(maxsize=64)
def cutout(kind: str, colour: int, state: str) -> Image.Image:
    """The drawn product on nothing, 900 by 900 RGBA. Shared: copy before drawing."""
    return DRAWN[kind](COLOURS[colour % len(COLOURS)], state == "faulty", kit.dice(kind, colour))


@lru_cache(maxsize=24)
def _table(name: str, size: tuple[int, int]) -> Image.Image:
    """A tabletop filling the picture, seen from above at a slant. Shared: copy before drawing."""
    w, h = size
    target = [(-0.12 * w, -0.03 * h), (1.12 * w, -0.03 * h), (1.62 * w, 1.03 * h), (-0.62 * w, 1.03 * h)]
    source = [(0.0, 0.0), (1200.0, 0.0), (1200.0, 1200.0), (0.0, 1200.0)]
    numbers = kit.warp_coefficients(target, source)
    return texture(name).transform(size, Image.Transform.PERSPECTIVE, numbers, Image.Resampling.BICUBIC)


def product(rng: random.Random, kind: str, colour: int, state: str, size: tuple[int, int]) -> Image.Image:
    """A close-up of one product (see PRODUCTS) in a colour, whole or faulty, on a table."""
    scene = _table(rng.choice(("planks", "walnut", "tiles", "concrete", "carpet")), size).copy()
    flat = kind in _FLAT
    side = round(min(size) * rng.uniform(0.82, 1.02))
    small = _turned(cutout(kind, colour, state), side, rng.uniform(-24, 24) if flat else rng.uniform(-3, 3))
    at = (round((size[0] - side) * rng.uniform(0.3, 0.7)), round((size[1] - side) * rng.uniform(0.35, 0.65)))
    _ground_shadow(scene, small, at, flat=flat)
    scene.paste(small, at, small)
    return kit.photograph(scene, rng)


def _turned(art: Image.Image, side: int, lean: float) -> Image.Image:
    """Scaled to `side` and turned by `lean` degrees in one pass."""
    scale, turn, half = SIDE / side, math.radians(lean), side / 2
    a, b = scale * math.cos(turn), scale * math.sin(turn)
    numbers = (a, b, SIDE / 2 - a * half - b * half, -b, a, SIDE / 2 + b * half - a * half)
    return art.transform((side, side), Image.Transform.AFFINE, numbers, Image.Resampling.BILINEAR)


def _ground_shadow(scene: Image.Image, art: Image.Image, at: tuple[int, int], *, flat: bool) -> None:
    """The product's own outline offset and blurred; under a standing thing it is pressed flat at its foot."""
    alpha = art.getchannel("A").resize((art.width // 8, art.height // 8), Image.Resampling.BOX)
    mask = Image.new("L", (scene.width // 8, scene.height // 8), 0)
    left, top = at[0] // 8, at[1] // 8
    if flat:
        mask.paste(alpha, (left + 2, top + 2))
    else:
        x0, y0, x1, y1 = alpha.getbbox() or (0, 0, 1, 1)
        low = alpha.crop((x0, y0, x1, y1)).resize((x1 - x0, max(2, round((y1 - y0) * 0.2))))
        mask.paste(low.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (left + x0 + 2, top + y1 - round(low.height * 0.72)))
    soft = mask.filter(ImageFilter.GaussianBlur(2.2)).resize(scene.size, Image.Resampling.BILINEAR)
    scene.paste((16, 12, 10), (0, 0), faint(soft, 0.66))
