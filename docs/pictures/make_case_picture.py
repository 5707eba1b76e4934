"""The picture of `mrsift classify explain`: one simulated patient, the page shortened.

    python docs/pictures/make_case_picture.py

Patients are simulated with a sign of AUC 0.99, but sixteen are far too few to learn it: the page
says so, which is what the picture is to show. Of each run of slices two stay.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).resolve().parent / "case.png"
WIDTH, COLOURS = 1100, 128
PATIENT = "00003"
SHORTEN = """() => {
    for (const id of ["sequences", "maps"]) {
        const strips = [];
        for (let at = document.getElementById(id).nextElementSibling; at && at.tagName !== "H2";
             at = at.nextElementSibling)
            if (at.classList.contains("strip")) strips.push(at);
        strips.forEach((strip, place) => { if (place < 3 || place > 4) strip.remove(); });
    }
}"""
COMMANDS = (
    "simulate glioma patients --studies 16 --seed 5 --layout rsna-miccai"
    " --set sign.auc=0.99 --set size.pixels=[96,96]",
    "dataset index patients --layout rsna-miccai --labels patients/train_labels.csv"
    " --out cohort.parquet",
    "train mgmt-volume --data cohort.parquet --out run --set study.folds=2 --set study.repeats=2"
    " --set study.slices=20 --set study.plane_shape=[96,96] --set network.width=8"
    " --set network.stem_kernel=[3,5,5] --set network.stem_pool=false"
    " --set training.max_epochs=3 --set training.batch=4"
    " --set optimiser.learning_rate=1e-3",
    f"classify explain run {PATIENT} --out case.html",
)


def main() -> None:
    """Simulates, trains a little, explains, and keeps a small PNG of the page."""
    mrsift = Path(sys.executable).with_name("mrsift")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for command in COMMANDS:
            subprocess.run([mrsift, *command.split()], cwd=folder, check=True, capture_output=True)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme="light")
        page.goto(Path(folder, "case.html").as_uri())
        page.evaluate(SHORTEN)
        screenshot = Path(folder, "case.png")
        page.screenshot(path=screenshot, full_page=True)
        browser.close()
        with Image.open(screenshot) as image:
            few = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, 5)
            few.save(PICTURE, optimize=True)
    print(f"docs/pictures/{PICTURE.name}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
