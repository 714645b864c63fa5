"""Makes histories at random: what customers, clerks, banks, clocks, networks and processes do to one desk.

A history is a setting and a list of steps, each a name with small numbers that whoever plays it takes
modulo what is there. Nothing here knows the desk: it names what people and the world do, not how.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.money.gateway import GETS_LOST, Fault

LEAST_STEPS = 30


@dataclass(frozen=True)
class Step:
    """One thing that happens. `meanwhile`: what happens inside it, while a call to the gateway is on its way.

    where: at which moment of the call the meanwhile happens: before_booking, after_booking or while_reading.
    kill: the process dies at the n-th commit or call of this step; 0: it lives.
    """

    name: str
    a: int = 0
    b: int = 0
    send: Fault = Fault.NONE
    read: Fault = Fault.NONE
    where: str = "after_booking"
    meanwhile: tuple[Step, ...] = ()
    kill: int = 0


@dataclass(frozen=True)
class Setting:
    """How a history begins. Prices are minor units; captured: per cent of what was authorised."""

    currency: str
    lines: tuple[tuple[int, int], ...]
    first_payment: int  # per cent of the order on the first of two payments; 100: there is only one
    captured: int
    settling_s: int
    key_life_s: int
    lags: tuple[float, ...]


@dataclass(frozen=True)
class History:
    seed: int
    setting: Setting
    steps: tuple[Step, ...]


HOUR, DAY = 3600, 86400
SENDS = [fault for fault in Fault if fault is not Fault.NONE]
LOST = [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.SLOW]
UNSURE = [*LOST, Fault.ERROR_BEFORE, Fault.ERROR_AFTER, Fault.GARBAGE_BEFORE, Fault.GARBAGE_AFTER, Fault.ODD_STATUS]
WAITS = (1, 5, 11, 11, 30, 61, 61, 130, 300, 700, HOUR, 2 * HOUR, 7 * HOUR, DAY, 2 * DAY)


def setting(rng: Random) -> Setting:
    lines = tuple((rng.randint(1, 3), rng.randint(50, 1500)) for _ in range(rng.randint(2, 4)))
    settling = rng.choice((30, 120, 600))
    return Setting(
        currency=rng.choice(("CNY", "USD", "JPY", "KWD")),
        lines=lines,
        first_payment=rng.choice((100, 100, 60, 35)),
        captured=rng.choice((100, 100, 100, 70)),
        settling_s=settling,
        key_life_s=rng.choice((6 * HOUR, DAY, 30 * DAY)),
        lags=tuple(rng.choice((0.0, 0.0, settling / 2, float(settling))) for _ in range(7)),
    )


# ---------------------------------------------------------------- single steps


def _n(rng: Random) -> int:
    return rng.randrange(1 << 16)


def work(rng: Random, send: Fault | None = None, **more: object) -> Step:
    """A process does what waits; something of it goes wrong more often than not."""
    fault = send if send is not None else rng.choice((Fault.NONE, Fault.NONE, Fault.PENDING, rng.choice(SENDS)))
    lost = rng.choice(GETS_LOST) if rng.random() < 0.08 else Fault.NONE
    return replace(Step("work", rng.randrange(2), send=fault, read=lost), **more)  # type: ignore[arg-type]


def wait(rng: Random, *seconds: int) -> Step:
    return Step("forward", rng.choice(seconds or WAITS))


def decide(rng: Random) -> list[Step]:
    """A case about a line, decided; then the seconds pass in which it can be taken back."""
    return [Step("case", _n(rng), _n(rng)), Step("decide", 0, _n(rng)), wait(rng, 11, 11, 11, 30)]


def clerk(rng: Random) -> Step:
    return Step("clerk", _n(rng), _n(rng))


SINGLE: list[tuple[int, Callable[[Random], Step]]] = [
    (10, work),
    (8, wait),
    (3, lambda rng: Step("decide", _n(rng), _n(rng))),
    (2, lambda rng: Step("case", _n(rng), _n(rng))),
    (2, clerk),
    (2, lambda rng: Step("finish", _n(rng), rng.randrange(3))),
    (3, lambda rng: Step("notice", _n(rng), rng.randint(1, 2))),
    (1, lambda rng: Step("forged", _n(rng))),
    (1, lambda rng: Step("dispute", _n(rng), _n(rng))),
    (1, lambda rng: Step("end_dispute", _n(rng), rng.randrange(2))),
    (1, lambda rng: Step("capture", _n(rng), _n(rng))),
    (1, lambda rng: Step("ask", _n(rng))),
    (1, lambda rng: Step("cancel", _n(rng))),
    (1, lambda rng: Step("by_hand", _n(rng))),
    (1, lambda rng: Step("again", _n(rng))),
    (1, lambda rng: Step("approve_twice", _n(rng))),
    (1, lambda rng: Step("resume")),
    (1, lambda rng: replace(work(rng), kill=rng.randint(1, 6))),
]


def single(rng: Random) -> Step:
    makers = [make for weight, make in SINGLE for _ in range(weight)]
    return rng.choice(makers)(rng)


# ---------------------------------------------------------------- themes: what belongs together, so that it meets


def lost_answer(rng: Random) -> list[Step]:
    """An answer is lost; the desk asks and sends again, maybe after the key has expired."""
    out = [*decide(rng), work(rng, rng.choice(UNSURE)), wait(rng)]
    out += [work(rng, rng.choice((Fault.NONE, *UNSURE))), wait(rng, 130, 700, 2 * HOUR, 7 * HOUR, DAY, 31 * DAY)]
    return [*out, work(rng, Fault.NONE), wait(rng, 700, HOUR), work(rng, Fault.NONE)]


def clerk_between(rng: Random) -> list[Step]:
    """Somebody refunds the same loss in the gateway's dashboard: after the approval, or while it is unknown."""
    case = decide(rng)
    pays = Step("clerk", case[0].a, 0)
    if rng.random() < 0.5:
        return [*case, pays, work(rng), wait(rng, 61, 130), work(rng)]
    return [*case, work(rng, rng.choice(UNSURE)), pays, wait(rng, 61, 130), work(rng, Fault.NONE), wait(rng, 700, HOUR)]


def two_processes(rng: Random) -> list[Step]:
    """Both processes find the same intent; or one dies, and the other takes it over."""
    second = Step("work", 1, send=rng.choice((Fault.NONE, Fault.NONE, *UNSURE)))
    where = rng.choice(("while_reading", "while_reading", "before_booking", "after_booking"))
    first = Step("work", 0, send=rng.choice((Fault.NONE, *UNSURE)), where=where, meanwhile=(second,))
    return [*decide(rng), first, replace(work(rng), kill=rng.randint(1, 6)), wait(rng, 61, 300), work(rng)]


def killed(rng: Random) -> list[Step]:
    """A process dies at a commit or a call, and whoever is next finds what it left."""
    first = replace(work(rng), kill=rng.randint(1, 6))
    return [*decide(rng), first, *([work(rng)] if rng.random() < 0.4 else []), wait(rng, 11, 61, 300), work(rng)]


def notice_first(rng: Random) -> list[Step]:
    """The signed notification is faster than the answer; it comes twice, late, or is forged."""
    inside = tuple(rng.choice((Step("notice", 0, 2), Step("forged", _n(rng)), Step("work", 1))) for _ in range(2))
    sent = replace(work(rng), where=rng.choice(("after_booking", "before_booking")), meanwhile=inside)
    return [*decide(rng), sent, Step("notice", _n(rng), 2), work(rng), Step("notice", _n(rng), 1)]


def clock_jumps(rng: Random) -> list[Step]:
    """The desk's clock jumps while something is under way, and maybe back."""
    jump = rng.choice((-2 * DAY, -HOUR, -90, 90, HOUR, 2 * DAY, 40 * DAY))
    out = [*decide(rng), work(rng, rng.choice(UNSURE)), Step("clock", jump), work(rng, Fault.NONE)]
    out += [Step("forward", 5), work(rng, Fault.NONE), Step("forward", 5), work(rng, Fault.NONE)]
    return [*out, Step("clock", -jump), wait(rng, 61, 700), work(rng, Fault.NONE)]


def stale_read(rng: Random) -> list[Step]:
    """More than a minute passes between reading and sending, by the clock or because the process slept."""
    slept = replace(
        work(rng, Fault.NONE), where="while_reading", meanwhile=(Step("forward", rng.choice((30, 61, 300))), clerk(rng))
    )
    return [*decide(rng), slept, wait(rng, 11, 61), work(rng)]


def restored(rng: Random) -> list[Step]:
    """The database is restored from a copy, with what was paid since forgotten."""
    early = [Step("backup"), *decide(rng)] if rng.random() < 0.5 else [*decide(rng), Step("backup")]
    out = [*early, work(rng, rng.choice((Fault.NONE, Fault.NONE, Fault.TIMEOUT_AFTER))), wait(rng)]
    out += [Step("restore"), wait(rng, 11, 130, 2 * DAY), work(rng, Fault.NONE), *decide(rng), work(rng, Fault.NONE)]
    return [*out, Step("resume"), work(rng, Fault.NONE), wait(rng, 700), work(rng, Fault.NONE)]


def fails_later(rng: Random) -> list[Step]:
    """It is pending, or has succeeded, and fails after all; the loss is decided again."""
    out = [*decide(rng), work(rng, rng.choice((Fault.PENDING, Fault.NONE))), wait(rng, 61, HOUR)]
    out += [Step("finish", 0, rng.choice((0, 1, 1))), Step("notice", 0, 1), wait(rng, 61, DAY), work(rng, Fault.NONE)]
    return [*out, Step("decide", _n(rng), _n(rng)), wait(rng, 11), work(rng)]


def bank_takes(rng: Random) -> list[Step]:
    """A chargeback while the refund is on its way."""
    takes = Step("dispute", _n(rng), _n(rng))
    first = replace(work(rng), where=rng.choice(("while_reading", "before_booking")), meanwhile=(takes,))
    body = [takes, work(rng)] if rng.random() < 0.6 else [first]
    return [*decide(rng), *body, wait(rng, 61, 300), work(rng), Step("end_dispute", 0, rng.randrange(2))]


def same_loss_twice(rng: Random) -> list[Step]:
    """The same request as two cases, and again after the first was paid; credit beside money."""
    case = decide(rng)
    twin = [Step("again", 0), Step("decide", 0, case[1].b), wait(rng, 11)]
    return [*case, *twin, work(rng), work(rng), Step("by_hand", 0), Step("again", 0), Step("decide", 0, _n(rng))]


THEMES = (
    lost_answer,
    lost_answer,
    clerk_between,
    clerk_between,
    two_processes,
    killed,
    notice_first,
    clock_jumps,
    stale_read,
    restored,
    fails_later,
    bank_takes,
    same_loss_twice,
)


def history(seed: int, *, least: int = LEAST_STEPS, themes: tuple[str, ...] = ()) -> History:
    """A history of at least `least` steps; the same seed gives the same one. themes: only of these, by name."""
    rng = Random(seed)
    offered = [theme for theme in THEMES if not themes or theme.__name__ in themes]
    begin = setting(rng)
    steps: list[Step] = []
    while len(steps) < least:
        if rng.random() < 0.55:
            steps += rng.choice(offered)(rng)
        else:
            steps.append(single(rng))
    return History(seed, begin, tuple(steps))
