"""The evaluation report as a browser shows it: on a desk, on a phone, in the dark, on paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from mrsift.cli.main import main
from mrsift.evaluate.predictions import write_predictions
from tests.browser.test_report import CONTRASTS, READABLE_CONTRAST, SCREENS
from tests.simulated_predictions import simulated_predictions


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluation")
    write_predictions(simulated_predictions(60, difficulty=3.0), folder / "p.parquet")
    arguments = ["evaluate", str(folder / "p.parquet"), "--out", str(folder / "report")]
    assert main([*arguments, "--draws", "20"]) == 0
    return folder / "report" / "index.html"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test for every error in its console and every request it makes."""
    opened = browser.new_page()
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            None if request.url.startswith(("file:", "data:")) else troubles.append(request.url)
        ),
    )
    yield opened
    opened.close()
    assert troubles == []


@pytest.mark.parametrize("width", SCREENS.values(), ids=SCREENS)
def test_nothing_but_tables_is_wider_than_the_screen(
    page: Page, report_file: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(report_file.as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    outside = page.evaluate(
        "width => [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() &&"
        " !e.closest('.scroll table, svg') && e.getBoundingClientRect().right > width + 1)"
        ".map(e => e.outerHTML.slice(0, 90))",
        width,
    )
    assert outside == []


def test_table_1_fits_a_desk(page: Page, report_file: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(report_file.as_uri())
    too_wide = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".map(e => e.getAttribute('aria-label'))"
    )
    assert too_wide == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(browser: Browser, report_file: Path, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(report_file.as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    contrasts = [found for found in page.evaluate(CONTRASTS) if isinstance(found[1], str)]
    inks = page.evaluate(
        "[...new Set([...document.querySelectorAll('svg text')]"
        ".map(t => getComputedStyle(t).fill))]"
    )
    page.close()
    assert len(contrasts) > 300
    assert [found for found in contrasts if found[0] < READABLE_CONTRAST] == []
    ink = "rgb(232, 234, 237)" if scheme == "dark" else "rgb(22, 25, 29)"
    assert ink in inks  # figures take the colours of the page


def test_paper_shows_what_a_click_would(page: Page, report_file: Path) -> None:
    page.goto(report_file.as_uri())
    page.emulate_media(media="print")
    heights = page.evaluate(
        "[...document.querySelectorAll('details table')].map(t => t.getBoundingClientRect().height)"
    )
    assert len(heights) >= 3
    assert min(heights) > 50
