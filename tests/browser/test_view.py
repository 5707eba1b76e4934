"""The reader's view as a browser shows it, served by the command itself."""

import csv
import io
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from mrsift.infer.identify import identify
from tests.browser.test_report import CONTRASTS, READABLE_CONTRAST
from tests.mr_series import T1_GRADIENT_ECHO, T2_SPIN_ECHO, write_series
from tests.ordinary_user import MRSIFT

SLOW_MS = 60_000


@dataclass
class Served:
    """A running `mrsift view`."""

    folder: Path
    address: str
    process: subprocess.Popen[str]


def serve(folder: Path, *options: str | Path) -> Served:
    command = [str(part) for part in (MRSIFT, "view", folder, *options)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("Open http://127.0.0.1:"):
        process.kill()
        pytest.fail(f"no address: {line!r} {process.communicate()[1]}")
    return Served(folder, line.split()[1], process)


def end(running: Served) -> list[str]:
    """Ctrl-C; what was told on standard error."""
    running.process.send_signal(signal.SIGINT)
    out, told = running.process.communicate(timeout=20)
    assert running.process.returncode == 0
    assert out == ""
    return told.splitlines()


def write_study(folder: Path) -> Path:
    """Two T2-weighted series of different grids, a T1-weighted one that lies elsewhere."""
    write_series(folder, 1, slices=6, SeriesDescription="t2_tse_tra", **T2_SPIN_ECHO)
    fat_saturated = T2_SPIN_ECHO | {"ScanOptions": "FS", "PixelSpacing": [2.0, 2.0]}
    write_series(folder, 2, slices=5, SeriesDescription="t2_fs_tra", **fat_saturated)
    elsewhere = T1_GRADIENT_ECHO | {"FrameOfReferenceUID": "1.2.3", "BodyPartExamined": "HEAD"}
    write_series(folder, 3, slices=6, SeriesDescription="t1_fl3d", **elsewhere)
    write_series(folder, 4, slices=6, SeriesDescription="t1_gone", **elsewhere)
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = write_study(tmp_path_factory.mktemp("view") / "exam")
    running = serve(folder, "--evidence", "header", "--profile", "prostate")
    yield running
    assert end(running) == [
        "mrsift: whoever has this address can see the images while this runs; Ctrl-C ends it"
    ]


def watched(browser: Browser, served: Served, **options: object) -> tuple[Page, list[str]]:
    """A page, and a list of every error in its console and every request to elsewhere."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, **options)
    page.set_default_timeout(SLOW_MS)
    troubles: list[str] = []
    here = served.address.partition("?")[0]
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((here, "data:")) else troubles.append(request.url)
        ),
    )
    page.goto(served.address)
    return page, troubles


@pytest.fixture
def page(drawing_browser: Browser, served: Served) -> Iterator[Page]:
    (served.folder / "mrsift-corrections.csv").unlink(missing_ok=True)
    page, troubles = watched(drawing_browser, served)
    drawn(page)
    yield page
    page.close()
    assert troubles == []


def shown(page: Page) -> Locator:
    return page.locator(".panel:not([hidden])")


def drawn(page: Page) -> None:
    """Waits until every panel shows its volume."""
    expect(shown(page).first).to_be_visible(timeout=SLOW_MS)
    for panel in shown(page).all():
        expect(panel.locator(".count")).to_have_text(re.compile(r"\d+/\d+"), timeout=SLOW_MS)
    expect(page.locator(".panel.busy")).to_have_count(0, timeout=SLOW_MS)


def picture(panel: Locator) -> np.ndarray:
    png = panel.locator("canvas").screenshot()
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def colour(panel: Locator) -> float:
    """How far from grey a panel is on average, 0 to 255."""
    seen = picture(panel)
    return float(np.ptp(seen, axis=2).mean())


def corrections(served: Served) -> dict[str, str]:
    table = served.folder / "mrsift-corrections.csv"
    if not table.exists():
        return {}
    with table.open(encoding="utf-8-sig", newline="") as file:
        return {row["volume_id"]: row["label"] for row in csv.DictReader(file)}


def test_the_volumes_of_the_roles_stand_side_by_side(page: Page) -> None:
    assert page.title() == "mrsift view"
    assert "key" not in page.url
    assert shown(page).locator(".rolename").all_inner_texts() == ["t2w_axial", "t2w_fs"]
    for panel in shown(page).all():
        grey = picture(panel).max(axis=2)
        assert np.percentile(grey, 99) > 120
        assert np.percentile(grey, 5) < 60
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


def test_slices_and_the_cursor_are_linked_in_millimetres(page: Page) -> None:
    first, second = shown(page).all()
    before = picture(first)
    assert first.locator(".count").inner_text() == "3/6"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(first.locator(".count")).to_have_text("5/6")
    expect(second.locator(".count")).to_have_text("5/5")
    assert np.abs(picture(first) - before).mean() > 1
    box = first.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.42 * box["width"], box["y"] + 0.3 * box["height"])
    at = [panel.get_attribute("data-mm") for panel in (first, second)]
    assert at[0] == at[1]
    assert at[0] != "0.0 0.0 12.0"
    second.locator("input").press("Home")
    expect(first.locator(".count")).to_have_text("1/6")
    page.keyboard.press("PageDown")
    expect(first.locator(".count")).to_have_text("6/6")
    expect(second.locator(".where")).to_have_text("cursor is outside this volume")


def test_a_volume_of_another_frame_of_reference_keeps_its_own_cursor(page: Page) -> None:
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="t1_fl3d").click()
    drawn(page)
    assert shown(page).count() == 1
    expect(shown(page).locator(".count")).to_have_text("3/6")
    page.get_by_role("button", name="2 t2_fs_tra").click()
    drawn(page)
    expect(shown(page).locator(".count")).to_have_text("5/5")


def test_planes_and_wheel(page: Page) -> None:
    page.keyboard.press("r")
    drawn(page)
    panel = shown(page)
    assert panel.count() == 1
    one_plane = picture(panel)
    page.keyboard.press("p")
    expect(page.locator("#planes")).to_have_attribute("aria-pressed", "true")
    assert np.abs(picture(panel) - one_plane).mean() > 1
    page.keyboard.press("p")
    panel.locator("canvas").hover()
    page.mouse.wheel(0, 100)
    expect(panel.locator(".count")).not_to_have_text("3/6")


def test_a_key_corrects_a_label_and_another_takes_it_back(page: Page, served: Served) -> None:
    page.keyboard.press("5")
    expect(page.locator("#said")).to_have_text("ADC, kept in mrsift-corrections.csv")
    (volume_id,) = corrections(served)
    assert corrections(served) == {volume_id: "ADC"}
    expect(page.locator(".role-list .pick").first).to_contain_text("adc")
    expect(page.locator(".item.by-hand .sure")).to_have_text("✓ by hand")
    expect(page.locator(".story:visible .state")).to_contain_text("corrected, was T2W")
    page.reload()
    drawn(page)
    expect(page.locator(".item.by-hand")).to_have_count(1)
    (study,) = identify([served.folder]).studies
    assert [one.label for one in study.predictions if one.correction] == ["ADC"]
    page.keyboard.press("z")
    expect(page.locator("#said")).to_have_text("Taken back: T2W again")
    assert corrections(served) == {}
    expect(page.locator(".item.by-hand")).to_have_count(0)


def test_enter_confirms_and_n_goes_on(page: Page, served: Served) -> None:
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("T2W, kept in mrsift-corrections.csv")
    assert list(corrections(served).values()) == ["T2W"]
    expect(page.locator(".story:visible .state")).to_contain_text("confirmed")
    page.keyboard.press("n")
    expect(page.locator(".story:visible h3")).to_contain_text("t2_fs_tra")
    page.keyboard.press("z")
    expect(page.locator("#said")).to_have_text("Taken back: T2W again")


def test_a_volume_that_went_away_is_told_in_its_panel(
    drawing_browser: Browser, served: Served
) -> None:
    page, troubles = watched(drawing_browser, served)
    drawn(page)
    for file in served.folder.glob("04-*.dcm"):
        file.unlink()
    page.get_by_role("button", name="t1_gone").click()
    expect(shown(page).locator(".trouble")).to_contain_text("cannot be read", timeout=SLOW_MS)
    page.get_by_role("button", name="t1_fl3d").click()
    drawn(page)
    expect(shown(page).locator(".trouble")).to_be_hidden()
    page.close()
    assert len(troubles) == 1  # the browser's own line about the refusal
    assert "422" in troubles[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_tablet(drawing_browser: Browser, served: Served, scheme: str) -> None:
    page, troubles = watched(drawing_browser, served, color_scheme=scheme)
    page.set_viewport_size({"width": 768, "height": 1024})
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 768
    canvas = shown(page).first.locator("canvas").bounding_box()
    assert canvas is not None
    assert canvas["height"] > 200
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 60
    assert [found for found in contrasts if found[0] < READABLE_CONTRAST] == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(","))) < 3 * 128) == (scheme == "dark")
    page.close()
    assert troubles == []


def test_saliency_is_laid_over_and_explained(
    drawing_browser: Browser, tmp_path: Path, tiny_bundle: Path
) -> None:
    running = serve(write_study(tmp_path / "exam"), "--model", tiny_bundle, "--profile", "all")
    page, troubles = watched(drawing_browser, running)
    drawn(page)
    assert colour(shown(page)) < 4  # the cursor and the letters alone
    page.keyboard.press("s")
    expect(page.locator("#words")).to_contain_text("Occlusion: how the network's", timeout=SLOW_MS)
    expect(page.locator("#words")).to_contain_text("405 blocks")
    assert colour(shown(page)) > 8
    page.keyboard.press("s")
    expect(page.locator("#words")).to_have_text("")
    assert colour(shown(page)) < 4
    page.keyboard.press("ArrowRight")
    drawn(page)
    page.keyboard.press("s")
    expect(page.locator("#words")).to_contain_text("Asking the network")
    assert len(end(running)) == 1  # Ctrl-C while a map is being worked out: no traceback
    page.close()
    assert [words for words in troubles if "422" not in words] == []
