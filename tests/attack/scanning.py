"""What a mail gateway does with a link in a real browser."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Error, Page

BUTTONS = "main button, main input[type=submit], main summary"
MOST_LINKS = 12
"""Links that a scanner follows from a page."""


def press_everything(page: Page, address: str) -> int:
    """Do as a mail gateway does: run scripts, wait, press every button, follow every link. Return how many were pressed."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    here, pressed = page.url, 0
    for number in range(page.locator(BUTTONS).count()):
        page.goto(here)
        pressed += press(page, number)
        for again in range(page.locator(BUTTONS).count()):  # and what stands on the page that came back
            pressed += press(page, again)
    page.goto(here)
    page.evaluate("Array.from(document.forms).forEach(form => form.submit())")
    page.wait_for_load_state("networkidle")
    page.goto(here)
    hrefs = page.locator("a[href]").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    for href in dict.fromkeys(hrefs[:MOST_LINKS]):
        if urlsplit(urljoin(here, href)).netloc == urlsplit(here).netloc:
            follow(page, urljoin(here, href))
    return pressed


def follow(page: Page, address: str) -> None:
    """Open a link; a document comes as a download, which is no page and for Playwright a failure to open one."""
    try:
        page.goto(address)
    except Error as error:
        if "Download is starting" not in str(error):
            raise


def press(page: Page, number: int) -> int:
    button = page.locator(BUTTONS).nth(number)
    if not button.count() or not button.is_visible():
        return 0
    button.click()
    page.wait_for_load_state("networkidle")
    return 1
