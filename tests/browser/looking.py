"""Looking at a page as a careful reader would: no accident of width, no error in the console, nothing for axe to find."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Page

from tests.browser.conftest import Served

OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(served: Served, key: str, path: str, width: int, *, status: int = 200) -> list[str]:
    """Return what is wrong with a page at a width, as somebody (a key of the council's people, or nobody) sees it."""
    context = served.window(key, width) if key else served.look(width=width)
    page = context.new_page()
    said: list[str] = []
    page.on(
        "console",
        lambda message: said.append(f"console: {message.text}") if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: said.append(f"script: {error}"))
    try:
        answer = page.goto(path)
        assert answer is not None
        if answer.status != status:
            return [f"answered {answer.status} instead of {status}"]
        # The browser itself notes every answer that is an error; that one was wanted.
        found = [line for line in said if status < 400 or "status of" not in line]
        return [*found, *_looks(page)]
    finally:
        page.close()
        if not key:
            context.close()


def _looks(page: Page) -> list[str]:
    found = []
    page.evaluate(OPEN_ALL)
    if page.evaluate(TOO_WIDE):
        found.append("scrolls from side to side")
    if page.locator("h1").count() != 1:
        found.append(f"{page.locator('h1').count()} first-level headings")
    results = Axe().run(page, options={"runOnly": STANDARDS})
    for violation in results.response["violations"]:
        targets = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
        found.append(f"{violation['id']}: {violation['help']}: {targets}")
    return found
