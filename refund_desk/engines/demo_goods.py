"""Drawings of goods, each a cut-out of 900 by 900 pixels on nothing: whole, or with its fault."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from refund_desk.engines import demo_kit as kit
from refund_desk.engines.demo_kit import RGB, Point

SIDE = 900
COLOURS: tuple[RGB, ...] = ((206, 214, 220), (170, 84, 66), (66, 98, 124), (96, 118, 84), (214, 188, 140))


def _canvas() -> Image.Image:
    return Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))


def _mask(draw_shape: Callable[[ImageDraw.ImageDraw], object]) -> Image.Image:
    """A shape drawn at double size and halved: soft edges."""
    big = Image.new("L", (SIDE * 2, SIDE * 2), 0)
    draw_shape(ImageDraw.Draw(big))
    return big.resize((SIDE, SIDE), Image.Resampling.BOX)


def _x2(points: list[Point]) -> list[Point]:
    return [(x * 2, y * 2) for x, y in points]


def _polygon(points: list[Point]) -> Image.Image:
    return _mask(lambda d: d.polygon(_x2(points), fill=255))


def _curved(points: list[Point], radius: float = 9) -> Image.Image:
    """A polygon with its corners rounded: blurred, then made sharp again."""
    steep = [max(0, min(255, (v - 128) * 6 + 128)) for v in range(256)]
    return _polygon(points).filter(ImageFilter.GaussianBlur(radius)).point(steep)


def faint(mask: Image.Image, strength: float) -> Image.Image:
    """A mask that lets only part of it through."""
    return mask.point([round(v * strength) for v in range(256)])


def _ellipse(box: tuple[float, float, float, float]) -> Image.Image:
    return _mask(lambda d: d.ellipse([v * 2 for v in box], fill=255))


def _round(box: tuple[float, float, float, float], radius: float) -> Image.Image:
    return _mask(lambda d: d.rounded_rectangle([v * 2 for v in box], radius * 2, fill=255))


def _add(canvas: Image.Image, mask: Image.Image, fill: Image.Image | RGB) -> None:
    """Lay a colour or a picture of the canvas' size through a mask."""
    box = mask.getbbox()
    if box is None:
        return
    part = mask.crop(box)
    canvas.paste(fill.crop(box).convert("RGBA") if isinstance(fill, Image.Image) else fill, box, part)


def _tube(colour: RGB, left: float, right: float) -> Image.Image:
    """Light falling on an upright cylinder between `left` and `right`."""
    width = max(2, round(right - left))
    half = kit.ramp((round(width * 0.34), SIDE), 90)
    rest = kit.ramp((width - half.width, SIDE), 270)
    grey = Image.new("L", (SIDE, SIDE), 40)
    grey.paste(half, (round(left), 0))
    grey.paste(rest, (round(left) + half.width, 0))
    return kit.tint(grey, kit.mix(colour, (0, 0, 0), 0.62), kit.mix(colour, (255, 255, 255), 0.45), colour)


def _crack(draw: ImageDraw.ImageDraw, start: Point, end: Point, rng: random.Random, wide: int = 4) -> list[Point]:
    """A jagged dark line with a pale lip; returns its points."""
    steps = 9
    points = [start]
    for i in range(1, steps + 1):
        t = i / steps
        points.append(
            (
                start[0] + (end[0] - start[0]) * t + rng.uniform(-16, 16),
                start[1] + (end[1] - start[1]) * t + rng.uniform(-9, 9),
            )
        )
    draw.line([(x + 3, y + 2) for x, y in points], fill=(226, 222, 216, 255), width=wide)
    draw.line(points, fill=(28, 22, 20, 255), width=wide)
    return points


# ------------------------------------------------------------- the goods


def _mug(colour: RGB, faulty: bool, rng: random.Random) -> Image.Image:
    art = _canvas()
    handle = ImageChops.subtract(_ellipse((560, 300, 830, 640)), _ellipse((612, 358, 768, 582)))
    _add(art, handle, _tube(colour, 560, 840))
    body = ImageChops.lighter(
        _polygon([(170, 240), (640, 240), (612, 720), (198, 720)]), _ellipse((198, 672, 612, 770))
    )
    _add(art, body, _tube(colour, 170, 640))
    _add(art, _ellipse((170, 178, 640, 302)), kit.mix(colour, (255, 255, 255), 0.55))
    _add(art, _ellipse((190, 190, 620, 292)), kit.mix(colour, (0, 0, 0), 0.55))
    _add(
        art,
        ImageChops.darker(_ellipse((190, 190, 620, 292)), _ellipse((190, 216, 620, 330))),
        kit.mix(colour, (0, 0, 0), 0.3),
    )
    _add(art, faint(_round((252, 330, 270, 620), 9), 0.45), (255, 255, 255))
    draw = ImageDraw.Draw(art)
    if faulty:
        chip = kit.blob(rng, (430, 292), 52, 0.35, 9)
        draw.polygon(chip, fill=(236, 228, 214, 255), outline=(90, 80, 70, 255))
        draw.polygon([(x * 0.6 + 172, y * 0.6 + 114) for x, y in chip], fill=(58, 48, 44, 255))
        trunk = _crack(draw, (440, 320), (380, 700), rng, 5)
        _crack(draw, trunk[4], (560, 600), rng, 3)
        _crack(draw, trunk[6], (270, 690), rng, 3)
    return art


def _kettle(colour: RGB, faulty: bool, rng: random.Random) -> Image.Image:
    art = _canvas()
    steel = kit.mix((196, 200, 204), colour, 0.35)
    _add(art, _polygon([(236, 380), (110, 300), (84, 318), (120, 372), (226, 520)]), _tube(steel, 80, 300))
    ring = ImageChops.subtract(_round((560, 250, 820, 690), 90), _round((620, 318, 756, 624), 60))
    _add(art, ring, _tube((46, 46, 50), 560, 830))
    body = ImageChops.lighter(
        _polygon([(262, 260), (588, 260), (668, 720), (182, 720)]), _ellipse((182, 680, 668, 770))
    )
    _add(art, body, _tube(steel, 182, 668))
    _add(art, _ellipse((262, 224, 588, 300)), (40, 40, 44))
    _add(art, _ellipse((290, 216, 560, 276)), _tube(steel, 290, 560))
    _add(art, _round((392, 166, 458, 236), 24), (34, 34, 38))
    _add(art, _ellipse((170, 724, 680, 800)), (38, 38, 42))
    _add(art, faint(_round((300, 330, 322, 640), 10), 0.4), (255, 255, 255))
    draw = ImageDraw.Draw(art)
    if faulty:
        dent = _ellipse((420, 470, 590, 640)).filter(ImageFilter.GaussianBlur(16))
        _add(art, dent, kit.mix(steel, (0, 0, 0), 0.55))
        _add(
            art,
            _ellipse((448, 520, 584, 640)).filter(ImageFilter.GaussianBlur(14)),
            kit.mix(steel, (255, 255, 255), 0.4),
        )
        trunk = _crack(draw, (600, 690), (430, 560), rng, 4)
        _crack(draw, trunk[5], (520, 470), rng, 3)
        for i in range(5):
            draw.ellipse((420 + i * 46, 770 + i % 2 * 16, 456 + i * 46, 792 + i % 2 * 16), fill=(190, 206, 216, 150))
    return art


def _cloth(size: int, colour: RGB, seed: int) -> Image.Image:
    """Fabric in one colour with soft folds and a weave."""
    folds = kit.clouds(size, size, seed, 420, 0.5).rotate(24, Image.Resampling.BILINEAR, fillcolor=128)
    soft = Image.blend(folds.filter(ImageFilter.GaussianBlur(12)), kit.ramp((size, size), 60), 0.35)
    weave = Image.blend(soft, kit.noise(size // 2, size // 2, seed).resize((size, size)), 0.1)
    return kit.tint(weave, kit.mix(colour, (0, 0, 0), 0.34), kit.mix(colour, (255, 255, 255), 0.26), colour)


def _shirt(colour: RGB, faulty: bool, rng: random.Random) -> Image.Image:
    art = _canvas()
    outline: list[Point] = [
        (330, 110), (400, 150), (500, 150), (570, 110), (700, 160), (850, 360), (730, 450), (666, 366),
        (676, 840), (224, 840), (234, 366), (170, 450), (50, 360), (200, 160),
    ]  # fmt: skip
    _add(art, _curved(outline), _cloth(SIDE, colour, 41))
    draw = ImageDraw.Draw(art)
    dark = (*kit.mix(colour, (0, 0, 0), 0.5), 255)
    draw.line([(330, 110), (388, 190), (450, 206), (512, 190), (570, 110)], fill=dark, width=9, joint="curve")
    draw.line([(234, 366), (240, 250)], fill=dark, width=4)
    draw.line([(666, 366), (660, 250)], fill=dark, width=4)
    draw.line([(228, 812), (672, 812)], fill=dark, width=3)
    draw.rectangle((424, 166, 476, 196), fill=(240, 238, 230, 255))
    if faulty:
        stain = _polygon(kit.blob(rng, (400, 500), 120, 0.28, 16)).filter(ImageFilter.GaussianBlur(7))
        core = _polygon(kit.blob(rng, (390, 490), 76, 0.35, 14)).filter(ImageFilter.GaussianBlur(9))
        inside = art.getchannel("A")
        _add(art, ImageChops.darker(stain, inside).point([v * 2 // 3 for v in range(256)]), (94, 58, 32))
        _add(art, ImageChops.darker(core, inside).point([v * 2 // 3 for v in range(256)]), (62, 34, 20))
        for _ in range(7):
            x, y = 400 + rng.uniform(-170, 170), 500 + rng.uniform(-40, 230)
            draw.ellipse((x, y, x + 16, y + 20), fill=(86, 52, 30, 255))
    return art


def _phone(colour: RGB, faulty: bool, rng: random.Random) -> Image.Image:
    art = _canvas()
    _add(art, _round((250, 40, 650, 860), 56), _tube(kit.mix(colour, (40, 40, 46), 0.7), 250, 650))
    _add(art, _round((264, 54, 636, 846), 46), (12, 12, 16))
    glow = kit.tint(kit.clouds(SIDE, SIDE, 52, 500), (22, 34, 84), (112, 164, 220), (64, 72, 150))
    _add(art, _round((274, 64, 626, 836), 40), glow)
    draw = ImageDraw.Draw(art)
    draw.rounded_rectangle((400, 76, 500, 100), 12, fill=(8, 8, 10, 255))
    kit.text(draw, (450, 240), "09:41", 92, (244, 246, 250), anchor="mm")
    if faulty:
        hit = (rng.uniform(350, 540), rng.uniform(330, 600))
        _add(art, _polygon(kit.blob(rng, (580, 780), 70, 0.4, 9)), (4, 4, 6))
        for i in range(15):
            turn = math.tau * i / 15 + rng.uniform(-0.15, 0.15)
            long = rng.uniform(220, 620)
            end = (
                min(626, max(274, hit[0] + math.cos(turn) * long)),
                min(836, max(64, hit[1] + math.sin(turn) * long)),
            )
            draw.line((*hit, *end), fill=(226, 232, 242, 255), width=rng.choice((2, 3, 4)))
        for radius in (34, 76, 128, 210):
            web = [(min(626, max(274, x)), min(836, max(64, y))) for x, y in kit.blob(rng, hit, radius, 0.16, 13)]
            draw.line([*web, web[0]], fill=(176, 188, 214, 255), width=2)
        draw.polygon(kit.blob(rng, hit, 22, 0.4, 9), fill=(242, 246, 250, 255))
    else:
        _add(art, faint(_polygon([(274, 640), (626, 200), (626, 420), (274, 836)]), 0.14), (255, 255, 255))
    return art


def _shoe(art: Image.Image, at: Point, colour: RGB, open_sole: bool) -> None:
    x, y = at
    upper: list[Point] = [
        (x + 20, y + 60), (x + 60, y + 8), (x + 170, y), (x + 214, y + 40), (x + 330, y + 120), (x + 500, y + 164),
        (x + 570, y + 210), (x + 584, y + 262), (x + 16, y + 262),
    ]  # fmt: skip
    _add(art, _curved(upper, 16), _cloth(SIDE, colour, 63))
    _add(
        art,
        _polygon([(x + 44, y + 40), (x + 64, y + 10), (x + 168, y + 4), (x + 196, y + 36), (x + 110, y + 60)]),
        kit.mix(colour, (0, 0, 0), 0.65),
    )
    lift = 58 if open_sole else 0
    sole: list[Point] = [
        (x + 8, y + 250), (x + 360, y + 254), (x + 592, y + 250 + lift),
        (x + 604, y + 290 + lift), (x + 340, y + 312), (x + 14, y + 304),
    ]  # fmt: skip
    if open_sole:
        _add(
            art,
            _polygon([(x + 350, y + 250), (x + 584, y + 256), (x + 592, y + 312), (x + 360, y + 280)]),
            (26, 20, 18),
        )
    _add(art, _curved(sole, 7), (232, 230, 224))
    draw = ImageDraw.Draw(art)
    for i in range(4):
        a = (x + 208 + i * 42, y + 48 + i * 26)
        draw.line((*a, a[0] + 52, a[1] - 12 + i * 4), fill=(246, 244, 238, 255), width=11)
    draw.line(
        [(x + 60, y + 180), (x + 240, y + 150), (x + 330, y + 240)], fill=(250, 250, 246, 255), width=16, joint="curve"
    )
    for i in range(0, 560, 26):
        draw.line(
            (x + 20 + i, y + 272 + lift * max(0, i - 330) / 240, x + 20 + i, y + 292 + lift * max(0, i - 330) / 240),
            fill=(190, 188, 182, 255),
            width=3,
        )
    if open_sole:
        for i in range(7):
            draw.line(
                (x + 400 + i * 26, y + 258, x + 396 + i * 27, y + 262 + i * 7), fill=(214, 190, 120, 255), width=3
            )


def _shoes(colour: RGB, faulty: bool, _rng: random.Random) -> Image.Image:
    art = _canvas()
    _shoe(art, (250, 150), kit.mix(colour, (0, 0, 0), 0.12), False)
    _shoe(art, (70, 470), colour, faulty)
    return art


def _book(colour: RGB, faulty: bool, rng: random.Random) -> Image.Image:
    art = _canvas()
    _add(art, _polygon([(200, 130), (690, 90), (740, 770), (250, 830)]), (70, 54, 44))
    _add(
        art,
        _polygon([(692, 96), (724, 120), (768, 776), (740, 774)]),
        kit.tint(kit.noise(SIDE, 30, 8).resize((SIDE, SIDE)), (206, 196, 170), (246, 240, 222)),
    )
    _add(art, _polygon([(250, 828), (740, 772), (768, 778), (290, 850)]), (226, 216, 190))
    _add(art, _polygon([(200, 130), (690, 90), (740, 770), (250, 830)]), _cloth(SIDE, colour, 71))
    cover = Image.new("RGBA", (480, 690), (0, 0, 0, 0))
    draw = ImageDraw.Draw(cover)
    draw.rectangle((30, 30, 450, 660), outline=(238, 222, 178, 255), width=5)
    kit.text(draw, (240, 180), "山海之间", 84, (244, 232, 196), anchor="mm", bold=True)
    kit.text(draw, (240, 270), "Between Hills and Sea", 32, (238, 222, 178), anchor="mm")
    draw.ellipse((150, 350, 330, 530), outline=(238, 222, 178, 255), width=6)
    draw.line([(120, 560), (200, 450), (260, 520), (320, 430), (370, 560)], fill=(238, 222, 178, 255), width=7)
    kit.paste_warped(art, cover, [(200, 130), (690, 90), (740, 770), (250, 830)])
    if faulty:
        draw = ImageDraw.Draw(art)
        torn = [(690, 86), (560, 96), (590, 170), (640, 180), (660, 260), (705, 300)]
        draw.polygon(torn, fill=(242, 236, 220, 255), outline=(170, 150, 120, 255))
        for i in range(7):
            draw.line((596 + i * 6, 120 + i * 22, 676 + i * 3, 112 + i * 22), fill=(120, 116, 108, 255), width=3)
        wet = _polygon(kit.blob(rng, (370, 740), 110, 0.3, 14)).filter(ImageFilter.GaussianBlur(8))
        _add(art, ImageChops.darker(wet, art.getchannel("A")).point([v * 3 // 5 for v in range(256)]), (60, 44, 30))
    return art


def _fruit(colour: RGB, faulty: bool, rng: random.Random) -> Image.Image:
    art = _canvas()
    _add(
        art,
        _round((60, 120, 840, 800), 22),
        kit.tint(kit.clouds(SIDE, SIDE, 81, 90, 8), (150, 112, 70), (214, 176, 124)),
    )
    _add(art, _round((92, 152, 808, 768), 12), (58, 44, 34))
    skins: tuple[RGB, ...] = ((196, 52, 40), (146, 164, 60), (236, 148, 116), (228, 132, 30), (120, 20, 34))
    skin = skins[COLOURS.index(colour)]
    for i in range(16):
        x, y = 100 + i % 4 * 176, 158 + i // 4 * 152
        box = (x + rng.uniform(-8, 8), y + rng.uniform(-6, 6))
        light = Image.new("L", (SIDE, SIDE), 60)
        light.paste(kit.ball((200, 200)), (round(box[0]) - 26, round(box[1]) - 34))
        hue = kit.mix(skin, (250, 220, 120), rng.uniform(0, 0.25))
        bad = faulty and i in (5, 6, 9, 14)
        if bad:
            hue = kit.mix(hue, (70, 48, 30), 0.75)
        _add(
            art,
            _ellipse((box[0], box[1], box[0] + 168, box[1] + 150)),
            kit.tint(light, kit.mix(hue, (0, 0, 0), 0.6), kit.mix(hue, (255, 255, 255), 0.45), hue),
        )
        draw = ImageDraw.Draw(art)
        draw.line((box[0] + 84, box[1] + 20, box[0] + 92, box[1] + 2), fill=(70, 50, 30, 255), width=7)
        if bad:
            _mould(art, (box[0] + 84 + rng.uniform(-18, 18), box[1] + 80), rng)
    return art


def _mould(art: Image.Image, at: Point, rng: random.Random) -> None:
    """A furry spot: grey-green in the middle, white around."""
    for radius, colour, blur in ((56, (226, 230, 222), 8), (36, (134, 152, 126), 6), (18, (84, 104, 86), 4)):
        spot = _polygon(kit.blob(rng, at, radius, 0.3, 14)).filter(ImageFilter.GaussianBlur(blur))
        fur = kit.noise(450, 450, 9).resize((SIDE, SIDE))
        _add(art, ImageChops.darker(spot, fur.point([min(255, 90 + v) for v in range(256)])), colour)


def _bottle(colour: RGB, faulty: bool, rng: random.Random) -> Image.Image:
    art = _canvas()
    if faulty:
        pool = _polygon([(x, 800 + (y - 800) * 0.28) for x, y in kit.blob(rng, (520, 800), 250, 0.25, 18)])
        _add(art, pool.point([v * 7 // 10 for v in range(256)]), kit.mix(colour, (250, 240, 220), 0.5))
    _add(art, _round((380, 60, 520, 200), 20), _tube((40, 38, 40), 380, 520))
    _add(art, _polygon([(400, 190), (500, 190), (560, 290), (340, 290)]), _tube(colour, 340, 560))
    body = ImageChops.lighter(_round((280, 270, 620, 800), 44), _ellipse((280, 760, 620, 826)))
    _add(art, body, _tube(colour, 280, 620))
    _add(art, _round((300, 400, 600, 690), 10), _tube((240, 236, 226), 240, 660))
    draw = ImageDraw.Draw(art)
    kit.text(draw, (450, 490), "LUMEN", 62, (60, 56, 60), anchor="mm", bold=True)
    kit.text(draw, (450, 570), "No. 7", 40, (80, 76, 80), anchor="mm")
    draw.line((380, 630, 520, 630), fill=(120, 116, 112, 255), width=4)
    if faulty:
        trunk = _crack(draw, (600, 420), (470, 800), rng, 5)
        _crack(draw, trunk[5], (330, 760), rng, 3)
        for x in (474, 500, 540):
            draw.rounded_rectangle(
                (x, 790, x + 12, 830 + rng.randrange(24)), 6, fill=(*kit.mix(colour, (255, 255, 255), 0.4), 220)
            )
    return art


def _headphones(colour: RGB, faulty: bool, rng: random.Random) -> Image.Image:
    art = _canvas()
    arch = ImageChops.subtract(_ellipse((150, 80, 750, 900)), _ellipse((214, 146, 686, 900)))
    arch.paste(0, (0, 520, SIDE, SIDE))
    if faulty:  # snapped left of the crown
        gap = _polygon([(300, 60), (352, 60), (338, 130), (372, 170), (330, 260), (286, 230), (316, 150)])
        arch = ImageChops.subtract(arch, gap)
    _add(art, arch, _tube((44, 44, 48), 150, 750))
    for left in (90, 620):
        _add(art, _round((left, 430, left + 190, 800), 88), _tube(kit.mix(colour, (30, 30, 34), 0.3), left, left + 190))
        inner = left + 96 if left < 400 else left - 6
        _add(art, _round((inner, 448, inner + 100, 782), 46), _tube((30, 30, 32), inner, inner + 100))
    draw = ImageDraw.Draw(art)
    if faulty:
        draw.line([(330, 150), (352, 190), (340, 232), (366, 262)], fill=(196, 120, 60, 255), width=5)
        draw.line([(322, 160), (336, 206), (322, 246)], fill=(190, 40, 40, 255), width=4)
        for _ in range(5):
            x, y = 330 + rng.uniform(-50, 60), 300 + rng.uniform(-10, 90)
            draw.polygon(kit.blob(rng, (x, y), 13, 0.5, 5), fill=(52, 52, 56, 255))
    return art


def _bag(colour: RGB, faulty: bool, rng: random.Random) -> Image.Image:
    art = _canvas()
    loop = ImageChops.subtract(_round((370, 40, 530, 200), 70), _round((400, 74, 500, 220), 46))
    _add(art, loop, kit.mix(colour, (0, 0, 0), 0.6))
    _add(art, _round((180, 120, 720, 840), 150), _cloth(SIDE, colour, 91))
    _add(art, _round((250, 480, 650, 790), 50), _cloth(SIDE, kit.mix(colour, (0, 0, 0), 0.22), 92))
    draw = ImageDraw.Draw(art)
    seam = (*kit.mix(colour, (0, 0, 0), 0.6), 255)
    draw.arc((210, 150, 690, 760), 190, 350, fill=seam, width=12)
    draw.arc((216, 156, 684, 754), 190, 350, fill=(214, 206, 188, 255), width=3)
    draw.line((276, 540, 624, 540), fill=seam, width=12)
    draw.rounded_rectangle((600, 530, 616, 590), 5, fill=(200, 190, 160, 255))
    draw.rounded_rectangle((400, 330, 500, 390), 8, fill=(120, 84, 56, 255), outline=(80, 54, 34, 255), width=3)
    if faulty:
        tear = [(300, 420), (340, 402), (420, 432), (470, 420), (450, 452), (380, 462), (330, 452)]
        draw.polygon(tear, fill=(22, 18, 16, 255))
        draw.line(tear[:4], fill=(*kit.mix(colour, (255, 255, 255), 0.5), 255), width=4)
        for x, y in tear:
            draw.line((x, y, x + rng.uniform(-12, 12), y + rng.uniform(8, 30)), fill=(222, 214, 196, 255), width=2)
    return art


DRAWN: dict[str, Callable[[RGB, bool, random.Random], Image.Image]] = {
    "mug": _mug,
    "kettle": _kettle,
    "shirt": _shirt,
    "phone": _phone,
    "shoes": _shoes,
    "book": _book,
    "fruit": _fruit,
    "bottle": _bottle,
    "headphones": _headphones,
    "bag": _bag,
}
"""Name of a kind of goods → its drawing from a colour, whether it is faulty, and chance."""
