"""What people want of their mail: they choose how often and when, put a thing off, and let their mail program stop it."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import parse_qs

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import wishes
from vfm_workflow.signing import read_seal
from vfm_workflow.simulation.life import Life, Worker

CHOOSES_A_YEAR, HOURS_A_YEAR = 0.6, 0.15
"""How often somebody looks at what they are sent, and at when."""
PUTS_OFF, STOPS = 0.08, 0.002
"""Shares of things that may be put off and are, and of digests that offer to stop and are."""
_LATER = re.compile(rb"/account/mail/later\?(\S+)")
_STOP = re.compile(rb"/u/([A-Za-z0-9_.-]+)>")


def day(life: Life) -> None:
    """Let people choose what they are sent and when, as often as they do."""
    everybody = list(life.staff.values())
    for often, do in ((CHOOSES_A_YEAR, _choose), (HOURS_A_YEAR, _set_hours)):
        if life.chance.happens(len(everybody) * often / 253):
            life.in_days(0, 0, partial(do, life, life.chance.one(everybody)))


def _choose(life: Life, worker: Worker) -> None:
    picks = [life.chance.between(0, 99) for _ in range(3)]

    def doing(session: Session, actor: Actor) -> int:
        kinds = [kind for kind in wishes.kinds(session, life.home, actor.id) if len(kind.choices) > 1]
        wanted = {}
        for pick in picks if kinds else ():
            kind = kinds[pick % len(kinds)]
            wanted[kind.key] = kind.choices[pick % len(kind.choices)]
        return wishes.choose(session, life.home, actor, wanted, life.now)

    life.act("what is sent chosen", worker.address, doing)


def _set_hours(life: Life, worker: Worker) -> None:
    times = wishes.times(life.home)
    time = times[0] if life.chance.happens(0.4) else life.chance.one([each for each in times if each < "13"])
    days = sorted(life.chance.some("12345", 5 if life.chance.happens(0.5) else life.chance.between(1, 4)))

    def doing(session: Session, actor: Actor) -> bool:
        wishes.set_hours(session, life.home, actor, time, days, life.now)
        return True

    life.act("hours of mail chosen", worker.address, doing)


def read(life: Life, address: str, data: bytes, text: bytes) -> None:
    """Let the reader of a digest put some of it off, or stop what may be stopped, by the links in it."""
    for query in _LATER.findall(text):
        if life.chance.happens(PUTS_OFF):
            asked = {key: values[0] for key, values in parse_qs(query.decode()).items()}
            days = str(life.chance.one(wishes.LATER))
            life.in_days(0, 0, partial(_put_off, life, address, asked["notice"], asked["subject"], days))
    stop = _STOP.search(data)
    if stop is not None and life.chance.happens(STOPS):
        life.in_days(0, 2, partial(_stop, life, stop[1].decode()))


def _put_off(life: Life, address: str, notice: str, subject: str, days: str) -> None:
    life.act(
        "things put off",
        address,
        lambda session, actor: wishes.put_off(session, life.home, actor, notice, subject, days, life.now),
    )


def _stop(life: Life, seal: str) -> None:
    def doing(session: Session, _: object) -> bool:
        person_id = read_seal(life.app.secret_key, seal)
        assert person_id is not None
        wishes.stop(session, life.home, person_id, life.now)
        return True

    life.act("digests stopped", "", doing)
