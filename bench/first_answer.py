"""Our application from nothing to its first answer, as `vfm serve` starts it, without a server before it.

The page is asked for by a plain ASGI call: the peer's program asks through Django's own client, which is in the process and
light, and a client that costs a third of what it measures would measure itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from vfm_workflow import collector

PATH = "/sign-in"


Message = MutableMapping[str, Any]


async def _serve(app: Any, path: str) -> int:
    """Begin the application's life as a server does, ask it for a page, end its life; return the status of the answer."""
    up = asyncio.Event()
    told: asyncio.Queue[Message] = asyncio.Queue()

    async def said(_: Message) -> None:
        up.set()

    life = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, told.get, said))
    await told.put({"type": "lifespan.startup"})
    await up.wait()
    status = await _ask(app, path)
    await told.put({"type": "lifespan.shutdown"})
    await life
    return status


async def _ask(app: Any, path: str) -> int:
    """Return the status of the application's answer to a browser that asks for a page."""
    answered: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        answered.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8000),
    }
    await app(scope, receive, send)
    return int(answered[0]["status"])


def start(path: str) -> int:
    """Start and ask once; return the status of the answer."""
    collector.pause()
    from vfm_workflow.web.app import web_only_from_environment

    return asyncio.run(_serve(web_only_from_environment(), path))


def main() -> None:
    """Start and ask once. Raises SystemExit for any answer but 200."""
    if (status := start(PATH)) != 200:
        raise SystemExit(f"the page answered {status}")


if __name__ == "__main__":
    main()
