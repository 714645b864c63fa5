"""Payouts that go by themselves: read fresh, commit, send with no transaction open, commit; ask until it is known.

A thread of its own, for a gateway may take its time. Killed anywhere, the next start finds everything where
it was left. Two processes may run it on one database.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Protocol

import structlog

from refund_desk.domain.errors import DeskError
from refund_desk.domain.people import Principal
from refund_desk.domain.sending import Answer, Outcome, Paid, is_fresh
from refund_desk.service import halting, sending
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.gateways import Channel, Channels, EpochFile
from refund_desk.service.ports.sending import Due
from refund_desk.service.sending import Seen

log = structlog.get_logger(__name__)

PAUSE_S = 2.0


class House(Protocol):
    @property
    def desk(self) -> Desk: ...
    def write(self) -> AbstractContextManager[Work]: ...
    def read(self) -> AbstractContextManager[Work]: ...


class Payouts:
    """Looks after every intent whose channel is set up."""

    def __init__(self, house: House, who: Principal, channels: Channels, epoch: EpochFile) -> None:
        self._house, self._who, self._channels, self._epoch = house, who, channels, epoch

    def begin(self) -> None:
        """At the start of a process, before anything else: is the store as old as what was paid?"""
        with self._house.write() as work:
            halting.check_epoch(work, self._house.desk, self._who, self._epoch)

    def step(self, limit: int = 20) -> int:
        """Look after what is due now, each by itself; how many it were. A gateway that doesn't answer is no error."""
        with self._house.read() as work:
            stands = halting.halted(work) is not None
            waiting = sending.due(work, self._house.desk, list(self._channels), limit)
            late = sending.late(work, self._house.desk)
            stuck = sending.stuck(work, self._house.desk, list(self._channels))
        done = self._read_again(limit) if stands else 0
        for one in waiting:
            if one.state == "reserved" and stands:
                continue
            done += 1
            try:
                self._look_after(one, self._channels[one.channel])
            except DeskError as gone:
                log.warning("payout.later", intent=one.intent, code=gone.code)
        if late or stuck:
            with self._house.write() as work:
                sending.tell_late(work, self._house.desk, self._who, late)
                sending.tell_stuck(work, self._house.desk, self._who, stuck)
        return done + len(late)

    # ------------------------------------------------------------ one intent

    def _look_after(self, one: Due, channel: Channel) -> None:
        if one.state == "reserved":
            self._send(one, channel)
            return
        if one.state == "submitting":
            with self._house.write() as work:
                sending.taken_over(work, self._house.desk, self._who, one.intent, channel.terms)
        if self._ask(one, channel) == "unknown":
            self._send(one, channel)

    def _ask(self, one: Due, channel: Channel) -> str:
        """Look for it in the gateway's list. Its state after that."""
        desk = self._house.desk
        with self._house.read() as work:
            wanted = sending.parcel(work, one)
        try:
            listing = channel.find(wanted)
        except DeskError:
            with self._house.write() as work:
                sending.not_heard(work, desk, one.intent)
            raise
        with self._house.write() as work:
            sending.asked(work, desk, self._who, one.intent, listing, channel.terms)
            return work.money.intent(one.intent).state

    def _send(self, one: Due, channel: Channel) -> None:
        """Every payment of the order is read fresh, not the intent's alone: the same loss may have been paid on
        another. No transaction is open while anything is asked or sent."""
        desk = self._house.desk
        with self._house.read() as work:
            wanted = sending.payments(work, one, self._channels)
        try:
            seen = [Seen(of, row, self._channels[of].read(paid, desk.clock())) for of, row, paid in wanted]
        except DeskError:
            with self._house.write() as work:
                sending.not_heard(work, desk, one.intent)
            raise
        with self._house.write() as work:
            begun = sending.begin(work, desk, self._who, one, channel.terms, seen, self._epoch)
        if begun is None:
            return
        parcel, number = begun
        halting.settle_epoch(self._epoch, number)
        now = desk.clock()
        answer = channel.send(parcel) if all(is_fresh(it.snapshot, now) for it in seen) else STALE
        with self._house.write() as work:
            sending.answered(work, desk, self._who, one.intent, answer, channel.terms)

    # ------------------------------------------------------------ after a halt

    def _read_again(self, limit: int) -> int:
        with self._house.read() as work:
            wanted = halting.to_read(work, self._channels, limit)
        for one in wanted:
            channel = self._channels[one.channel]
            try:
                snapshot = channel.read(Paid(one.payment, one.order), self._house.desk.clock())
            except DeskError as gone:
                log.warning("payout.later", payment=one.payment, code=gone.code)
                continue
            with self._house.write() as work:
                sending.reread(work, self._house.desk, self._who, one, snapshot, channel.terms)
        return 0


STALE = Answer(Outcome.UNKNOWN, code="slept")
"""The process slept between reading and sending: nothing was sent; it is read fresh and sent again."""


class PayoutThread:
    """Runs `Payouts.step` when woken and every few seconds, until `stop`."""

    def __init__(self, payouts: Payouts) -> None:
        self._payouts = payouts
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk-payouts", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        """End after the intent that is being sent: its answer is worth the wait."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=60)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                more = self._payouts.step() > 0
            except Exception as error:  # whatever it was: said, and tried again; what was begun is on record
                log.error("payouts.step", exc_info=error)
                more = False
            self._wake.wait(timeout=0.05 if more else PAUSE_S)
            self._wake.clear()
