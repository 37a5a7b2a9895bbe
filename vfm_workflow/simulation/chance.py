"""Everything that is left to chance, drawn from one seed: the same seed, the same council."""

from __future__ import annotations

import base64
import datetime as dt
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
HOUR = 60


class Chance:
    """Draws from a seed. Whatever is drawn, and in whatever order, follows from it alone."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # it must be repeatable; nothing secret is drawn

    def happens(self, share: float) -> bool:
        """Return whether something happens that does in `share` (0 to 1) of all cases."""
        return self._random.random() < share

    def between(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def one(self, things: Sequence[T]) -> T:
        """Return one of several things."""
        return self._random.choice(things)

    def weighted(self, weights: Mapping[T, float]) -> T:
        """Return one of the keys, as often as its weight says."""
        return self._random.choices(list(weights), list(weights.values()))[0]

    def some(self, things: Sequence[T], count: int) -> list[T]:
        """Return `count` different things, or all of them, in an order of their own."""
        return self._random.sample(list(things), min(count, len(things)))

    def working_time(self) -> dt.time:
        """Return a minute of the council's working day, from nine to five."""
        minute = self.between(9 * HOUR, 17 * HOUR - 1)
        return dt.time(minute // HOUR, minute % HOUR)

    def minutes(self, low: int, high: int) -> dt.timedelta:
        """Return from `low` to `high` minutes, with odd seconds."""
        return dt.timedelta(minutes=self.between(low, high), seconds=self.between(0, 59))

    def token(self) -> str:
        """Return a token of 43 characters, as `home.new_token` makes them."""
        return base64.urlsafe_b64encode(self._random.randbytes(32)).rstrip(b"=").decode()
