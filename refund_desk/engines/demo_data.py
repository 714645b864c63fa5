"""The demo's word lists and tables, read from resources/demo into typed values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from refund_desk.domain.money import Money, parse
from refund_desk.domain.words import Reason, RequestKind

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Product:
    """Something a shop sells. `say` is what a customer calls it; `prices` by ISO currency."""

    id: str
    name: dict[str, str]
    say: dict[str, str]
    picture: str
    tags: frozenset[str]
    prices: dict[str, Money]
    perishable: bool
    made_to_order: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """What fits a reason; `after` is hours from the last step of the delivery to the request."""

    weight: int
    delivery: tuple[str, ...]
    after: tuple[int, int]
    tags: frozenset[str]
    kinds: dict[RequestKind, int]
    pictures: tuple[str, ...]
    count: tuple[int, int]


@dataclass(frozen=True, slots=True)
class DemoData:
    """Everything the generator reads. `stories[lang]` holds the sentences, `markets` the systems of a market."""

    products: tuple[Product, ...]
    plots: dict[Reason, Plot]
    stories: dict[str, dict[str, Any]]
    systems: dict[str, Any]
    customers: dict[str, Any]
    specials: dict[str, Any]


def read_yaml(resources: Path, name: str) -> dict[str, Any]:
    """One file of resources/demo."""
    text = (resources / "demo" / f"{name}.yaml").read_text(encoding="utf-8")
    return cast("dict[str, Any]", yaml.safe_load(text))


def load(resources: Path) -> DemoData:
    """Read resources/demo below the resource directory. Raises KeyError or OSError where it is incomplete."""
    catalogue = read_yaml(resources, "catalogue")
    return DemoData(
        products=tuple(_product(row, catalogue["currencies"]) for row in catalogue["products"]),
        plots={Reason(name): _plot(row) for name, row in read_yaml(resources, "plots").items()},
        stories={lang: read_yaml(resources, f"stories_{lang}") for lang in ("zh", "en")},
        systems=read_yaml(resources, "systems"),
        customers=read_yaml(resources, "customers"),
        specials=read_yaml(resources, "specials"),
    )


def _product(row: dict[str, Any], currencies: list[str]) -> Product:
    return Product(
        id=row["id"],
        name={"zh": row["zh"], "en": row["en"]},
        say=row["say"],
        picture=row["picture"],
        tags=frozenset(row["tags"]),
        prices={code: parse(text, code) for code, text in zip(currencies, row["prices"], strict=True)},
        perishable=row.get("perishable", False),
        made_to_order=row.get("made_to_order", False),
    )


def _plot(row: dict[str, Any]) -> Plot:
    return Plot(
        weight=row["weight"],
        delivery=tuple(row["delivery"]),
        after=(row["after"][0], row["after"][1]),
        tags=frozenset(row["tags"]),
        kinds={RequestKind(name): weight for name, weight in row["kinds"].items()},
        pictures=tuple(row["pictures"]),
        count=(row["count"][0], row["count"][1]),
    )
