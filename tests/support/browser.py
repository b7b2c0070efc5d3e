"""Opening a page in a real browser, as a reader does, who may be without any network."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# The last two are parts of the browser itself, as its viewer of PDFs.
LOCAL = ("file:", "data:", "blob:", "about:", "chrome:", "chrome-extension:")
_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


class Visit:
    """A page that is open, with what went wrong on it and what it asked a network for."""

    def __init__(self, page: Any):
        self.page = page
        self.errors: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._heard)
        page.route(lambda address: not address.startswith(LOCAL), self._refuse)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _refuse(self, route: Any) -> None:
        self.asked.append(route.request.url)
        route.abort()

    def eventually(self, read: Callable[[], object], wanted: object) -> None:
        """Expect what `read` returns to be, or to become soon, what is wanted: pages draw later."""
        for _ in range(200):
            if read() == wanted:
                return
            self.page.wait_for_timeout(50)
        assert read() == wanted

    def open(self, path: Path) -> None:
        self.page.goto(path.resolve().as_uri())

    @contextmanager
    def on_a_phone(self) -> Iterator["Visit"]:
        """Open another window of the same browser, as the screen of a phone."""
        size = {"width": 400, "height": 800}
        page = self.page.context.browser.new_page(viewport=size, has_touch=True, is_mobile=True)
        yield Visit(page)
        page.close()

    def has_ink(self, selector: str) -> bool:
        """Say whether any canvas of an element, in shadow trees too, has a pixel of a colour."""
        return self.page.locator(selector).evaluate(_HAS_INK)


# A pixel whose channels differ: neither paper nor axis.
_HAS_INK = """
(element) => {
  const canvases = (node) => [...node.querySelectorAll("*")].flatMap((each) => [
    ...(each instanceof HTMLCanvasElement ? [each] : []),
    ...(each.shadowRoot ? canvases(each.shadowRoot) : []),
  ]);
  return canvases(element).filter((each) => each.width && each.height).some((canvas) => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      const channels = [data[i], data[i + 1], data[i + 2]];
      if (data[i + 3] > 30 && Math.max(...channels) - Math.min(...channels) > 60) return true;
    }
    return false;
  });
}
"""


@contextmanager
def visit() -> Iterator[Visit]:
    """Open a browser's window, in which only local files can be read.

    A test that asks for one is skipped where there is no Chromium.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
        finally:
            browser.close()
