"""How often something may be tried: moving windows, counted in this process's memory."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING

from vfm_workflow.errors import TooManyTries
from vfm_workflow.web.visit import Visit

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import MovingWindowRateLimiter

_MAKING = threading.Lock()


def allow(visit: Visit, name: str, key: str, rate: str) -> None:
    """Count one try of `name` (such as `sign-in`) by `key` (an address, a link, a computer) against `rate`.

    `rate` is written `10/minute`. Raises TooManyTries, which says how long to wait. The clock is the machine's own, also in
    a demo; each replica counts for itself.
    """
    from limits import parse

    limiter, item = _limiter(visit), parse(rate)
    names = (name, hashlib.sha256(key.encode()).hexdigest())  # a key may be a token: memory holds none
    if not limiter.hit(item, *names):
        raise TooManyTries(f"Too many tries. Wait {_wait(limiter, item, names)}, then try again.")


def computer(visit: Visit) -> str:
    """Return the network address that asks. A whole council may share one, so its limits are generous."""
    return visit.request.client.host if visit.request.client else ""


def _limiter(visit: Visit) -> MovingWindowRateLimiter:
    from limits.storage import MemoryStorage
    from limits.strategies import MovingWindowRateLimiter

    state = visit.request.app.state
    with _MAKING:
        if not hasattr(state, "limiter"):
            state.limiter = MovingWindowRateLimiter(MemoryStorage())
        found: MovingWindowRateLimiter = state.limiter
    return found


def _wait(limiter: MovingWindowRateLimiter, item: RateLimitItem, names: tuple[str, str]) -> str:
    seconds = max(limiter.get_window_stats(item, *names).reset_time - time.time(), 1)
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute"
