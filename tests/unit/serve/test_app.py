"""What the browser gets: the page, voxels, labels, and errors in words."""

import gzip
import re
from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.infer import runtime
from mrsift.serve.explain import Explainer
from mrsift.serve.reading import Reading
from tests.unit.serve.conftest import GUARD, ORIGIN, Browser, browser_of, read


def volumes(reading: Reading) -> list[str]:
    return [one.volume.volume_id for one in reading.report.studies[0].predictions]


def test_the_key_becomes_a_cookie_and_leaves_the_address(reading: Reading) -> None:
    newcomer = browser_of(reading)
    newcomer.cookies.clear()
    answer = newcomer.get(f"/?key={GUARD.key}")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    kept = answer.headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=strict" in kept
    newcomer.cookies[GUARD.cookie] = GUARD.key
    assert newcomer.get("/").status_code == 200


def test_the_page_shows_roles_volumes_and_what_may_be_done(browser: Browser) -> None:
    page = browser.get("/").text
    assert "<title>mrsift view</title>" in page
    assert "t2w_axial" in page
    assert "dwi_high" in page
    assert "All 3 volumes of this row" in page
    assert "not a medical device" in page
    assert "t1_&lt;b&gt;fl2d&lt;/b&gt;" in page
    assert "Saliency" not in page  # --evidence header
    assert re.findall(r'data-label="(\w+)" title', page)[:2] == ["T2W", "T2W_FS"]


def test_nothing_on_the_page_comes_from_elsewhere(browser: Browser) -> None:
    page = browser.get("/").text
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert links
    assert not [link for link in links if not link.startswith(("/static/", "/report", "data:"))]
    for name in re.findall(r"/static/([\w.]+)", page):
        assert browser.get(f"/static/{name}").status_code == 200
    policy = browser.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy


def test_patients_are_named_nowhere(browser: Browser, reading: Reading) -> None:
    for path in ("/", "/study/1", "/report"):
        answer = browser.get(path)
        assert "nobody^" not in answer.text.lower()
        assert "really" not in answer.text.lower()
        assert answer.headers["cache-control"] == "no-store"
    addresses = re.findall(r'(?:data-volume|value)="([^"]*)"', browser.get("/").text)
    assert set(volumes(reading)) <= set(addresses)
    uids = {one.volume.series_instance_uid for one in reading.report.studies[0].predictions}
    assert not [uid for uid in uids if uid and uid in browser.get("/").text]


def test_voxels_come_as_they_are(browser: Browser, reading: Reading) -> None:
    info = reading.report.studies[0].predictions[0].volume
    answer = browser.get(f"/volume/{info.volume_id}")
    image = nibabel.Nifti1Image.from_bytes(answer.content)
    expected = reading.found.read(info)
    np.testing.assert_array_equal(image.get_fdata(), expected.voxels.transpose(2, 1, 0))
    np.testing.assert_allclose(image.affine, expected.to_nibabel().affine, atol=1e-5)
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(answer.content)


@pytest.mark.parametrize("name", ["0" * 16, "..%2F..%2Fetc%2Fpasswd", "exam"])
def test_an_unknown_volume_is_told(browser: Browser, name: str) -> None:
    for kind in ("volume", "saliency"):
        answer = browser.get(f"/{kind}/{name}")
        assert answer.status_code == 404
        assert answer.json()["error"]


def test_a_volume_that_went_away_is_told(browser: Browser, reading: Reading, study: Path) -> None:
    info = reading.report.studies[0].predictions[0].volume
    for file in info.files:
        (study / file).unlink()
    answer = browser.get(f"/volume/{info.volume_id}")
    assert answer.status_code == 422
    assert "cannot be read" in answer.json()["error"]


def test_a_damaged_volume_is_told(browser: Browser, reading: Reading, study: Path) -> None:
    info = reading.report.studies[0].predictions[0].volume
    file = study / info.files[0]
    file.write_bytes(file.read_bytes()[:-600])
    answer = browser.get(f"/volume/{info.volume_id}")
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_a_label_is_kept_and_shown(browser: Browser, reading: Reading, study: Path) -> None:
    first = volumes(reading)[0]
    answer = browser.post("/label", json={"study": 1, "volumes": [first], "label": "ADC"})
    assert answer.json() == {"said": "ADC, kept in mrsift-corrections.csv"}
    assert first in (study / "mrsift-corrections.csv").read_text("utf-8-sig")
    part = browser.get("/study/1").text
    assert "corrected, was T2W" in part
    assert "by hand" in browser_of(read(study)).get("/").text
    back = browser.post("/take-back", json={}).json()
    assert back == {"said": "Taken back: T2W again", "study": 1, "volumes": [first]}
    assert not (study / "mrsift-corrections.csv").exists()
    assert browser.post("/take-back", json={}).json()["study"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"study": 2, "volumes": ["a"], "label": "ADC"}, 404),
        ({"study": 1, "volumes": ["0" * 16], "label": "ADC"}, 404),
        ({"study": 0, "volumes": ["a"], "label": "ADC"}, 422),
        ({"study": 1, "volumes": [], "label": "ADC"}, 422),
        ({"study": 1, "volumes": ["a"], "label": "ADC", "path": "/etc"}, 422),
        ({"study": 1, "volumes": ["a"], "label": "nonsense"}, 422),
        ([], 422),
    ],
)
def test_a_label_that_cannot_be_meant_changes_nothing(
    browser: Browser, study: Path, body: object, status: int
) -> None:
    answer = browser.post("/label", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert not (study / "mrsift-corrections.csv").exists()


def test_labels_that_cannot_be_kept_are_told(
    browser: Browser, reading: Reading, study: Path
) -> None:
    (study / "mrsift-corrections.csv").mkdir()
    assert "Labels cannot be kept" in browser.get("/").text
    body = {"study": 1, "volumes": volumes(reading)[:1], "label": "ADC"}
    answer = browser.post("/label", json=body)
    assert answer.status_code in (422, 507)
    assert "mrsift-corrections.csv" in answer.json()["error"]


def test_saliency_says_what_it_is(reading: Reading, tiny_bundle: Path) -> None:
    explainer = Explainer(reading.found.read, lambda: runtime.start(tiny_bundle, 1))
    browser = browser_of(reading, explainer)
    answer = browser.get(f"/saliency/{volumes(reading)[0]}").json()
    assert answer["words"].startswith("Occlusion: how the network's")
    assert "405 blocks" in answer["words"]
    assert browser.get(f"/saliency/{volumes(reading)[0]}").json() == answer
    explainer.stop()
    ended = browser.get(f"/saliency/{volumes(reading)[1]}")
    assert ended.status_code == 422
    assert "ending" in ended.json()["error"]


def test_saliency_needs_pixels(browser: Browser, reading: Reading) -> None:
    answer = browser.get(f"/saliency/{volumes(reading)[0]}")
    assert answer.status_code == 422
    assert "--evidence header" in answer.json()["error"]


def test_a_study_that_is_not_there_is_told(browser: Browser) -> None:
    for path in ("/?study=2", "/?study=0", "/study/2"):
        assert browser.get(path).status_code == 404
    assert browser.get("/?study=x").status_code == 422
    assert browser.get("/static/app.py").status_code == 404
    assert browser.get("/docs").status_code == browser.get("/openapi.json").status_code == 404


def test_the_report_is_the_one_that_identify_writes(browser: Browser) -> None:
    answer = browser.get("/report")
    assert "What is in this exam" in answer.text
    assert "script" not in answer.headers["content-security-policy"]


def test_a_page_of_another_site_changes_nothing(reading: Reading, study: Path) -> None:
    body = {"study": 1, "volumes": volumes(reading)[:1], "label": "ADC"}
    for origin in ("http://evil.example", "null", "http://localhost:8123", ""):
        browser = browser_of(reading)
        browser.headers["Origin"] = origin
        assert browser.post("/label", json=body).status_code == 403
    browser = browser_of(reading)
    plain = {"Content-Type": "text/plain"}
    assert browser.post("/label", content=b"{}", headers=plain).status_code == 403
    assert not (study / "mrsift-corrections.csv").exists()
    assert "access-control-allow-origin" not in browser.get("/").headers
    assert browser.request("OPTIONS", "/label").status_code == 403


@pytest.mark.parametrize("host", ["evil.example:8123", "127.0.0.1:8124", "127.0.0.1", ""])
def test_another_name_for_this_computer_is_refused(reading: Reading, host: str) -> None:
    browser = browser_of(reading)
    answer = browser.get("/", headers={"Host": host})
    assert answer.status_code == 403
    assert "T2W" not in answer.text
    assert browser.get("/", headers={"Host": ORIGIN.removeprefix("http://")}).status_code == 200


@pytest.mark.parametrize("key", ["", "wrong", "the-key2", "schlüssel"])
def test_without_the_key_nothing_is_shown(reading: Reading, key: str) -> None:
    browser = browser_of(reading)
    browser.cookies.clear()
    first = volumes(reading)[0]
    for path in ("/", "/study/1", "/report", f"/volume/{first}", "/static/view.js"):
        answer = browser.get(path, params={"key": key} if key else {})
        assert answer.status_code == 403
        assert "key" in answer.text
