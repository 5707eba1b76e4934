"""A small study, identified from its headers, and a browser's client of its pages."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from mrsift.infer.identify import IdentifyOptions, identify_and_scan
from mrsift.serve.app import make_app
from mrsift.serve.explain import Explainer
from mrsift.serve.guard import Guard
from mrsift.serve.reading import Reading
from tests.mr_series import T1_GRADIENT_ECHO, T2_SPIN_ECHO, write_series

GUARD = Guard(8123, key="the-key")
ORIGIN = "http://127.0.0.1:8123"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """T2W, T1W and three time points of a T1W; the name of the patient is Nobody."""
    folder = tmp_path / "exam"
    write_series(folder, 1, SeriesDescription="t2_tse_tra", **T2_SPIN_ECHO)
    write_series(folder, 2, SeriesDescription="t1_<b>fl2d</b>", **T1_GRADIENT_ECHO)
    for time in range(3):
        write_series(
            folder, 3 + time, SeriesDescription="t1_dyn", SeriesInstanceUID="1.2.3", **dynamic(time)
        )
    return folder


def dynamic(time: int) -> dict[str, object]:
    """Attributes of one time point."""
    return {
        **T1_GRADIENT_ECHO,
        "SeriesNumber": 3,
        "TemporalPositionIdentifier": time + 1,
        "NumberOfTemporalPositions": 3,
        "AcquisitionTime": f"1200{time}0",
    }


def read(study: Path, corrections: Path | None = None) -> Reading:
    known = corrections if corrections is not None and corrections.exists() else None
    options = IdentifyOptions("prostate", "header", previews=True, corrections=known)
    report, found = identify_and_scan([study], options)
    return Reading(report, found, options, corrections)


@pytest.fixture
def reading(study: Path) -> Reading:
    return read(study)


class Browser:
    """Asks the application as the page in a browser would, without a network."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.cookies = {GUARD.cookie: GUARD.key}
        self.headers = {"Origin": ORIGIN}

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = self.headers | more.pop("headers", {})

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url=ORIGIN, cookies=self.cookies
            ) as client:
                return await client.request(method, path, headers=headers, **more)

        # In a thread of its own: tests in Chromium leave a running loop in this one.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(ask())).result()

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)


def browser_of(reading: Reading, explainer: Explainer | None = None) -> Browser:
    explainer = explainer or Explainer(reading.found.read, None)
    return Browser(make_app(reading, explainer, GUARD))


@pytest.fixture
def browser(reading: Reading) -> Browser:
    return browser_of(reading)
