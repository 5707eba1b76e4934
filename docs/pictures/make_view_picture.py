"""The picture of `mrsift view` in the documentation: the simulated pelvis, side by side.

make picture
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
PICTURE = ROOT / "docs" / "pictures" / "view.png"
STUDY = "src/mrsift/assets/demo/pelvis"
SIZE = {"width": 1280, "height": 800}
COLOURS = 256
GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def main() -> None:
    """Starts the server, chooses the volume whose description lies, and keeps a small PNG."""
    mrsift = Path(sys.executable).with_name("mrsift")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [mrsift, "view", STUDY]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1]
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[*GL, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(address)
        for count in page.locator(".panel:not([hidden]) .count").all():
            count.filter(has_text="/").wait_for(timeout=120_000)
        page.locator(".role-list .pick", has_text="T2W_FS").click()
        page.locator(".story:not([hidden]) .conflict").wait_for()
        screenshot = Path(folder, "screenshot.png")
        page.screenshot(path=screenshot)
        browser.close()
        server.terminate()
        server.wait()
        with Image.open(screenshot) as image:
            image.convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
