"""PostgreSQL's queue, which wakes delivery and jobs in whichever process is free (design §6): Procrastinate, known here alone.

A job of the queue carries no data. It says “look into the outbox” or “look for work”; what there is stands in our own
rows, and who does it is settled there, by lease. So one look too many costs a query, and one that was lost with its
process is made good by the sweep. On SQLite nothing here is used: the clock looks by itself.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from vfm_workflow.logs import log

if TYPE_CHECKING:
    from procrastinate import App

    from vfm_workflow.store.engine import Database

MAIL, WORK = "mail", "work"
"""What can be looked into: the outbox, and the jobs that were asked for."""
_WAKES = "vfm_wakes"
SECONDS_TO_RETRY = 2
"""How long a queue waits before it begins again, after the database went away."""
MOST_CONNECTIONS = 4


def wake(session: Session, name: str) -> None:
    """Have somebody look into `name` once the session's transaction is committed. Nothing happens before, or without."""
    session.info.setdefault(_WAKES, set()).add(name)


def forget(session: Session) -> None:
    """Forget what `wake` was asked for: the transaction was undone."""
    session.info.pop(_WAKES, None)


def enqueue(session: Session, connection: Any) -> None:
    """Enqueue what `wake` was asked for, in the transaction of the psycopg `connection` that is about to be committed.

    No lock of the queue is taken for it: a conflict would abort the transaction that wrote the mail.
    """
    for name in sorted(session.info.pop(_WAKES, ())):
        _defer(connection, name)


def sweep(database: Database, owed: Iterable[str]) -> None:
    """Have somebody look into each of `owed`, unless a look by a sweep is waiting already."""
    from procrastinate.exceptions import AlreadyEnqueued

    for name in owed:
        try:
            with database.write() as session:  # of its own: a conflict of the lock aborts it
                _defer(session.connection().connection.dbapi_connection, name, queueing_lock=f"sweep {name}")
        except AlreadyEnqueued:
            log.debug("a look is waiting already", queue=name)


def _defer(connection: Any, name: str, **options: Any) -> None:
    _unopened().configure_task(_task(name), queue=name, connection=connection, **options).defer()


@cache
def _unopened() -> App:
    """Return an app that only enqueues, over connections of ours: it opens none of its own."""
    import procrastinate

    return procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def _task(name: str) -> str:
    return f"vfm.{name}"


class Queue:
    """Runs looks when they are enqueued: one lane for each, in a thread of its own with its own event loop."""

    def __init__(self, url: str, looks: Mapping[str, Callable[[], None]]) -> None:
        """Take the database's address for psycopg, and name → what to do. A look must not raise."""
        self._url, self._looks = url, looks
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._app: App | None = None

    def start(self) -> None:
        """Begin to wait for looks. Where the database is away it is asked again until it is back."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="queue", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more looks, let those that run come to their end, then return. What waits is left to other processes."""
        self._ending.set()
        if (running := self._running) is not None:
            loop, task = running
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(task.cancel)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def remove_stalled(self) -> None:
        """Remove looks whose process died: what they looked for is owed still, and the next sweep says so."""
        running, app = self._running, self._app
        if running is None or app is None:
            return  # the database is away; there is nothing to remove from
        removing = asyncio.run_coroutine_threadsafe(_remove_stalled(app), running[0])
        # A loop that ends meanwhile never answers: whoever stops this process must not wait for it.
        while not self._ending.is_set() and self._running is running:
            try:
                return removing.result(timeout=0.2)
            except TimeoutError:
                continue
            except CancelledError:
                return
        removing.cancel()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                asyncio.run(self._serve())
            except Exception:
                log.exception("the queue was cut off and begins again")
            except asyncio.CancelledError:
                return
            self._ending.wait(SECONDS_TO_RETRY)

    async def _serve(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running = asyncio.get_running_loop(), task
        try:
            if not self._ending.is_set():
                await self._lanes()
        finally:
            self._running = self._app = None

    async def _lanes(self) -> None:
        import procrastinate

        connector = procrastinate.PsycopgConnector(
            conninfo=self._url, min_size=1, max_size=MOST_CONNECTIONS, timeout=10, name="queue"
        )
        app = procrastinate.App(connector=connector)
        for name, look in self._looks.items():
            app.task(name=_task(name), queue=name)(look)
        async with app.open_async():
            self._app = app
            lanes = [
                asyncio.create_task(
                    app.run_worker_async(
                        queues=[name],
                        name=name,
                        concurrency=1,  # one lane a process: a crash repeats at most one mail
                        install_signal_handlers=False,
                        delete_jobs="always",
                    )
                )
                for name in self._looks
            ]
            try:
                await asyncio.wait(lanes, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for lane in lanes:
                    lane.cancel()  # asks it to end; what it is doing is finished first
                ended = await asyncio.gather(*lanes, return_exceptions=True)
                self._app = None
            for outcome in ended:
                if isinstance(outcome, Exception):
                    raise outcome


async def _remove_stalled(app: App) -> None:
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Status

    for job in await app.job_manager.get_stalled_jobs():
        try:
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
        except ConnectorException:
            log.debug("another process removed it first", job=job.id)
