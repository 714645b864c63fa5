"""How often strangers may ask: counted by where they are, in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from refund_desk.domain.errors import TooMany

MOST_PLACES = 10_000


class Rates:
    """At most `most` calls of one place within `window`. The oldest places are forgotten where there are too many."""

    def __init__(self, most: int, window: timedelta) -> None:
        self._most, self._window = most, window
        self._lock = threading.Lock()
        self._calls: OrderedDict[str, deque[datetime]] = OrderedDict()

    def check(self, place: str, now: datetime) -> None:
        """Count a call. Raises TooMany `rate.too_many` with the seconds to wait."""
        with self._lock:
            calls = self._calls.setdefault(place, deque())
            self._calls.move_to_end(place)
            while calls and now - calls[0] >= self._window:
                calls.popleft()
            if len(calls) >= self._most:
                wait = self._window - (now - calls[0])
                raise TooMany("rate.too_many", retry_after=int(wait.total_seconds()) + 1)
            calls.append(now)
            while len(self._calls) > MOST_PLACES:
                self._calls.popitem(last=False)
