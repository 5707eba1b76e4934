"""Debian's Chromium, driven by Playwright; skipped where it is not installed, failed under CI."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
WITHOUT_DRAWING = ("--disable-gpu",)
WITH_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")  # needs no graphics card


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:  # one per process is all that there can be
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = launch(playwright, WITHOUT_DRAWING)
    yield started
    started.close()


@pytest.fixture(scope="session")
def drawing_browser(playwright: Playwright) -> Iterator[Browser]:
    started = launch(playwright, WITH_WEBGL)
    yield started
    started.close()


def launch(playwright: Playwright, flags: tuple[str, ...]) -> Browser:
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "no Chromium: requirements/install-system installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and CI=true")
        pytest.skip(reason)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(
        executable_path=chromium, args=[*QUIET, *flags, *as_root], timeout=60_000
    )
