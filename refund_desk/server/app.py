"""The service over HTTP. The same app runs inside the desktop's process and behind a socket."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from refund_desk import __version__
from refund_desk.domain.people import Principal
from refund_desk.server import openapi, problems
from refund_desk.server.call import House
from refund_desk.server.feed import Feed
from refund_desk.server.guard import Guard
from refund_desk.server.jobs import Jobs
from refund_desk.server.routes import (
    audit,
    cases,
    clocks,
    decisions,
    evidence,
    exports,
    figures,
    intake,
    lessons,
    merchants,
    people,
    process_map,
    queue,
    reconciliation,
    session,
    sources,
    workload,
)

ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    queue.router,
    cases.router,
    merchants.router,
    decisions.router,
    evidence.router,
    intake.router,
    reconciliation.router,
    people.router,
    sources.router,
    clocks.router,
    audit.router,
    exports.router,
    figures.router,
    workload.router,
    process_map.router,
    lessons.router,
)


def build(house: House, feed: Feed, *, currency: str = "CNY", operators: dict[str, Principal] | None = None) -> FastAPI:
    """The app over a house. operators: tokens made at start for whoever holds this very machine."""
    app = FastAPI(
        title="Refund Desk",
        version=__version__,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        generate_unique_id_function=lambda route: f"{route.tags[0]}_{route.name}",
    )
    app.state.house = house
    app.state.feed = feed
    app.state.jobs = Jobs()
    app.state.currency = currency
    app.state.merchant_rates = merchants.new_rates()
    app.state.operators = {} if operators is None else operators  # the very dict: tokens come later
    problems.install(app)
    app.add_middleware(Guard)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    app.include_router(merchants.pages)
    openapi.install(app)
    return app
