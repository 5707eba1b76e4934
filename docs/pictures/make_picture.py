"""The picture in the README: the report on the demonstration studies (simulated), shortened.

    make picture

Both tables stay; of the cards only the one of the volume without a description and the one
whose description lies.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "pictures" / "demo.png"
WIDTH = 1100
COLOURS = 256
KEPT = ("2 –", "3 t1_tse_tra")
SHORTEN = """kept => {
    for (const card of document.querySelectorAll("article.card"))
        if (!kept.some(title => card.innerText.replace(/\\s+/g, " ").startsWith(title)))
            card.remove();
}"""


def main() -> None:
    """Identifies, opens the report in Chromium, and keeps a small PNG of it."""
    mrsift = Path(sys.executable).with_name("mrsift")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        report, screenshot = Path(folder, "report.html"), Path(folder, "screenshot.png")
        # A path relative to the root, because the report shows it.
        identify = [mrsift, "identify", "src/mrsift/assets/demo", "--html", report]
        subprocess.run(identify, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme="light")
        page.goto(report.as_uri())
        page.evaluate(SHORTEN, KEPT)
        if page.locator("article.card").count() != len(KEPT):
            raise SystemExit(f"expected the cards {KEPT} in the report; see its titles")
        page.screenshot(path=screenshot, full_page=True)
        browser.close()
        with Image.open(screenshot) as image:
            few = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, 5)
            few.save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
