"""`vfm demo`, `serve` and `worker`: what keeps running."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from vfm_workflow.cli.options import council
from vfm_workflow.cli.output import note

WEB = "vfm_workflow.web.app"
"""Named, not imported: the pages' libraries are loaded by the server alone."""
HERE = "127.0.0.1"
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")]


def demo(
    port: Port = 8000,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="D", file_okay=False, help="Where the demo's data live.")
    ] = Path("var/demo"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over: forget what was done in the demo before.")
    ] = False,
) -> None:
    """Start a demo council, with a mailbox and a clock at /demo.

    No mail leaves this machine, and no setting of the environment is used.
    """
    _refuse_busy(HERE, port)
    address = f"http://{HERE}:{port}"
    _only(VFM_DATA=str(directory), VFM_BASE_URL=address)
    _prepare(directory, address, fresh)
    note(f"\n  Pages:              {address}\n  Mailbox and clock:  {address}/demo\n\nEnd it with Ctrl+C.\n")
    _run(f"{WEB}:from_environment", HERE, port)


def _prepare(directory: Path, address: str, fresh: bool) -> None:
    """Make the demo's data, with its progress on stderr: a bar at a terminal, a line a step elsewhere."""
    import sys

    from vfm_workflow import collector
    from vfm_workflow.demo import seed

    collector.resume()  # a year is lived through here, which is no start

    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Preparing the demo council")
            done = seed.prepare(
                directory,
                address,
                lambda what, n, of: bar.update(task, description=what, completed=n, total=of),
                fresh=fresh,
            )
    else:
        done = seed.prepare(
            directory,
            address,
            lambda what, n, of: note(f"{what} ({n} of {of} days)" if of else f"{what} …"),
            fresh=fresh,
        )
    said = {
        "seeded": f"It was made in {done.seconds:.0f} seconds",
        "cached": "It was copied from the one made before",
        "kept": "It is as you left it; --fresh starts over",
    }[done.how]
    note(f"The demo council stands in {directory}. {said}.")


def _only(**given: str) -> None:
    """Make `given` the only settings: a demo must not write to a council's database, nor send mail."""
    from vfm_workflow.settings import PREFIX, Settings

    put_aside = [
        name for name in (PREFIX + field.upper() for field in Settings.model_fields) if name in os.environ
    ]
    for name in put_aside:
        del os.environ[name]
    os.environ.update(given)
    if put_aside:
        note(f"Put aside for the demo: {', '.join(put_aside)}.")


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = HERE,
    port: Port = 8000,
    web_only: Annotated[
        bool, typer.Option("--web-only", help="Pages alone, for replicas beside a `vfm worker`.")
    ] = False,
) -> None:
    """Serve the pages, run the clock and deliver mail, in one process."""
    from vfm_workflow import settings

    loaded = settings.load()
    _refuse_busy(host, port)
    if not web_only:
        _say_where_mail_goes(loaded.mail_url, demo=(loaded.data / "demo-clock.json").is_file())
    _say_where_links_lead(loaded.settings.base_url, port)
    note(f"{loaded.settings.council_name}: {loaded.settings.base_url} (listening on {host}:{port})")
    _run(f"{WEB}:web_only_from_environment" if web_only else f"{WEB}:from_environment", host, port)


def worker() -> None:
    """Run the clock and deliver mail, without pages."""
    import signal
    import threading

    from vfm_workflow.clock import Clock

    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    with council() as app:
        _say_where_mail_goes(app.loaded.mail_url, demo=app.is_demo)
        clock = Clock(app)
        clock.start()
        note("The clock runs. End it with Ctrl+C.")
        end.wait()
        note("Ending: the mail being sent is finished first.")
        clock.stop()


def _say_where_mail_goes(mail_url: str, *, demo: bool) -> None:
    if mail_url.startswith("folder:") and not demo:
        note(f"Mail goes to {mail_url} and does not leave this machine. Set VFM_MAIL_URL to send it.")


def _say_where_links_lead(base_url: str, port: int) -> None:
    """Warn where the links of mails lead to another port of this very machine: nobody would answer there."""
    from urllib.parse import urlsplit

    from vfm_workflow.settings import is_loopback

    parts = urlsplit(base_url)
    if is_loopback(parts.hostname or "") and (parts.port or 80) != port:
        note(
            f"The links in mails lead to {base_url}. Set VFM_BASE_URL=http://{HERE}:{port} to have them lead here."
        )


def _refuse_busy(host: str, port: int) -> None:
    """Raise NotAllowed where somebody listens on the port already, before minutes of work go into a demo."""
    import socket

    from vfm_workflow.errors import NotAllowed

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotAllowed(
            f"{host}:{port} cannot be listened on: {reason}. Say --port with another one."
        ) from error


def _run(factory: str, host: str, port: int) -> None:
    from vfm_workflow import collector

    collector.pause()  # until the application is up: see its lifespan
    import uvicorn

    # No access log: the addresses of decision links are secrets. Mail in DATA may take a while to finish.
    uvicorn.run(
        factory,
        factory=True,
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        ws="none",
        log_level="warning",
        timeout_graceful_shutdown=30,
    )
