"""What keeps running: the server with its clock, the worker, and how a demo begins."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.cli.conftest import Shell, Vfm
from tests.people import Council
from vfm_workflow import logs
from vfm_workflow.demo import seed


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@pytest.fixture
def waiting(council: Council, shell: Shell) -> Council:
    """A council whose sign-in mail waits to be delivered, at whatever hour the test runs."""
    from vfm_workflow.journeys import signin

    with council.app.write() as session:
        signin.ask(session, council.home, "chief@wrenfold.example", council.at)
    shell.env["VFM_DATA"] = str(council.app.loaded.data)
    return council


def until(process: subprocess.Popen[str], true: Callable[[], bool]) -> None:
    """Wait until something is true, as long as the process lives."""
    end = time.monotonic() + 60
    while not true():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            pytest.fail(f"it did not come true: {process.communicate()}")
        time.sleep(0.1)


def stop(process: subprocess.Popen[str]) -> str:
    """End a process as a service manager does; return what it said on stderr."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
    return said


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/sign-in")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_the_worker_delivers_and_ends_when_told(waiting: Council, shell: Shell) -> None:
    with shell.start("worker") as process:
        until(process, lambda: [mail.state for mail in waiting.mails()] == ["sent"])
        said = stop(process)
    assert process.returncode == 0
    assert "does not leave this machine" in said
    assert "delivered" in said


def test_one_process_serves_pages_and_delivers(waiting: Council, shell: Shell, port: int) -> None:
    with shell.start("serve", "--port", port) as process:
        until(process, lambda: answers(port))
        until(process, lambda: [mail.state for mail in waiting.mails()] == ["sent"])
        said = stop(process)
    assert f"Set VFM_BASE_URL=http://127.0.0.1:{port}" in said


def test_a_replica_for_pages_alone_delivers_nothing(waiting: Council, shell: Shell, port: int) -> None:
    with shell.start("serve", "--web-only", "--port", port) as process:
        until(process, lambda: answers(port))
        time.sleep(1)
        stop(process)
    assert [mail.state for mail in waiting.mails()] == ["waiting"]


def test_a_home_that_is_wrong_stops_the_server_with_its_reasons(
    shell: Shell, port: int, tmp_path: Path
) -> None:
    shell.run("init", "home")
    calendar = tmp_path / "home" / "config" / "calendar.yaml"
    calendar.write_text(calendar.read_text().replace("Europe/London", "Europe/Londinium"))
    shell.env["VFM_HOME"] = "home"
    refused = shell.run("serve", "--port", port, code=1)
    assert "calendar.yaml:" in refused.stderr


def test_a_port_in_use_is_said_before_anything_is_done(vfm: Vfm, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = taken.getsockname()[1]
        for command in (["serve"], ["demo", "--dir", str(tmp_path / "demo")]):
            refused = vfm.run(*command, "--port", busy, code=1)
            assert f"127.0.0.1:{busy} cannot be listened on" in refused.stderr
    assert not (tmp_path / "demo").exists()
    vfm.run("serve", "--port", "70000", code=2)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Note how the seeder and the server would be started, and start neither."""
    seen: dict[str, Any] = {}

    def prepare(directory: Path, base_url: str, progress: seed.Progress, *, fresh: bool) -> seed.Prepared:
        progress("October 2026", 300, 330)
        seen["seeded"], seen["fresh"] = (directory, base_url), fresh
        return seed.Prepared("seeded" if fresh else "kept", 12.0)

    def run(app: str, **options: Any) -> None:
        seen["served"] = (app, options)
        seen["settings"] = {name: value for name, value in os.environ.items() if name.startswith("VFM_")}

    monkeypatch.setattr(seed, "prepare", prepare)
    monkeypatch.setattr(uvicorn, "run", run)
    monkeypatch.setattr(logs, "configure", lambda: None)
    return seen


def test_a_demo_uses_no_setting_of_the_council_it_stands_beside(
    vfm: Vfm, tmp_path: Path, port: int, started: dict[str, Any]
) -> None:
    vfm.env.update(
        VFM_DATABASE_URL="postgresql+psycopg://vfm@db/real",
        VFM_MAIL_URL="smtps://relay.example",
        VFM_HOME="/x",
    )
    done = vfm.run("demo", "--dir", tmp_path / "demo", "--port", port)
    address = f"http://127.0.0.1:{port}"
    assert started["seeded"] == (tmp_path / "demo", address)
    assert started["settings"] == {"VFM_DATA": str(tmp_path / "demo"), "VFM_BASE_URL": address}
    assert "VFM_MAIL_URL" in done.stderr
    assert f"{address}/demo" in done.stderr
    assert "October 2026 (300 of 330 days)" in done.stderr
    assert done.stdout == ""


def test_a_demo_is_kept_unless_it_is_to_start_over(
    vfm: Vfm, tmp_path: Path, port: int, started: dict[str, Any]
) -> None:
    kept = vfm.run("demo", "--dir", tmp_path / "demo", "--port", port)
    assert started.pop("fresh") is False
    assert "It is as you left it; --fresh starts over." in kept.stderr
    made = vfm.run("demo", "--dir", tmp_path / "demo", "--port", port, "--fresh")
    assert started.pop("fresh") is True
    assert "It was made in 12 seconds." in made.stderr


def test_a_demo_is_not_poured_into_a_councils_own_data(vfm: Vfm, council: Council, port: int) -> None:
    council.create()
    refused = vfm.run("demo", "--dir", council.app.loaded.data, "--port", port, code=1)
    assert "no demo's" in refused.stderr
    assert [project["reference"] for project in vfm.json("project", "list")] == ["VFM-0001"]


def test_decision_links_stay_out_of_the_access_log(vfm: Vfm, port: int, started: dict[str, Any]) -> None:
    vfm.run("serve", "--port", port)
    app, options = started["served"]
    assert app == "vfm_workflow.web.app:from_environment"
    assert options["access_log"] is False
    vfm.run("serve", "--web-only", "--port", port)
    assert started["served"][0] == "vfm_workflow.web.app:web_only_from_environment"
