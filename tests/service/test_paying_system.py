"""A payment that shop and gateway both list goes back through the one that pays out by itself."""

from __future__ import annotations

import pytest

from refund_desk.domain.words import Decision
from tests.fakes import bundles as b
from tests.fakes.scene import Scene


def listed(system: str) -> dict[str, object]:
    return b.payment("P1", "O1", system=system)


@pytest.mark.parametrize("pays", ["shop", "gate", None])
@pytest.mark.parametrize("systems", [("shop", "gate"), ("gate", "shop")])
def test_the_record_of_the_system_that_pays_is_the_intents(
    scene: Scene, pays: str | None, systems: tuple[str, str]
) -> None:
    with scene.house.write() as work:
        for name in systems:
            content = {"connector": "stripe", "settings": {"payouts": name == pays}, "secrets": {}, "enabled": True}
            work.sources.save(name, content, b"salt" * 8, scene.house.clock(), None)
    ref = scene.case(payments=[listed(name) for name in systems])
    scene.propose(ref, Decision.FULL, "damage_verified", amount_minor=12_900)
    scene.approve(ref)
    (intent,) = scene.reserved(ref)
    assert intent.channel == (pays or systems[0])
