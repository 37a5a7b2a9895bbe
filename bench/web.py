"""The list of 200 projects over HTTP, one client: the server's own CPU a request, beside raw Starlette and Django."""

from __future__ import annotations

import contextlib
import http.client
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import council, peers
from bench.timing import Row

ROUNDS, REQUESTS = 7, 60
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A server under test."""

    name: str
    process: subprocess.Popen[str]
    port: int
    path: str
    headers: dict[str, str]
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def wait(self) -> None:
        """Wait until it answers."""
        for _ in range(300):
            with contextlib.suppress(OSError):
                self.get()
                return
            time.sleep(0.1)
        raise SystemExit(f"{self.name} did not start")

    def get(self, connection: http.client.HTTPConnection | None = None) -> bytes:
        """Ask for the page once; return it. Any answer but 200 ends the benchmark."""
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", self.path, headers=self.headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{self.name} answered {answer.status}")
        return body

    def used(self) -> float:
        """Return the CPU seconds the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def round(self) -> None:
        """Ask REQUESTS times on one connection and note CPU and wall time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        before = self.used()
        for _ in range(REQUESTS):
            start = time.perf_counter()
            self.get(connection)
            self.wall.append(time.perf_counter() - start)
        self.cpu.append((self.used() - before) / REQUESTS)

    def memory(self) -> float:
        """Return its resident memory in MB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0


def _ours() -> Server:
    command = [sys.executable, "-m", "bench.web_server", str(council.scratch()), "18611"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=peers.ROOT)
    assert process.stdout is not None
    cookie = process.stdout.readline().strip()
    return Server("ours", process, 18611, "/projects?limit=200&sort=title", {"Cookie": cookie})


def _peer(name: str, app: str, port: int, path: str) -> Server:
    command = [
        peers.python(),
        "-m",
        "uvicorn",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "warning",
        "--port",
        str(port),
        app,
    ]
    process = subprocess.Popen(
        command, text=True, cwd=peers.HERE / "web", env={**os.environ, "WEB_DB": "/dev/shm/bench-web.db"}
    )
    return Server(name, process, port, path, {})


def rows() -> Iterator[Row]:
    """Yield the contract's rows for the list page and for memory."""
    servers = [_ours()]
    try:
        if peers.present():
            environment = {**os.environ, "WEB_DB": "/dev/shm/bench-web.db"}
            subprocess.run([peers.python(), "data.py"], check=True, cwd=peers.HERE / "web", env=environment)
            servers.append(_peer("raw", "raw_app:app", 18612, "/jinja"))
            servers.append(_peer("django", "dj_app:app", 18613, "/orm"))
        for server in servers:
            server.wait()
            server.round()
            server.cpu.clear()
            server.wall.clear()
        for _ in range(ROUNDS):
            for server in servers:
                server.round()
        ours, *others = servers
        for server, fail, reach in zip(others, (3.5, 0.6), (1.5, 0.4), strict=False):
            figure = statistics.median(a / b for a, b in zip(ours.cpu, server.cpu, strict=True))
            yield Row(f"page of 200 projects, CPU against {server.name}", figure, fail, reach)
        wall = sorted(ours.wall)
        yield Row("its p99 / p50, one client", wall[int(len(wall) * 0.99)] / wall[len(wall) // 2], 8, 3)
    finally:
        for server in servers:
            server.process.terminate()
            server.process.wait(20)
