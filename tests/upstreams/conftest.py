"""`gateway`, `shop_url`, `shop`: started once, when a test first asks. `make test-upstreams` runs these alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from tests.upstreams.running import free_port, installed, node
from tests.upstreams.shop import Shop

HOOK_SECRET = "a secret that shop and desk share"


@pytest.fixture(scope="session")
def gateway() -> Iterator[str]:
    """The address of a Stripe-shaped gateway."""
    port = free_port()
    with node(installed("gateway"), "server.js", {"GATEWAY_PORT": str(port), "LOG_LEVEL": "warn"}):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def hook() -> SimpleNamespace:
    """Where the shop sends its webhooks; a test that listens sets `port` before the shop starts."""
    return SimpleNamespace(port=free_port(), secret=HOOK_SECRET)


@pytest.fixture(scope="session")
def shop_url(
    gateway: str, pg_url: str, hook: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A Vendure shop with its sample catalogue, behind it a database of its own."""
    folder = installed("vendure")
    name = f"shop_{uuid.uuid4().hex[:8]}"
    with create_engine(pg_url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as admin:
        admin.exec_driver_sql(f"CREATE DATABASE {name}")
    url, port, data = make_url(pg_url), free_port(), tmp_path_factory.mktemp("shop")
    env = {
        "SHOP_PORT": str(port),
        "SHOP_DATA": str(data),
        "SHOP_FRESH": "1",
        "SHOP_HOOK_URL": f"http://127.0.0.1:{hook.port}/v1/hooks/shop",
        "SHOP_HOOK_SECRET": hook.secret,
        "GATEWAY_URL": gateway,
        "PGHOST": str(url.query.get("host") or url.host),
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username or "postgres",
        "PGDATABASE": name,
    }
    with node(folder, "server.js", env):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def shop(shop_url: str) -> Iterator[Shop]:
    made = Shop(shop_url)
    yield made
    made.close()


def picture(folder: Path) -> bytes:
    """A small PNG."""
    from PIL import Image

    path = folder / "cracked.png"
    Image.new("RGB", (40, 30), (200, 40, 40)).save(path)
    return path.read_bytes()
