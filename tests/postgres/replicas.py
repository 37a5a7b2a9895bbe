"""Real processes of one council: web and workers, over one database, with a real mail server that counts."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.documentation import ROOT
from tests.people import Council
from vfm_workflow.store.tables import OutboxMail

VFM = "import sys; from vfm_workflow.cli import main; sys.exit(main())"


def until(true: Callable[[], bool], what: str, seconds: float = 40) -> None:
    """Wait until something is true. `what` is said where it does not become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


@dataclass
class MailServer:
    """Takes every mail, after a moment, and keeps its bytes by Message-ID in the order of arrival."""

    pause: float
    taken: dict[str, list[bytes]] = field(default_factory=dict)
    locked: threading.Lock = field(default_factory=threading.Lock)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.pause)
        assert isinstance(envelope.original_content, bytes)
        head = envelope.original_content.partition(b"\r\n\r\n")[0].decode()
        message_id = next(
            line.partition(":")[2].strip()
            for line in head.splitlines()
            if line.lower().startswith("message-id")
        )
        with self.locked:
            self.taken.setdefault(message_id, []).append(envelope.original_content)
        return "250 2.0.0 Ok"

    @property
    def count(self) -> int:
        """How many mails have arrived."""
        with self.locked:
            return sum(map(len, self.taken.values()))

    def repeats(self) -> Counter[str]:
        """Return Message-ID → how often it came, of those that came more than once. A repeat has the same bytes."""
        with self.locked:
            for copies in self.taken.values():
                assert len(set(copies)) == 1
            return Counter({name: len(copies) for name, copies in self.taken.items() if len(copies) > 1})


@contextmanager
def mail_server(pause: float) -> Iterator[tuple[MailServer, str]]:
    """Yield (a running mail server, its VFM_MAIL_URL)."""
    taker = MailServer(pause)
    controller = Controller(taker, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield taker, f"smtp://127.0.0.1:{controller.port}?tls=none"
    finally:
        controller.stop()


def put(council: Council, count: int) -> None:
    """Put mails into the outbox that may leave now, and call nobody: they are for the sweep to find."""
    with council.app.write() as session:
        for n in range(count):
            message_id = f"<{n}@wrenfold.example>"
            session.add(
                OutboxMail(
                    message_id=message_id,
                    notice="digest",
                    why="you manage the project",
                    sender="vfm@wrenfold.example",
                    to="manager@wrenfold.example",
                    subject=f"Mail {n}",
                    data=f"Subject: Mail {n}\r\nMessage-ID: {message_id}\r\n\r\nText {n}\r\n".encode(),
                    created_at=council.at,
                    not_before=council.at,
                    next_try=council.at,
                )
            )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@dataclass
class Process:
    """One `vfm` process. Its log is in a file, so that nobody has to read it for it to go on."""

    popen: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """End it as a power cut does."""
        self.popen.kill()
        self.popen.wait(30)

    def stop(self) -> float:
        """End it as a service manager does; return the seconds it took."""
        began = time.monotonic()
        self.popen.send_signal(signal.SIGTERM)
        # uvicorn, once it has stopped, ends by the signal it was sent
        assert self.popen.wait(30) in (0, -signal.SIGTERM if self.port else 0), self.said()
        return time.monotonic() - began

    def answers(self, path: str = "/sign-in") -> bool:
        """Return whether a page is served."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def post(self, path: str, **form: str) -> int:
        """Send a form; return the status."""
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", data=form, timeout=30).status_code


class Machines:
    """Starts processes of a council; all are ended with the test."""

    def __init__(self, council: Council, folder: Path, mail_url: str, **settings: str) -> None:
        council.app.set_demo_now(council.at)  # one clock for all, which the test moves
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VFM_")}
        self._env = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "VFM_DATA": str(council.app.loaded.data),
            "VFM_DATABASE_URL": council.app.database.url,
            "VFM_MAIL_URL": mail_url,
            **settings,
        }
        self._folder = folder
        self.all: list[Process] = []

    def start(self, *command: str, port: int = 0) -> Process:
        """Start `vfm` with a command."""
        log = self._folder / f"process-{len(self.all)}.log"
        with log.open("wb") as written:
            popen = subprocess.Popen(
                [sys.executable, "-c", VFM, *command],
                cwd=self._folder,
                env=self._env,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        process = Process(popen, log, port)
        self.all.append(process)
        return process

    def worker(self) -> Process:
        """Start a worker."""
        return self.start("worker")

    def web(self) -> Process:
        """Start a process for pages alone."""
        port = free_port()
        return self.start("serve", "--web-only", "--port", str(port), port=port)

    def everything(self) -> Process:
        """Start a process for pages, clock and delivery."""
        port = free_port()
        return self.start("serve", "--port", str(port), port=port)

    def end(self) -> None:
        """Kill whatever runs still."""
        for process in self.all:
            if process.popen.poll() is None:
                process.kill()
