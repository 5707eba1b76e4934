"""The HTML report as a browser shows it: on a desk, on a phone, in the dark and on paper."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from mrsift.export.html_report import html_text
from tests.report_values import pelvis, report, volume

SCREENS = {"phone": 360, "tablet": 768, "desk": 1280}
READABLE_CONTRAST = 4.5  # WCAG 2.2, 1.4.3 (AA)

CONTRASTS = """() => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const light = rgb => {
    const [r, g, b] = rgb.slice(0, 3).map(v => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const rgb = numbers(getComputedStyle(at).backgroundColor);
      if (rgb.length === 3 || rgb[3] > 0) return rgb;
    }
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (words.nextNode()) {
    const element = words.currentNode.parentElement;
    if (!words.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([Math.round(ratio * 100) / 100, element.className, words.currentNode.textContent]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("html") / "report.html"
    path.write_text(html_text(report()), "utf-8")
    return path


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
def test_nothing_is_wider_than_the_screen(page: Page, report_file: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(report_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    outside = page.evaluate(
        "width => [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() &&"
        " e.getBoundingClientRect().right > width + 1).map(e => e.outerHTML.slice(0, 90))",
        width,
    )
    assert outside == []


def test_long_words_break_on_a_phone(page: Page, tmp_path: Path) -> None:
    first = pelvis().predictions[0]
    info = volume(1, "x" * 64, files=("y" * 200, "z" * 200), series_instance_uid="1." * 32)
    study = replace(pelvis(), path="p" * 300, predictions=(replace(first, volume=info),))
    (tmp_path / "long.html").write_text(html_text(replace(report(), studies=(study,))), "utf-8")
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto((tmp_path / "long.html").as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_all_pictures_are_shown_in_their_proportions(page: Page, report_file: Path) -> None:
    page.goto(report_file.as_uri())
    for summary in page.locator(".members summary").all():
        summary.click()
    sizes = page.evaluate(
        "[...document.images].map(i => [i.naturalWidth / i.naturalHeight, i.width / i.height])"
    )
    assert len(sizes) == 3 * 18 + 37 + 12
    for stored, shown in sizes:
        assert shown == pytest.approx(stored, rel=0.02)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(browser: Browser, report_file: Path, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(report_file.as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    contrasts = page.evaluate(CONTRASTS)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.close()
    assert len(contrasts) > 500
    assert [found for found in contrasts if found[0] < READABLE_CONTRAST] == []
    assert (sum(map(int, paper[4:-1].split(","))) < 3 * 128) == (scheme == "dark")


def test_the_table_leads_to_the_card(page: Page, report_file: Path) -> None:
    page.goto(report_file.as_uri())
    page.get_by_role("link", name="ep2d_diff_tra_DYNDIST_ADC").click()
    card = page.locator("article:target")
    assert "ADC" in card.locator(".answer").inner_text()
    box = card.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 400


def test_a_conflict_stands_out(page: Page, report_file: Path) -> None:
    page.goto(report_file.as_uri())
    card = page.locator("article.in-conflict")
    assert card.count() == 1
    assert "header says T2W (0.88)" in card.inner_text()
    borders = page.evaluate(
        "[...document.querySelectorAll('article')].map(a => getComputedStyle(a).borderLeftColor)"
    )
    assert len(set(borders)) == 2


def test_scripts_in_a_header_do_not_run(page: Page, tmp_path: Path) -> None:
    first = pelvis().predictions[0]
    nasty = "<img src=x onerror=document.title='run'><script>document.title='run'</script>"
    study = replace(pelvis(), predictions=(replace(first, volume=volume(1, nasty)),))
    (tmp_path / "nasty.html").write_text(html_text(replace(report(), studies=(study,))), "utf-8")
    page.goto((tmp_path / "nasty.html").as_uri())
    assert page.title() == "mrsift report"
    assert page.locator("h3").inner_text().count("<script>") == 1


def test_it_prints_on_light_paper_without_cutting_a_card(
    browser: Browser, report_file: Path
) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(report_file.as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    rules = page.evaluate(
        "[...document.querySelectorAll('article')].map(a => getComputedStyle(a).breakInside)"
    )
    assert set(rules) == {"avoid"}
    pdf = page.pdf(format="A4")
    page.close()
    assert pdf.startswith(b"%PDF")
    assert 3 <= pdf.count(b"/Type /Page\n") <= 8
