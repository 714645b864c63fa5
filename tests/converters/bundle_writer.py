"""What the converters share: pictures that fit a claim, and the writing of a bundle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from refund_desk.domain.words import Reason

# Which pictures fit which claim; several, so that not every case shows the same one.
_FITTING: dict[str, tuple[str, ...]] = {
    "parcel": (
        "img_parcels_kit/box_wetAndHole.jpg",
        "img_parcels_tampar/parcel_tile_1.jpg",
        "img_parcels_tampar/parcel_tile_3.jpg",
        "img_parcels_tampar/parcel_tile_5.jpg",
        "img_parcels_kit/box_no_damage.jpg",
    ),
    "goods": (
        "img_products_trashnet/metal3.jpg",
        "img_products_trashnet/cardboard12.jpg",
        "img_products_trashnet/plastic10.jpg",
        "img_products_trashnet/glass34.jpg",
        "img_products_trashnet/metal38.jpg",
        "img_products_trashnet/plastic6.jpg",
        "img_products_trashnet/glass9.jpg",
    ),
    "door": (
        "img_doorstep_packages/IMG_6817.jpg",
        "img_doorstep_packages/PXL_20201101_154110239.jpg",
        "img_doorstep_packages/PXL_20201103_181906837.jpg",
    ),
    "receipt": (
        "img_receipts_softmatic/aldi_02032020_19_02423.jpg",
        "img_receipts_softmatic/toom_06042020_01_04999.jpg",
        "img_receipts_softmatic/roller_26092016_02_05996.jpg",
    ),
    "label": ("img_barcodes_zxing/code128-2__06.png", "img_barcodes_zxing/itf-2__07.png"),
}
_BY_REASON: dict[Reason, tuple[str, ...]] = {
    Reason.DAMAGED: ("parcel", "goods"),
    Reason.DEFECTIVE: ("goods",),
    Reason.WRONG_ITEM: ("goods", "label"),
    Reason.NOT_AS_DESCRIBED: ("goods",),
    Reason.MISSING_ITEM: ("parcel",),
    Reason.NOT_RECEIVED: ("door",),
    Reason.OVERCHARGED: ("receipt",),
    Reason.DUPLICATE_CHARGE: ("receipt",),
}
_KIND = {"receipt": "receipt", "label": "waybill"}


class Writer:
    """Collects lines and copies pictures; `close` writes cases.jsonl."""

    def __init__(self, data: Path, out: Path) -> None:
        self.data, self.out = data, out
        self.lines: list[dict[str, Any]] = []
        (out / "evidence").mkdir(parents=True, exist_ok=True)

    def pictures(self, reason: Reason, number: int) -> list[dict[str, Any]]:
        """Evidence that fits a reason, varied by the number of the request."""
        return [self.picture(what, number) for what in _BY_REASON.get(reason, ())]

    def picture(self, what: str, number: int, name: str | None = None) -> dict[str, Any]:
        """One fitting picture, copied into the bundle once however many show it."""
        some = _FITTING[what]
        source = self.data / some[number % len(some)]
        file = f"evidence/{source.parent.name}/{source.name}"
        target = self.out / file
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        return {"file": file, "name": name or source.name, "kind": _KIND.get(what, "photo")}

    def add(self, line: dict[str, Any]) -> None:
        self.lines.append({"schema": "case-bundle/1", **line})

    def close(self) -> int:
        texts = (json.dumps(line, ensure_ascii=False) for line in self.lines)
        (self.out / "cases.jsonl").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        return len(self.lines)


def present(values: dict[str, Any]) -> dict[str, Any]:
    """Without what nobody said."""
    return {name: value for name, value in values.items() if value not in (None, "")}


def joined(words: Iterable[str | None], between: str = " ") -> str | None:
    return between.join(word for word in words if word) or None
