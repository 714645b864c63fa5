"""Invented sources, and a client's part that answers with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from refund_desk.domain.sources import SettingType
from refund_desk.wire import bundle, commands
from refund_desk.wire import sources as w
from refund_desk.wire.base import Coded, PersonRef

NOW = datetime(2026, 11, 23, 4, 41, 7, tzinfo=UTC)
_COUNTS: dict[str, Any] = {"read": 1_204, "new": 38, "changed": 112, "unchanged": 1_051, "quarantined": 3, "pages": 13}


def _run(number: int, status: str, **changes: Any) -> w.SourceRun:
    at = NOW - timedelta(minutes=5 * (number + 1))
    said: dict[str, Any] = {"id": 90 - number, "started_at": at, "ended_at": at + timedelta(seconds=9)}
    return w.SourceRun(**{**said, "status": status, "counts": w.SourceCounts(**_COUNTS), "rate": 134, **changes})


def connectors() -> list[w.ConnectorView]:
    def one(name: str, type: SettingType, *, required: bool = True, default: Any = None) -> w.SettingView:
        return w.SettingView(
            name=name, type=type, required=required, default=default, secret=type is SettingType.SECRET
        )

    common = [
        one("private", SettingType.FLAG, required=False, default=False),
        one("every", SettingType.WHOLE, required=False, default=5),
    ]
    vendure = [
        one("url", SettingType.URL),
        one("username", SettingType.TEXT),
        one("password", SettingType.SECRET),
        one("since", SettingType.DAY, required=False),
        *common,
    ]
    stripe = [one("url", SettingType.URL), one("key", SettingType.SECRET), *common]
    file = [one("url", SettingType.URL), one("columns", SettingType.COLUMNS), *common]
    return [
        w.ConnectorView(name="csv_orders", version="1", settings=file, streams=["orders"], hooks=False),
        w.ConnectorView(name="vendure", version="1", settings=vendure, streams=["orders"], hooks=True),
        w.ConnectorView(name="stripe", version="1", settings=stripe, streams=["charges", "refunds"], hooks=True),
    ]


def details() -> list[w.SourceDetail]:
    broken = Coded(code="error.source.status", params={"system": "pay", "status": 503})
    counts = w.SourceCounts(**{**_COUNTS, "reasons": {"currency.differs": 2, "record.unreadable": 1}})
    runs = [_run(0, "done", counts=counts), _run(1, "done"), _run(2, "lost", rate=None)]
    shop = w.SourceDetail(
        name="shop",
        connector="vendure",
        settings={"url": "https://shop.example/admin-api", "username": "desk", "private": False, "every": 5},
        secrets=["password"],
        enabled=True,
        running=False,
        next_at=NOW + timedelta(minutes=4),
        cursors={"orders": {"at": "2026-11-23T04:36:01Z", "page": 13}},
        quarantined=3,
        hints=1,
        hook="/v1/hooks/shop",
        last=runs[0],
        runs=runs,
    )
    failed = _run(0, "failed", error=broken, rate=None)
    pay = w.SourceDetail(
        name="pay",
        connector="stripe",
        settings={"url": "https://api.stripe.com", "private": False, "every": 5},
        secrets=["key"],
        enabled=True,
        running=False,
        next_at=NOW + timedelta(minutes=1),
        cursors={},
        quarantined=0,
        hints=0,
        last=failed,
        runs=[failed, _run(1, "done")],
    )
    mail = w.SourceDetail(
        name="mail",
        connector="imap",
        settings={"host": "mail.example"},
        secrets=["password"],
        enabled=False,
        running=False,
        quarantined=0,
        hints=0,
        runs=[],
    )
    return [mail, pay, shop]


class SourceAnswers:
    """Sources in memory. `works`: what a test of a connection says; `sync_job`: how a run ends."""

    works: w.SourceTried = w.SourceTried(works=True)
    sync_job: commands.Job = commands.Job(
        id="a" * 32, kind="sync-shop", status="done", done=1_204, result={**_COUNTS, "ignored": 0, "gone": 0}
    )

    def _note(self, name: str, *args: Any) -> None:
        raise NotImplementedError

    async def connectors(self) -> list[w.ConnectorView]:
        self._note("connectors")
        return connectors()

    async def sources(self) -> list[w.SourceView]:
        self._note("sources")
        return [w.SourceView(**one.model_dump(exclude={"runs"})) for one in details()]

    async def source(self, name: str) -> w.SourceDetail:
        self._note("source", name)
        return next(one for one in details() if one.name == name)

    async def check_source(self, body: w.SourceBody) -> w.SourceTried:
        self._note("check_source", body)
        return self.works

    async def propose_source(self, body: w.SourceProposal, key: str | None = None) -> commands.ConfigChange:
        self._note("propose_source", body, key)
        by = PersonRef(id=7, name="陈晨")
        return commands.ConfigChange(
            id=31,
            kind="source",
            subject=body.name,
            content={},
            reason=body.reason,
            proposed_by=by,
            proposed_at=NOW,
            status="open",
        )

    async def sync_source(self, name: str) -> commands.Job:
        self._note("sync_source", name)
        return self.sync_job

    async def quarantine(self, status: str | None = "open", after: int = 0) -> bundle.QuarantinePage:
        self._note("quarantine", status, after)
        reason = bundle.QuarantineReason(
            path="request.currency", code="currency.differs", params={"currency": "CNY", "said": "USD"}
        )
        rows = [
            bundle.QuarantineRow(
                id=4, at=NOW, source="shop", request="shop/orders/88", status="open", reasons=[reason]
            ),
            bundle.QuarantineRow(id=5, at=NOW, source="other", request="x", status="open", reasons=[reason]),
        ]
        return bundle.QuarantinePage(rows=rows)
