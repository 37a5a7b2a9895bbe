"""How often somebody may try: counted in this process's memory, for each council's application apart."""

from __future__ import annotations

import threading

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from vfm_workflow.errors import TooManyTries
from vfm_workflow.web.visit import Visit

_MAKING = threading.Lock()


def allow(visit: Visit, name: str, key: str, rate: str) -> None:
    """Count one try of `name` by or at `key`. Raises TooManyTries above `rate`, such as `10/minute`."""
    if not _limiter(visit).hit(parse(rate), name, key):
        raise TooManyTries("That was tried too often in a short time. Wait a minute, then try again.")


def _limiter(visit: Visit) -> MovingWindowRateLimiter:
    state = visit.request.app.state
    with _MAKING:
        if not hasattr(state, "limiter"):
            state.limiter = MovingWindowRateLimiter(MemoryStorage())
        limiter: MovingWindowRateLimiter = state.limiter
        return limiter
