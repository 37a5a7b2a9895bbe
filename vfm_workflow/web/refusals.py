"""What was refused is logged, once for whatever refused it: a page, a guard, a limit, or the armour before them."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vfm_workflow.logs import log

REFUSED = frozenset({400, 401, 403, 410, 413, 414, 429, 431})
HIDDEN = 404
"""A refusal where somebody is signed in: a page that is none of their business answers as if it were not there."""


class Refusals:
    """Writes a line for each answer that refuses: status, page, who was signed in, and the computer that asked.

    A page is named by its pattern, `/d/{token}`, never by the address that was asked for: that may hold a token, or line
    breaks meant to forge a log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note(scope, message["status"])
            await send(message)

        await self.app(scope, receive, watched)


def _note(scope: Scope, status: int) -> None:
    who = scope.get("state", {}).get("who")
    if status in REFUSED or (status == HIDDEN and who is not None):
        route, client = scope.get("route"), scope.get("client")
        log.warning(
            "refused",
            status=status,
            method=scope["method"] if scope["method"].isalpha() else "?",
            page=getattr(route, "path", "none of ours"),
            who=f"person {who}" if who is not None else "nobody signed in",
            computer=client[0] if client else "",
        )
