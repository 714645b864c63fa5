"""Papers and screens: waybills with barcodes that read, till receipts, screenshots of a chat.

Words come in from the case, so that a picture never says something else than the order it belongs to.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import zxingcpp
from PIL import Image, ImageChops, ImageDraw

from refund_desk.engines import demo_kit as kit
from refund_desk.engines.demo_grounds import texture
from refund_desk.engines.demo_kit import RGB, Point
from refund_desk.engines.demo_parcels import cardboard

if TYPE_CHECKING:
    from typing_extensions import Buffer


@dataclass(frozen=True, slots=True)
class Waybill:
    """What a shipping label says. `tracking` stands in the Code 128 and, with the carrier, in the QR code."""

    carrier: str
    tracking: str
    sender: str
    receiver: str
    address: str
    order: str
    weight: str
    date: str
    chinese: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says: lines of (name, quantity, amount) and totals of (label, amount), all as text."""

    shop: str
    order: str
    date: str
    lines: tuple[tuple[str, int, str], ...]
    totals: tuple[tuple[str, str], ...]
    method: str
    chinese: bool
    title: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """What a chat screenshot shows: lines of (mine, text), oldest first; `mine` is the phone's owner."""

    title: str
    lines: tuple[tuple[bool, str], ...]
    clock: str
    chinese: bool


# ------------------------------------------------------------- waybill


def barcode(content: str, kind: zxingcpp.BarcodeFormat, scale: int) -> Image.Image:
    """A barcode as a grey picture, `scale` pixels a module, quiet zone included."""
    made = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(content, kind), scale=scale)
    high, wide = made.shape
    return Image.frombytes("L", (wide, high), bytes(memoryview(cast("Buffer", made))))


def _mark(draw: ImageDraw.ImageDraw, carrier: str) -> RGB:
    """A colour of the carrier's own, the same every time."""
    colours: tuple[RGB, ...] = ((24, 24, 26), (176, 32, 36), (32, 66, 140), (90, 58, 30), (28, 112, 70))
    colour = colours[sum(map(ord, carrier)) % len(colours)]
    draw.rectangle((0, 0, 800, 120), fill=colour)
    return colour


@lru_cache(maxsize=32)
def label(bill: Waybill) -> Image.Image:
    """The printed waybill, 800 by 1120 pixels, flat. Shared: copy before drawing."""
    paper = Image.new("RGB", (800, 1120), (250, 249, 245))
    draw = ImageDraw.Draw(paper)
    colour = _mark(draw, bill.carrier)
    kit.text(draw, (36, 60), bill.carrier, 58, (255, 255, 255), anchor="lm", bold=True)
    kit.text(draw, (764, 60), "标准快递" if bill.chinese else "STANDARD", 36, (255, 255, 255), anchor="rm")
    bars = barcode(bill.tracking, zxingcpp.BarcodeFormat.Code128, 4 if len(bill.tracking) < 18 else 3)
    bars = bars.resize((bars.width, 170), Image.Resampling.NEAREST)
    paper.paste((24, 22, 20), ((800 - bars.width) // 2, 150), ImageChops.invert(bars))
    kit.text(
        draw,
        (400, 352),
        " ".join(bill.tracking[i : i + 4] for i in range(0, len(bill.tracking), 4)),
        42,
        anchor="mm",
        bold=True,
    )
    draw.line((0, 400, 800, 400), fill=(20, 20, 20), width=4)
    names = (
        ("寄", "收", "订单号", "重量", "日期", "签收")
        if bill.chinese
        else ("FROM", "TO", "ORDER", "WEIGHT", "DATE", "SIGNED")
    )
    _party(draw, 420, names[0], (bill.sender,), colour)
    draw.line((0, 520, 800, 520), fill=(20, 20, 20), width=3)
    _party(draw, 545, names[1], (bill.receiver, *kit.wrap(bill.address, 34, 600)[:2]), colour)
    draw.line((0, 740, 800, 740), fill=(20, 20, 20), width=4)
    code = barcode(f"{bill.carrier}:{bill.tracking}:{bill.order}", zxingcpp.BarcodeFormat.QRCode, 9)
    code = code.resize((320, 320), Image.Resampling.LANCZOS)
    paper.paste((24, 22, 20), (460, 770), ImageChops.invert(code))
    for i, (name, value) in enumerate(zip(names[2:5], (bill.order, bill.weight, bill.date), strict=True)):
        kit.text(draw, (36, 772 + i * 92), name, 26, (110, 110, 110))
        kit.text(draw, (36, 804 + i * 92), value, 36, bold=True)
    draw.line((36, 1080, 420, 1080), fill=(120, 120, 120), width=2)
    kit.text(draw, (36, 1046), names[5], 26, (110, 110, 110))
    draw.rectangle((0, 0, 799, 1119), outline=(20, 20, 20), width=3)
    return paper


def _party(draw: ImageDraw.ImageDraw, top: int, name: str, lines: tuple[str, ...], colour: RGB) -> None:
    draw.ellipse((30, top, 106, top + 76), fill=colour)
    kit.text(draw, (68, top + 38), name, 38 if len(name) == 1 else 22, (255, 255, 255), anchor="mm", bold=True)
    for i, line in enumerate(lines):
        kit.text(draw, (132, top + (4 if len(lines) > 1 else 18) + i * 54), line, 38 if i == 0 else 34, bold=i == 0)


@lru_cache(maxsize=12)
def _backdrop(what: int | str, size: tuple[int, int]) -> Image.Image:
    """Cardboard by its kind or a tabletop by its name, filling the picture. Shared: copy before drawing."""
    flat = texture(what) if isinstance(what, str) else cardboard(what)
    return flat.resize(size, Image.Resampling.BILINEAR)


def waybill(rng: random.Random, bill: Waybill, size: tuple[int, int]) -> Image.Image:
    """A photograph of the label on its parcel: straight, a little turned, or from the side. The codes stay readable."""
    scene = _backdrop(rng.randrange(2), size).copy()
    draw = ImageDraw.Draw(scene, "RGBA")
    seam = size[1] * rng.uniform(0.04, 0.12)
    draw.rectangle((0, seam, size[0], seam + size[1] * 0.1), fill=(236, 206, 150, 70))
    draw.line((0, seam, size[0], seam), fill=(255, 246, 220, 140), width=3)
    art, style = label(bill), rng.choice(("straight", "turned", "slanted"))
    high = min(size[1] * 0.95, size[0] * 0.95 * art.height / art.width)
    quad = _placed(size, (high * art.width / art.height, high), rng, turn=0 if style == "straight" else 4)
    if style == "slanted":  # the far edge is shorter
        middle = sum(x for x, _ in quad) / 4
        quad = [(middle + (x - middle) * (0.93 if i < 2 else 1.0), y) for i, (x, y) in enumerate(quad)]
    kit.shadow(scene, [(x + 6, y + 8) for x, y in quad], 0.45, 10)
    kit.paste_warped(scene, art, quad)
    return kit.photograph(scene, rng, 0.035)


def _placed(size: tuple[int, int], art: tuple[float, float], rng: random.Random, turn: float) -> list[Point]:
    """The corners of a sheet lying about the middle of the picture, turned by at most `turn` degrees."""
    lean = math.radians(rng.uniform(-turn, turn))
    cx, cy = size[0] / 2 + rng.uniform(-8, 8), size[1] / 2 + rng.uniform(-6, 6)
    w, h = art[0] / 2, art[1] / 2
    corners = ((-w, -h), (w, -h), (w, h), (-w, h))
    return [
        (cx + x * math.cos(lean) - y * math.sin(lean), cy + x * math.sin(lean) + y * math.cos(lean)) for x, y in corners
    ]


# ------------------------------------------------------------- receipt


def slip(paper: Receipt) -> Image.Image:
    """The till slip, 560 pixels wide and as long as it must be, flat."""
    rows = sum(len(kit.wrap(name, 28, 320)) for name, _, _ in paper.lines)
    high = 420 + rows * 42 + len(paper.lines) * 8 + len(paper.totals) * 44
    page = Image.new("RGB", (560, high), (247, 245, 238))
    draw, ink, y = ImageDraw.Draw(page), (52, 50, 58), 36
    for line in kit.wrap(paper.shop, 40, 500):
        kit.text(draw, (280, y), line, 40, ink, anchor="ma", bold=True)
        y += 52
    zh = paper.chinese
    for line in (
        paper.title or ("销售小票" if zh else "SALES RECEIPT"),
        f"{'订单' if zh else 'Order'} {paper.order}",
        paper.date,
    ):
        kit.text(draw, (280, y), line, 26, ink, anchor="ma")
        y += 36
    y = _rule(draw, y + 6)
    for name, quantity, amount in paper.lines:
        for i, piece in enumerate(kit.wrap(name, 28, 320)):
            kit.text(draw, (34, y), piece, 28, ink)
            if i == 0:
                kit.text(draw, (396, y), f"×{quantity}", 28, ink, anchor="ra")
                kit.text(draw, (526, y), amount, 28, ink, anchor="ra")
            y += 42
        y += 8
    y = _rule(draw, y)
    for i, (name, amount) in enumerate(paper.totals):
        last = i == len(paper.totals) - 1
        kit.text(draw, (34, y), name, 32 if last else 28, ink, bold=last)
        kit.text(draw, (526, y), amount, 32 if last else 28, ink, anchor="ra", bold=last)
        y += 44
    y = _rule(draw, y + 4)
    kit.text(draw, (34, y), f"{'支付方式' if zh else 'Paid by'}: {paper.method}", 26, ink)
    kit.text(draw, (280, y + 52), "请妥善保管本凭条" if zh else "Please keep this slip.", 26, ink, anchor="ma")
    return page.crop((0, 0, 560, min(high, y + 110)))


def _rule(draw: ImageDraw.ImageDraw, y: int) -> int:
    for x in range(30, 530, 14):
        draw.line((x, y, x + 7, y), fill=(90, 88, 94), width=2)
    return y + 18


def receipt(rng: random.Random, paper: Receipt, size: tuple[int, int]) -> Image.Image:
    """A photograph of the slip on a table, curling a little."""
    scene, art = _backdrop(rng.choice(("planks", "walnut", "tiles")), size).copy(), slip(paper)
    fade = kit.ramp(art.size, 90).point([212 + v // 6 for v in range(256)])
    waves = kit.clouds(70, 100, 5, 45).resize(art.size, Image.Resampling.BILINEAR)
    curl = ImageChops.multiply(fade, waves.point([232 + v // 11 for v in range(256)]))
    art = ImageChops.multiply(art, Image.merge("RGB", (curl, curl, curl)))
    high = min(size[1] * 0.9, size[0] * 0.8 * art.height / art.width)
    quad = _placed(size, (high * art.width / art.height, high), rng, turn=7)
    quad[0] = (quad[0][0] + rng.uniform(0, 14), quad[0][1] + rng.uniform(-6, 10))
    quad[2] = (quad[2][0] + rng.uniform(-14, 8), quad[2][1] + rng.uniform(-10, 6))
    kit.shadow(scene, [(x + 8, y + 12) for x, y in quad], 0.6, 16)
    kit.paste_warped(scene, art, quad)
    return kit.photograph(scene, rng, 0.035)


# ------------------------------------------------------------- chat


def chat(talk: Chat, size: tuple[int, int]) -> Image.Image:
    """A phone's screen with the last bubbles that fit, as the customer sees them: theirs on the right."""
    w, h = size
    unit = w / 30
    screen = Image.new("RGB", size, (237, 237, 237))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, w, unit * 5), fill=(246, 246, 246))
    kit.text(draw, (unit * 1.6, unit * 1.1), talk.clock, round(unit * 1.1), bold=True, anchor="lm")
    _status(draw, w, unit)
    kit.text(draw, (unit * 1.2, unit * 3.5), "‹", round(unit * 2.4), anchor="lm")
    kit.text(draw, (w / 2, unit * 3.5), talk.title, round(unit * 1.3), anchor="mm", bold=True)
    draw.line((0, unit * 5, w, unit * 5), fill=(214, 214, 214), width=2)
    size_px, room = round(unit * 1.16), w - unit * 10.5
    blocks = [(mine, kit.wrap(words, size_px, round(room))[:9]) for mine, words in talk.lines]
    tall = [len(lines) * unit * 1.75 + unit * 2.6 for _, lines in blocks]
    while len(blocks) > 1 and sum(tall) > h - unit * 10.5:
        blocks, tall = blocks[1:], tall[1:]
    y = unit * 6
    kit.text(draw, (w / 2, y + unit * 0.4), talk.clock, round(unit * 0.9), (150, 150, 150), anchor="mm")
    y += unit * 1.6
    for (mine, lines), high in zip(blocks, tall, strict=True):
        _bubble(draw, (w, unit, y), size_px, lines, mine=mine)
        y += high
    _typing(draw, w, h, unit, chinese=talk.chinese)
    return screen


def _status(draw: ImageDraw.ImageDraw, w: int, unit: float) -> None:
    """Signal and battery."""
    for i in range(4):
        x = w - unit * 6 + i * unit * 0.42
        draw.rectangle((x, unit * (1.4 - i * 0.16), x + unit * 0.28, unit * 1.6), fill=(30, 30, 30))
    draw.rounded_rectangle(
        (w - unit * 3, unit * 0.8, w - unit * 1.3, unit * 1.6), unit * 0.2, outline=(30, 30, 30), width=2
    )
    draw.rectangle((w - unit * 2.86, unit * 0.94, w - unit * 1.8, unit * 1.46), fill=(30, 30, 30))


def _bubble(
    draw: ImageDraw.ImageDraw, at: tuple[int, float, float], size_px: int, lines: list[str], *, mine: bool
) -> None:
    w, unit, y = at
    face, wide = kit.font(size_px), 0.0
    wide = max((face.getlength(line) for line in lines), default=0.0) + unit * 1.6
    high = len(lines) * unit * 1.75 + unit * 1.1
    left = w - unit * 4.1 - wide if mine else unit * 4.1
    badge = w - unit * 3.3 if mine else unit * 0.8
    draw.rounded_rectangle(
        (badge, y, badge + unit * 2.5, y + unit * 2.5), unit * 0.4, fill=(120, 150, 190) if mine else (214, 120, 70)
    )
    draw.ellipse((badge + unit * 0.8, y + unit * 0.45, badge + unit * 1.7, y + unit * 1.35), fill=(246, 246, 246))
    draw.pieslice(
        (badge + unit * 0.4, y + unit * 1.45, badge + unit * 2.1, y + unit * 3.3), 180, 360, fill=(246, 246, 246)
    )
    fill = (149, 236, 105) if mine else (255, 255, 255)
    tip = left + wide if mine else left
    out = unit * 0.45 if mine else -unit * 0.45
    draw.polygon([(tip, y + unit * 0.8), (tip + out, y + unit * 1.2), (tip, y + unit * 1.6)], fill=fill)
    draw.rounded_rectangle((left, y, left + wide, y + high), unit * 0.45, fill=fill)
    for i, line in enumerate(lines):
        kit.text(draw, (left + unit * 0.8, y + unit * 0.55 + i * unit * 1.75), line, size_px)


def _typing(draw: ImageDraw.ImageDraw, w: int, h: int, unit: float, *, chinese: bool) -> None:
    draw.rectangle((0, h - unit * 4, w, h), fill=(246, 246, 246))
    draw.line((0, h - unit * 4, w, h - unit * 4), fill=(214, 214, 214), width=2)
    draw.rounded_rectangle((unit * 1.2, h - unit * 3.2, w - unit * 6.4, h - unit * 1), unit * 0.4, fill=(255, 255, 255))
    kit.text(
        draw,
        (unit * 1.9, h - unit * 2.1),
        "发消息" if chinese else "Message",
        round(unit),
        (176, 176, 176),
        anchor="lm",
    )
    for i in range(2):
        x = w - unit * 5.4 + i * unit * 2.6
        draw.ellipse((x, h - unit * 3.1, x + unit * 2, h - unit * 1.1), outline=(60, 60, 60), width=3)
    middle = w - unit * 1.8, h - unit * 2.1
    draw.line((middle[0] - unit * 0.5, middle[1], middle[0] + unit * 0.5, middle[1]), fill=(60, 60, 60), width=3)
    draw.line((middle[0], middle[1] - unit * 0.5, middle[0], middle[1] + unit * 0.5), fill=(60, 60, 60), width=3)
