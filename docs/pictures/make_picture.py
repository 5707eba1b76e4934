"""The picture in the README: the top of the report on the demonstration studies (simulated).

make picture
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "pictures" / "demo.png"
WIDTH, HEIGHT = 1200, 1500
COLOURS = 128


def main() -> None:
    """Identifies, opens the report in Chromium, and keeps a small PNG of it."""
    mrsift = Path(sys.executable).with_name("mrsift")
    with tempfile.TemporaryDirectory() as folder:
        report, screenshot = Path(folder, "report.html"), Path(folder, "screenshot.png")
        # A path relative to the root, because the report shows it.
        identify = [mrsift, "identify", "src/mrsift/assets/demo", "--html", report]
        subprocess.run(identify, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        chromium = [
            "chromium",
            "--headless",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/profile",
            f"--window-size={WIDTH},{HEIGHT}",
            f"--screenshot={screenshot}",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            report.as_uri(),
        ]
        subprocess.run(chromium, check=True, stderr=subprocess.DEVNULL, timeout=120)
        with Image.open(screenshot) as image:
            image.convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
