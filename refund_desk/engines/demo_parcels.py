"""Photographs of parcels on floors, doorsteps and tables, built from a small pinhole camera.

World coordinates are centimetres: x to the right, y up, z away from the viewer. The camera stands at
the origin's x and z, `high` above the floor, and looks down by `pitch`.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from refund_desk.engines import demo_kit as kit
from refund_desk.engines.demo_grounds import texture
from refund_desk.engines.demo_kit import RGB, Point

World = tuple[float, float, float]

DAMAGES = ("intact", "crushed", "wet", "torn", "open")


@dataclass(frozen=True, slots=True)
class Camera:
    """Projects world points. `size` pixels; `focal` in pixels."""

    size: tuple[int, int]
    pitch: float = 41.0
    high: float = 120.0

    def point(self, at: World) -> Point:
        """Pixel of a world point in front of the camera."""
        x, y, z = at
        turn = math.radians(self.pitch)
        depth = max(1.0, z * math.cos(turn) + (self.high - y) * math.sin(turn))
        down = (self.high - y) * math.cos(turn) - z * math.sin(turn)
        focal = self.size[0] * 1.05
        return self.size[0] / 2 + focal * x / depth, self.size[1] / 2 + focal * down / depth


# ------------------------------------------------------------- the place


_WALLS: dict[str, tuple[RGB, RGB]] = {
    "planks": ((222, 216, 204), (250, 250, 246)),
    "tiles": ((214, 222, 224), (248, 248, 248)),
    "concrete": ((112, 60, 48), (60, 62, 66)),
    "mat": ((58, 88, 96), (196, 192, 184)),
    "walnut": ((206, 200, 192), (70, 50, 38)),
    "carpet": ((228, 222, 212), (252, 250, 246)),
}


@lru_cache(maxsize=12)
def ground(name: str, size: tuple[int, int]) -> Image.Image:
    """The empty place, seen by the demo's camera, with a wall or door behind. Shared: copy before drawing."""
    camera = Camera(size)
    scene = Image.new("RGB", size, (90, 86, 80))
    near, far, half = -40.0, 190.0, 150.0
    flat = texture(name)
    corners = ((-half, 0.0, far), (half, 0.0, far), (half, 0.0, near), (-half, 0.0, near))
    kit.paste_warped(scene, flat, [camera.point(c) for c in corners])
    line = camera.point((0, 0, far))[1]
    if line > 0:
        wall, skirting = _WALLS[name]
        draw = ImageDraw.Draw(scene)
        draw.rectangle((0, 0, size[0], line), fill=wall)
        draw.rectangle((0, line - size[1] * 0.05, size[0], line), fill=skirting)
        draw.line((0, line, size[0], line), fill=kit.mix(skirting, (0, 0, 0), 0.6), width=5)
        kit.shadow(scene, [(0, line), (size[0], line), (size[0], line + 30), (0, line + 30)], 0.4, 24)
    return scene


# ------------------------------------------------------------- cardboard


@lru_cache(maxsize=4)
def cardboard(kind: int) -> Image.Image:
    """Raw cardboard, 700 by 560: fibres, flutes showing through, a few scuffs. Shared: copy before drawing."""
    size = (700, 560)
    fibre = Image.blend(kit.clouds(*size, 30 + kind, 260), kit.noise(350, 280, kind).resize(size), 0.16)
    tones = [((148, 108, 66), (198, 156, 106)), ((164, 124, 82), (210, 174, 128)), ((196, 190, 178), (236, 232, 222))]
    board = kit.tint(fibre, *tones[kind % 3])
    draw, rng = ImageDraw.Draw(board, "RGBA"), kit.dice(kind)
    for x in range(0, 700, 9):
        draw.line((x, 0, x, 560), fill=(80, 50, 20, 14), width=2)
    for _ in range(14):
        x, y = rng.randrange(700), rng.randrange(560)
        draw.line((x, y, x + rng.randrange(-60, 60), y + rng.randrange(-16, 16)), fill=(250, 236, 210, 60), width=2)
    return board


def _tape(face: Image.Image, vertical: bool, rng: random.Random) -> None:
    """A strip of packing tape across a face, glossy, its end torn by hand."""
    w, h = face.size
    wide = round((w if vertical else h) * 0.17)
    strip = Image.new("RGBA", (wide, h) if vertical else (w, wide), (176, 132, 74, 120))
    draw = ImageDraw.Draw(strip)
    long = h if vertical else w
    for _ in range(14):  # wrinkles catch the light
        i, lean, gloss = rng.randrange(long), rng.randrange(-12, 12), rng.randrange(20, 90)
        crease = (0, i, wide, i + lean) if vertical else (i, 0, i + lean, wide)
        draw.line(crease, fill=(255, 240, 206, gloss), width=rng.choice((1, 2, 5)))
    edges = ((2, 0, 2, h), (wide - 3, 0, wide - 3, h)) if vertical else ((0, 2, w, 2), (0, wide - 3, w, wide - 3))
    for edge in edges:
        draw.line(edge, fill=(255, 246, 220, 150), width=3)
    at = (round((w - wide) / 2), 0) if vertical else (0, round((h - wide) / 2))
    face.paste(strip, at, strip)


def _marks(face: Image.Image, chinese: bool) -> None:
    """Printed handling marks: this way up, fragile."""
    draw, (w, h) = ImageDraw.Draw(face), face.size
    ink, unit = (66, 46, 30), min(w, h) / 10
    for i in range(2):
        x, y = unit * (1.2 + i * 1.5), h - unit * 3.4
        draw.polygon([(x, y), (x + unit * 0.6, y + unit * 0.9), (x - unit * 0.6, y + unit * 0.9)], fill=ink)
        draw.rectangle((x - unit * 0.2, y + unit * 0.8, x + unit * 0.2, y + unit * 2), fill=ink)
    draw.line((unit * 0.5, h - unit * 1.1, unit * 3.5, h - unit * 1.1), fill=ink, width=max(2, round(unit / 6)))
    words = "易碎品  小心轻放" if chinese else "FRAGILE  HANDLE WITH CARE"
    size = round(min(unit * 0.8, (w - unit * 4.6) / kit.font(100).getlength(words) * 100))
    kit.text(draw, (w - unit * 0.4, h - unit * 0.7), words, max(12, size), ink, anchor="rd", bold=True)


def _label(face: Image.Image, label: Image.Image, rng: random.Random) -> None:
    """The waybill stuck on a face, a little crooked."""
    w, h = face.size
    tall = round(h * 0.72)
    wide = round(tall * label.width / label.height)
    if wide > w * 0.62:
        wide, tall = round(w * 0.62), round(w * 0.62 * label.height / label.width)
    small = label.convert("RGBA").resize((wide, tall), Image.Resampling.LANCZOS)
    small = small.rotate(rng.uniform(-4, 4), Image.Resampling.BICUBIC, expand=True)
    at = (round((w - small.width) * rng.uniform(0.45, 0.75)), round((h - small.height) * rng.uniform(0.25, 0.6)))
    face.paste(small, at, small)


def _wet(face: Image.Image, rng: random.Random) -> None:
    """Water drawn up from below: dark, uneven, with a rim where it dried."""
    w, h = face.size
    mask = Image.new("L", (w, h), 0)
    draw = ImageDraw.Draw(mask)
    level, step = h * rng.uniform(0.35, 0.6), 24
    wave = [
        (float(x), level + h * 0.09 * math.sin(x / 47) + rng.uniform(-h, h) * 0.045) for x in range(0, w + step, step)
    ]
    draw.polygon([*wave, (w, h), (0, h)], fill=200)
    for _ in range(5):
        draw.polygon(kit.blob(rng, (rng.uniform(0, w), rng.uniform(0, level)), rng.uniform(8, h * 0.1)), fill=190)
    mask = mask.filter(ImageFilter.GaussianBlur(5))
    rim = (
        mask.filter(ImageFilter.FIND_EDGES)
        .filter(ImageFilter.GaussianBlur(3))
        .point([min(255, v * 6) for v in range(256)])
    )
    face.paste(Image.composite(ImageChops.multiply(face, Image.new("RGB", (w, h), (122, 100, 84))), face, mask))
    face.paste((84, 54, 30), (0, 0), rim.point([v // 2 for v in range(256)]))


def _torn(face: Image.Image, rng: random.Random) -> None:
    """A hole: dark inside with a glimpse of padding, pale fibres at its edge, a flap bent outwards."""
    w, h = face.size
    centre = (w * rng.uniform(0.35, 0.65), h * rng.uniform(0.4, 0.6))
    radius = min(w, h) * rng.uniform(0.24, 0.32)
    hole = kit.blob(rng, centre, radius, 0.34, 22)
    draw = ImageDraw.Draw(face)
    fibres = [
        (centre[0] + (x - centre[0]) * rng.uniform(1.06, 1.3), centre[1] + (y - centre[1]) * rng.uniform(1.06, 1.3))
        for x, y in hole
    ]
    draw.polygon(fibres, fill=(226, 202, 164))
    draw.polygon(hole, fill=(38, 28, 22))
    for _ in range(16):  # bubble wrap in the dark
        x, y = centre[0] + rng.uniform(-0.5, 0.5) * radius, centre[1] + rng.uniform(-0.3, 0.6) * radius
        draw.ellipse((x - 13, y - 11, x + 13, y + 11), fill=(92, 96, 100), outline=(150, 156, 160), width=2)
    flap = [
        hole[0],
        hole[3],
        (hole[3][0] + radius * 0.55, hole[3][1] + radius * 0.1),
        (hole[0][0] + radius * 0.6, hole[0][1] - radius * 0.25),
    ]
    draw.polygon(flap, fill=(206, 172, 126), outline=(120, 90, 58))
    for _ in range(3):
        start = rng.choice(hole)
        end = (
            start[0] + (start[0] - centre[0]) * rng.uniform(0.4, 1.1),
            start[1] + (start[1] - centre[1]) * rng.uniform(0.4, 1.1),
        )
        draw.line((start, end), fill=(96, 66, 40), width=4)


# ------------------------------------------------------------- the box


def _corners(rng: random.Random) -> tuple[list[World], tuple[float, float, float]]:
    """Eight corners of a box turned on the floor: four below (clockwise from the nearest), four above."""
    w, d, h = rng.uniform(52, 72), rng.uniform(40, 56), rng.uniform(26, 44)
    turn = math.radians(rng.uniform(24, 62))
    cx, cz = rng.uniform(-8, 8), rng.uniform(116, 130)
    flat = []
    for sx, sz in ((-1, -1), (-1, 1), (1, 1), (1, -1)):
        x, z = sx * w / 2, sz * d / 2
        flat.append((cx + x * math.cos(turn) - z * math.sin(turn), cz + x * math.sin(turn) + z * math.cos(turn)))
    low = [(x, 0.0, z) for x, z in flat]
    return [*low, *[(x, h, z) for x, _, z in low]], (w, d, h)


def _face(size: tuple[float, float], light: float, board: int, rng: random.Random) -> Image.Image:
    """A blank face cut from the sheet: `size` in centimetres."""
    sheet = cardboard(board)
    w, h = min(700, round(size[0] * 9)), min(560, round(size[1] * 9))
    x, y = rng.randrange(0, 701 - w), rng.randrange(0, 561 - h)
    return kit.shade(sheet.crop((x, y, x + w, y + h)), light)


def parcel(
    rng: random.Random, damage: str, place: str, size: tuple[int, int], label: Image.Image, *, chinese: bool
) -> Image.Image:
    """A parcel in the state `damage` (see DAMAGES) at `place` (see GROUNDS), with `label` stuck on it."""
    scene, camera = ground(place, size).copy(), Camera(size)
    box, (w, d, h) = _corners(rng)
    board = rng.choice((0, 0, 1, 1, 2))
    seen = [camera.point(c) for c in box]
    kit.shadow(scene, _spread([seen[i] for i in (0, 1, 2, 3)], 1.12), 0.62, 26)
    kit.shadow(scene, _spread([(x + size[0] * 0.03, y + size[1] * 0.012) for x, y in seen[:4]], 1.02), 0.5, 8)
    top, left, right = _face((w, d), 1.06, board, rng), _face((d, h), 0.66, board, rng), _face((w, h), 0.88, board, rng)
    _tape(top, False, rng)
    _marks(right, chinese)
    _label(top if damage != "open" else right, label, rng)
    if damage == "wet":
        _wet(left, rng)
        _wet(right, rng)
    if damage == "torn":
        _torn(rng.choice((right, top)), rng)
    # the nearest upright edge is corner 0/4; left face runs 1-0, right face 0-3, the top 5-6-7-4
    kit.paste_warped(scene, left, [seen[5], seen[4], seen[0], seen[1]])
    kit.paste_warped(scene, right, [seen[4], seen[7], seen[3], seen[0]])
    if damage == "open":
        _edges(scene, seen, open_top=True)
        _open_top(scene, camera, box, board, rng)
    else:
        kit.paste_warped(scene, top, [seen[5], seen[6], seen[7], seen[4]])
        _edges(scene, seen, open_top=False)
    if damage == "crushed":
        _crush(scene, seen, board, rng)
    return kit.photograph(scene, rng)


def _spread(points: list[Point], factor: float) -> list[Point]:
    """Grow an outline from its middle."""
    cx, cy = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    return [(cx + (x - cx) * factor, cy + (y - cy) * factor) for x, y in points]


def _edges(scene: Image.Image, seen: list[Point], *, open_top: bool) -> None:
    """Worn, pale edges and the dark line where the box stands."""
    draw = ImageDraw.Draw(scene, "RGBA")
    for a, b in ((4, 5), (4, 7), (0, 4)):
        draw.line((*seen[a], *seen[b]), fill=(238, 214, 170, 110), width=3)
    if not open_top:
        for a, b in ((5, 6), (6, 7)):
            draw.line((*seen[a], *seen[b]), fill=(90, 62, 34, 90), width=2)
    for a, b in ((0, 1), (0, 3)):
        draw.line((*seen[a], *seen[b]), fill=(30, 20, 12, 200), width=5)


def _crush(scene: Image.Image, seen: list[Point], board: int, rng: random.Random) -> None:
    """The near top corner knocked in: folded facets around a dark dent, creases running off along the faces."""
    corner = seen[4]
    arms = [seen[5], seen[6], seen[7], seen[3], seen[0], seen[1]]
    reach = [
        (corner[0] + (p[0] - corner[0]) * t, corner[1] + (p[1] - corner[1]) * t)
        for p, t in zip(arms, [rng.uniform(0.26, 0.4) for _ in arms], strict=True)
    ]
    reach[1] = (corner[0] + (arms[1][0] - corner[0]) * 0.28, corner[1] + (arms[1][1] - corner[1]) * 0.28)
    heart = (corner[0] + rng.uniform(-14, 14), corner[1] + abs(seen[0][1] - corner[1]) * rng.uniform(0.12, 0.2))
    pale, deep = ((200, 158, 108), (92, 62, 36)) if board != 2 else ((224, 218, 206), (120, 114, 106))
    patch = scene.copy()
    draw = ImageDraw.Draw(patch)
    ring: list[Point] = []
    for a, b in zip(reach, [*reach[1:], reach[0]], strict=True):
        bulge = rng.uniform(0.8, 0.95)
        ring += [
            a,
            ((a[0] + b[0]) / 2 * bulge + heart[0] * (1 - bulge), (a[1] + b[1]) / 2 * bulge + heart[1] * (1 - bulge)),
        ]
    for i, (a, b) in enumerate(zip(ring, [*ring[1:], ring[0]], strict=True)):
        facet = kit.mix(
            deep, pale, (0.9, 0.62, 0.8, 0.4, 0.66, 0.3, 0.5, 0.26, 0.6, 0.42)[i % 10] + rng.uniform(-0.08, 0.05)
        )
        draw.polygon([a, b, heart], fill=facet)
    draw.polygon(kit.blob(rng, heart, 13, 0.5, 9), fill=(34, 24, 18))
    for a in ring[::2]:
        draw.line((*heart, *a), fill=kit.mix(deep, (0, 0, 0), 0.35), width=4)
        draw.line((heart[0] + 4, heart[1] - 4, a[0] + 3, a[1] - 3), fill=kit.mix(pale, (255, 255, 255), 0.25), width=2)
    fibre = kit.noise(scene.width // 2 + 1, scene.height // 2 + 1, 5).resize(scene.size)
    patch = Image.blend(patch, Image.merge("RGB", (fibre, fibre, fibre)), 0.07)
    mask = Image.new("L", scene.size, 0)
    ImageDraw.Draw(mask).polygon(ring, fill=255)
    scene.paste(patch, (0, 0), mask)
    creases = ImageDraw.Draw(scene, "RGBA")
    for a, arm in zip(reach, arms, strict=True):
        far = (
            a[0] + (arm[0] - a[0]) * 0.22 + rng.uniform(-16, 16),
            a[1] + (arm[1] - a[1]) * 0.22 + rng.uniform(-12, 12),
        )
        creases.line((*a, *far), fill=(60, 38, 18, 110), width=3)
        creases.line((a[0], a[1] - 4, far[0], far[1] - 3), fill=(255, 236, 200, 90), width=3)


def _open_top(scene: Image.Image, camera: Camera, box: list[World], board: int, rng: random.Random) -> None:
    """The box stands open: dark inside, crumpled paper, four flaps folded out."""
    draw = ImageDraw.Draw(scene)
    rim = box[4:]
    inside = [camera.point(c) for c in rim]
    draw.polygon(inside, fill=(64, 46, 32))
    middle = (sum(x for x, _ in inside) / 4, sum(y for _, y in inside) / 4)
    mask = Image.new("L", scene.size, 0)
    ImageDraw.Draw(mask).polygon(_spread(inside, 0.93), fill=255)
    paper = scene.copy()
    sheet = ImageDraw.Draw(paper)
    for _ in range(26):
        spot = (middle[0] + rng.uniform(-0.17, 0.17) * scene.width, middle[1] + rng.uniform(-0.02, 0.1) * scene.height)
        grey = rng.randrange(120, 206)
        sheet.polygon(kit.blob(rng, spot, rng.uniform(18, 52), 0.5, 7), fill=(grey, grey - 12, grey - 34))
    scene.paste(paper, (0, 0), mask)
    for a, b, light in ((1, 2, 0.74), (2, 3, 0.9), (3, 0, 1.04), (0, 1, 0.82)):
        out = _outward(rim[a], rim[b], rim)
        length, lift = rng.uniform(15, 22), rng.uniform(-7, 8)
        far = [(p[0] + out[0] * length, p[1] + lift, p[2] + out[1] * length) for p in (rim[a], rim[b])]
        flap = _face((40, 20), light, board, rng)
        kit.paste_warped(scene, flap, [camera.point(p) for p in (rim[a], rim[b], far[1], far[0])])
        draw.line((*camera.point(rim[a]), *camera.point(rim[b])), fill=(104, 74, 46), width=3)


def _outward(a: World, b: World, rim: list[World]) -> tuple[float, float]:
    """Unit vector on the floor from the box's middle through the edge a-b."""
    cx, cz = sum(p[0] for p in rim) / 4, sum(p[2] for p in rim) / 4
    x, z = (a[0] + b[0]) / 2 - cx, (a[2] + b[2]) / 2 - cz
    long = math.hypot(x, z)
    return x / long, z / long
