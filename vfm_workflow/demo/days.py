"""Days are lived through one after another: whatever is due is posted and delivered on its own day."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.wiring import App


@dataclass(frozen=True, slots=True)
class Action:
    """Something that somebody does at a moment."""

    at: dt.datetime
    do: Callable[[dt.datetime], None]
    silent: bool = False
    """No mail can follow from it, so the clock need not be asked."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What happened at one moment: the mails the clock wrote, and the mails that left."""

    at: dt.datetime
    posted: int
    delivered: int


def walk(
    app: App,
    start: dt.datetime,
    end: dt.datetime,
    actions: Iterable[Action] = (),
    arrive: Callable[[dt.datetime], None] | None = None,
) -> Iterator[Beat]:
    """Live from `start` (not with it) to `end` (with it), and yield a Beat for each moment at which something may happen.

    These are the times at which a working day's mail is written and leaves, the moment of each action, and `end`. At
    each one `arrive` is called, then the actions are done in their order, then the clock ticks and mail is delivered,
    as it would have within the minute. `actions` are in order of time; those outside the span are left out.
    """
    due = heapq.merge(
        ((moment, None) for moment in moments(app.home.calendar, start, end)),
        ((action.at, action) for action in actions if start < action.at <= end),
        key=lambda pair: pair[0],
    )
    for moment, together in groupby(due, key=lambda pair: pair[0]):
        if arrive is not None:
            arrive(moment)
        asked = False
        for _, action in together:
            asked = asked or action is None or not action.silent
            if action is not None:
                action.do(moment)
        if asked:
            yield _beat(app, moment)


def _beat(app: App, at: dt.datetime) -> Beat:
    posted = len(app.tick(at))
    return Beat(at, posted, app.deliver(at).sent)


def moments(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    """Yield, in order, the moments after `start` at which a working day's mail is written or leaves, and then `end`.

    Digests are written at their time; reminders, and what waited for decision hours, leave when these begin.
    """
    day, times = calendar.today(start), {calendar.rules.digest_at, calendar.rules.decision_mail.from_}
    while day <= calendar.today(end):
        if calendar.is_working_day(day):
            for moment in sorted(calendar.moment(day, time) for time in times):
                if start < moment < end:
                    yield moment
        day += dt.timedelta(days=1)
    if start < end:
        yield end
