"""Taking in over HTTP: same checks, same words as an import; bundles as jobs; the quarantine."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image

from refund_desk.client.api import DeskClient
from refund_desk.domain.errors import DeskError, Invalid, Unauthenticated
from refund_desk.domain.words import Role
from refund_desk.service import people
from refund_desk.settings import Settings
from refund_desk.wiring import House, Parts, embedded
from tests.fakes import bundles as b

T = TypeVar("T")
Ask = Callable[[Callable[[DeskClient], Awaitable[Any]]], Any]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings = Settings(home=tmp_path / "home", key_dir=tmp_path / "keys")
    desk = embedded(tmp_path / "home", settings, Parts(synchronous="OFF", quick_passwords=True, worker=False))
    yield desk
    desk.close()


@pytest.fixture
def ask(house: House) -> Ask:
    """Run calls of a client who is the operator of this machine."""
    token = house.operator_token("tester")

    def run(calls: Callable[[DeskClient], Awaitable[T]]) -> T:
        async def whole() -> T:
            client = house.client(token)
            try:
                return await calls(client)
            finally:
                await client.aclose()

        return asyncio.run(whole())

    return run


def zipped(*lines: Any, files: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("cases.jsonl", b"\n".join(b.raw(line) for line in lines))
        for name, data in (files or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def test_one_request(ask: Ask) -> None:
    async def calls(desk: DeskClient) -> None:
        first = await desk.submit(b.raw(b.case(customer=None)))
        assert (first.result, first.ref, first.findings) == ("new", "RC-26-000001", ["customer.missing"])
        assert (await desk.submit(b.raw(b.case(customer=None)))).result == "unchanged"
        assert (await desk.case(first.ref)).requests[0].id == "R1"

    ask(calls)


def test_a_wrong_one_is_told_with_every_path_and_kept(ask: Ask) -> None:
    async def calls(desk: DeskClient) -> None:
        wrong = b.raw(b.case(request=b.request(amount=12, colour="red")))
        with pytest.raises(Invalid) as caught:
            await desk.submit(wrong)
        assert caught.value.code == "intake.quarantined"
        assert {(p["path"], p["code"]) for p in caught.value.params["problems"]} == {
            ("request.amount", "money.not_text"),
            ("request.colour", "field.unknown"),
        }
        (row,) = (await desk.quarantine()).rows
        assert (row.id, row.request, row.source) == (caught.value.params["id"], "mall/R1", "api")
        assert (await desk.quarantined(row.id)).raw == wrong.decode()
        with pytest.raises(Invalid, match=r"intake\.quarantined"):
            await desk.retry(row.id)
        taken = await desk.retry(row.id, json.dumps(b.case()))
        assert taken.result == "new"
        assert (await desk.quarantine()).rows == []
        with pytest.raises(Invalid):
            await desk.submit(b"\xff\xfe not text")
        (odd,) = (await desk.quarantine()).rows
        assert (await desk.quarantined(odd.id)).raw_base64
        assert (await desk.drop(odd.id, "noise")).status == "dropped"

    ask(calls)


def test_a_bundle_is_a_job(ask: Ask, house: House) -> None:
    async def calls(desk: DeskClient) -> None:
        line = b.case(evidence=[{"file": "evidence/a.txt"}])
        job = await desk.start_import(zipped(line, b.case("R2", "O2"), files={"evidence/a.txt": b"hello"}))
        while job.status == "running":
            job = await desk.job(job.id)
        assert (job.status, job.result["new"], job.result["read"]) == ("done", 2, 2)
        assert job.done == job.total
        job = await desk.start_import(b"no zip")
        while job.status == "running":
            job = await desk.job(job.id)
        assert job.status == "failed"
        assert job.problem is not None
        assert job.problem.code == "error.bundle.broken"

    ask(calls)


def test_a_picture_is_there_as_soon_as_somebody_looks(house: House) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (200, 30, 30)).save(out, "PNG")
    operator = house.operators[house.operator_token("tester")]
    with house.write() as work:
        people.add_account(work, house.desk, operator, "Megan", "megan", [Role.CUSTOMER_SERVICE], "long enough 1")
        token = people.make_token(work, house.desk, operator, "megan", "test")

    async def calls() -> None:
        desk = house.client(token)
        first = await desk.submit(b.raw(b.case()))
        added = await desk.add_evidence(first.ref, "a.png", out.getvalue())
        data = await desk.image(added.evidence, "thumb")
        assert Image.open(io.BytesIO(data)).size == (160, 107)
        await desk.aclose()

    asyncio.run(calls())


def test_nobody_sends_anything_without_a_name(house: House) -> None:
    async def calls() -> None:
        client = house.client()
        for call in (client.submit(b.raw(b.case())), client.start_import(b"x" * 100), client.quarantine()):
            with pytest.raises((Unauthenticated, DeskError)) as caught:
                await call
            assert caught.value.code == "people.no_token"
        await client.aclose()

    asyncio.run(calls())
