"""Problems from the service, turned back into the errors they were."""

from __future__ import annotations

from typing import NoReturn

import httpx

from refund_desk.domain import errors
from refund_desk.wire.base import Problem


class Unreachable(errors.DeskError):
    """The service can't be reached, or didn't answer in time. Nothing is known about what it did."""

    status = 503


_BY_KIND: dict[str, type[errors.DeskError]] = {
    kind.__name__.lower(): kind
    for kind in (
        errors.Invalid,
        errors.Unauthenticated,
        errors.Refused,
        errors.NotFound,
        errors.Conflict,
        errors.Stale,
        errors.TooLarge,
        errors.TooMany,
        errors.Unavailable,
    )
}


class ServiceBug(errors.DeskError):
    """The service failed for a reason of its own."""

    status = 500


def raise_problem(answer: httpx.Response) -> NoReturn:
    """Raise the error that a problem+json answer speaks of."""
    try:
        problem = Problem.model_validate_json(answer.content)
    except ValueError as error:
        raise ServiceBug("client.not_a_desk", status=answer.status_code) from error
    kind = _BY_KIND.get(problem.type.rpartition(":")[2])
    if kind is None:
        kind = ServiceBug if answer.status_code >= 500 else errors.DeskError
    raise kind(problem.code, **problem.params)
