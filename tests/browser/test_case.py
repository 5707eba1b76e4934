"""The page about a patient as a browser shows it: on a desk, on a phone, in the dark."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mrsift.classify.case import Asked, Case
from mrsift.classify.case_page import case_html
from mrsift.classify.ensemble import Merged
from mrsift.config import StudyTrainingSettings
from mrsift.evaluate.intervals import Estimate
from mrsift.models.local_votes import LocalVotes
from mrsift.models.saliency import Saliency, SanityCheck
from tests.browser.test_report import CONTRASTS, READABLE_CONTRAST, SCREENS

SHAPE = (12, 24, 24)


def a_case() -> Case:
    """A patient with everything that a page can show."""
    rng = np.random.default_rng(0)
    maps = rng.random((3, *SHAPE)).astype(np.float32)
    attention = rng.dirichlet(np.ones(SHAPE[0]), size=3)
    return Case(
        patient="a-patient-with-a-name-that-is-rather-long-00001",
        question="MGMT_value",
        labels=("0", "1"),
        truth="1",
        study=StudyTrainingSettings(
            unit="bag", aggregate="attention", slices_seen=8, mc_dropout=20, tta=True
        ),
        asked=Asked(3, 15, 0, True),
        merged=Merged(np.array([0.4, 0.6]), np.array([0.45, 0.55]), np.array([True, True]), 0.03),
        calibrated=True,
        draws=rng.normal(0.6, 0.03, 120),
        roles=("flair", "t1w", "t1w_ce", "t2w"),
        seen=("flair", "t1w_ce"),
        voxels=rng.normal(size=(4, *SHAPE)).astype(np.float32),
        spacing_mm=(5.0, 1.0, 1.0),
        places=tuple(range(SHAPE[0])),
        slices=rng.random((3, SHAPE[0])),
        saliency=Saliency(maps[0], (12, 2, 2)),
        check=SanityCheck(
            ("head", "stage 4", "stage 3", "stage 2", "stage 1", "stem"),
            (0.6, 0.4, 0.3, None, -0.1, 0.04),
        ),
        votes=LocalVotes(maps[1], maps[2], (12, 2, 2), attention, attention, 60),
        without=(("flair", 0.1), ("t1w_ce", -0.05)),
        ranking=Estimate(0.54, 0.49, 0.59, None, 582, 582, "delong"),
        remarks=("t2w: is not in the cohort",),
    )


@pytest.fixture(scope="module")
def case_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("case") / "case.html"
    file.write_text(case_html(a_case(), "run"), "utf-8")
    return file


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
    page: Page, case_file: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(case_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    outside = page.evaluate(
        "width => [...document.querySelectorAll('body *')].filter(e =>"
        " !e.closest('.scroll table, svg') && e.getBoundingClientRect().right > width + 1)"
        ".map(e => e.outerHTML.slice(0, 90))",
        width,
    )
    assert outside == []


def test_every_picture_is_drawn_in_its_shape(page: Page, case_file: Path) -> None:
    page.goto(case_file.as_uri())
    shapes = page.evaluate(
        "[...document.images].map(i => [i.complete && i.naturalWidth > 0,"
        " i.naturalWidth / i.naturalHeight, i.clientWidth / i.clientHeight])"
    )
    assert len(shapes) == 6 * 4 + 6 * 3 + 3
    assert all(drawn for drawn, _, _ in shapes)
    assert all(abs(own - shown) < 0.06 * own for _, own, shown in shapes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(page: Page, case_file: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(case_file.as_uri())
    contrasts = [found for found in page.evaluate(CONTRASTS) if isinstance(found[1], str)]
    assert len(contrasts) > 60
    assert [found for found in contrasts if found[0] < READABLE_CONTRAST] == []
