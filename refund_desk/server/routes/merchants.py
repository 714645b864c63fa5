"""The merchant's own answer: a link that somebody of the desk gives, and the page it leads to.

The page is no part of the API: it is HTML for a person without an account, outside of /v1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from refund_desk.domain.errors import DeskError, Invalid, TooLarge, TooMany
from refund_desk.domain.people import Principal
from refund_desk.server import merchant_page as page
from refund_desk.server.call import Caller, House
from refund_desk.server.rates import Rates
from refund_desk.service import merchants
from refund_desk.service.ports import Work
from refund_desk.service.ports.exports import Catalogue
from refund_desk.wire import clocks as k

router = APIRouter(tags=["cases"])
pages = APIRouter(tags=["merchants"], include_in_schema=False)

MAX_FORM = 64 * 1024
"""Bytes of an answer: 10,000 characters, each written as %E4%BD%A0, leave room below it only for Latin text."""
PER_PLACE = 30
A_MINUTE = timedelta(minutes=1)
Lang = Annotated[str | None, Query(max_length=10)]


def new_rates() -> Rates:
    return Rates(PER_PLACE, A_MINUTE)


@router.post("/cases/{ref}/merchant-link", response_model=k.MerchantLink)
def merchant_link(call: Caller, ref: str) -> Response:
    """An address at which the merchant answers by themselves, once. It is shown now and kept nowhere."""

    def use(work: Work, who: Principal) -> k.MerchantLink:
        token, until = merchants.link(work, call.desk, who, ref)
        return k.MerchantLink(url=f"{call.request.base_url}merchant/{token}", until=until)

    return call.write(use, hidden=frozenset())


# ---------------------------------------------------------------- for a person without an account


async def sent_form(request: Request) -> Mapping[str, str]:
    """A posted form, no more of it than is read at all. Raises TooLarge, Invalid."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_FORM:
            raise TooLarge("body.too_large", limit=MAX_FORM)
        parts.append(part)
    try:
        fields = parse_qs(b"".join(parts).decode("ascii"), keep_blank_values=True, max_num_fields=10, errors="strict")
    except ValueError:
        raise Invalid("merchant.form") from None
    return {name: values[0] for name, values in fields.items()}


def _words(request: Request, lang: str | None) -> Catalogue:
    house: House = request.app.state.house
    return house.words(page.language_of(lang, request.headers.get("accept-language", "")))


def _slowly(request: Request) -> None:
    house: House = request.app.state.house
    rates: Rates = request.app.state.merchant_rates
    rates.check(request.client.host if request.client else "", house.desk.clock())


def _html(content: str, status: int = 200, wait: object = None) -> HTMLResponse:
    headers = dict(page.HEADERS) | ({"retry-after": str(wait)} if wait is not None else {})
    return HTMLResponse(content, status, headers)


def _failed(error: DeskError, words: Catalogue) -> HTMLResponse:
    wait = error.params.get("retry_after") if isinstance(error, TooMany) else None
    return _html(page.failed_page(words.error(error), words), error.status, wait)


@pages.get("/merchant/{token}")
def show(request: Request, token: str, lang: Lang = None) -> Response:
    """The question. Looking uses nothing up."""
    house: House = request.app.state.house
    words = _words(request, lang)
    try:
        _slowly(request)
        with house.read() as work:
            asked = merchants.question(work, house.desk, token)
    except DeskError as error:
        return _failed(error, words)
    return _html(page.ask_page(asked, words))


@pages.post("/merchant/{token}")
def answer(
    request: Request, token: str, form: Annotated[Mapping[str, str], Depends(sent_form)], lang: Lang = None
) -> Response:
    """The answer, once."""
    house: House = request.app.state.house
    words = _words(request, lang)
    said, text = form.get("said", ""), form.get("text", "")
    try:
        _slowly(request)
        with house.write() as work:
            merchants.answer_by_link(work, house.desk, token, said, text)
    except Invalid as error:  # theirs to mend: the question again, with what they typed
        with house.read() as work:
            asked = merchants.question(work, house.desk, token)
        return _html(page.ask_page(asked, words, problem=words.error(error), said=said, text=text), error.status)
    except DeskError as error:
        return _failed(error, words)
    return _html(page.said_page(words))
