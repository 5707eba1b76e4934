"""A folder of simulated studies: the same bytes, resumed, never written over."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from mrsift.errors import ConfigError, OutputError
from mrsift.ingest import scan
from mrsift.simulate import data_set, study_files
from mrsift.simulate.data_set import write_data_set
from mrsift.simulate.plan import from_record, make
from mrsift.simulate.recipe import Recipe, load_recipe
from mrsift.simulate.study_plan import plan_study

TINY = ("size.pixels=[24,32]", "size.echo_planar_pixels=[24,28]", "size.slices=[3,4]")
STUDIES = 4


def tiny(name: str = "multi-site", *settings: str) -> Recipe:
    return load_recipe(name, (*TINY, *settings))


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def records_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated") / "out"
    write_data_set(out, tiny(), STUDIES, 5)
    return out


def test_a_run_that_was_cut_off_ends_with_the_same_bytes(written: Path, tmp_path: Path) -> None:
    calls = []

    def stop(_doing: str, done: int, _total: int | None) -> None:
        calls.append(done)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_data_set(tmp_path / "out", tiny(), STUDIES, 5, on_progress=stop)
    assert not (tmp_path / "out" / "labels.csv").exists()
    (tmp_path / "out" / ".part-00002-1").mkdir()  # as a killed process leaves it
    done = write_data_set(tmp_path / "out", tiny(), STUDIES, 5)
    assert done.made == STUDIES - 2
    assert content(tmp_path / "out") == content(written)


def test_more_studies_are_added_to_those_that_are_there(written: Path, tmp_path: Path) -> None:
    write_data_set(tmp_path / "out", tiny(), 1, 5)
    before = content(tmp_path / "out")
    write_data_set(tmp_path / "out", tiny(), STUDIES, 5)
    after = content(tmp_path / "out")
    assert after == content(written)
    assert all(after[name] == data for name, data in before.items() if name.endswith(".dcm"))


def test_what_exists_is_never_written_over(written: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(written, out)
    with pytest.raises(ConfigError, match="another seed"):
        write_data_set(out, tiny(), STUDIES, 6)
    with pytest.raises(ConfigError, match="another recipe"):
        write_data_set(out, tiny("brain"), STUDIES, 5)
    (out / "labels.csv").write_text("mine")
    with pytest.raises(OutputError, match="was changed"):
        write_data_set(out, tiny(), STUDIES, 5)
    assert (out / "labels.csv").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        write_data_set(other, tiny(), 1, 5)
    with pytest.raises(ConfigError, match="is a file"):
        write_data_set(other / "thesis.txt", tiny(), 1, 5)


def test_a_full_disk_leaves_whole_studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = study_files.write_study
    made: list[Path] = []

    def full(folder: Path, *rest: object) -> int:
        if made:
            folder.mkdir()
            (folder / "half.dcm").write_bytes(b"half")
            raise OSError(28, "No space left on device")
        made.append(folder)
        return real(folder, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(data_set, "write_study", full)
    with pytest.raises(OutputError, match="No space left"):
        write_data_set(tmp_path / "out", tiny(), 3, 5)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["simulate.json", "study-00001"]


def test_labels_name_every_volume_that_ingest_finds(written: Path) -> None:
    with (written / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    named = {(row["series_instance_uid"], row["b_value"]): row for row in rows}
    assert len(named) == len(rows)
    found = scan([written])
    assert len(found.studies) == STUDIES
    several = Counter(uid for uid, b in named if b)
    used = set()
    for study in found.studies:
        for volume in study.volumes:
            uid = volume.series_instance_uid
            b = f"{volume.b_value.s_per_mm2:g}" if uid in several and volume.b_value else ""
            row = named[uid or "", b]
            used.add((uid, b))
            assert row["plane"] == volume.plane or volume.localizer or row["family"] == "localizer"
    assert used == set(named)


def test_a_volume_is_made_again_from_its_record(written: Path) -> None:
    records = records_of(written)
    for record in records[:: len(records) // 6]:
        if record["b_value"] or record["family"] == "localizer":
            continue  # several volumes share the folder
        folder = written / record["study"] / f"series-{record['series_number']:02d}"
        planes = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
        stored = np.stack([p.pixel_array for p in planes])
        made = make(from_record(record["plan"]))
        if not planes[0].get("RescaleSlope"):
            assert (made == stored).all()


def test_headers_say_what_the_record_says(written: Path) -> None:
    for record in records_of(written):
        folder = written / record["study"] / f"series-{record['series_number']:02d}"
        ds = pydicom.dcmread(folder / "I0001.dcm", stop_before_pixels=True)
        assert ds.SeriesInstanceUID == record["series_instance_uid"]
        assert ds.get("SeriesDescription") == record["series_description"]
        assert ds.ManufacturerModelName == record["model"]
        assert ds.PatientID == record["patient"]
        assert ds.MagneticFieldStrength == record["field_strength_t"]
        assert record["site"] in ds.InstitutionName


def test_descriptions_are_right_missing_or_lying_as_often_as_stated() -> None:
    recipe = tiny()
    plans = [plan_study(recipe, 2, index) for index in range(60)]
    how = Counter(series.description_is for plan in plans for series in plan.series)
    total = how.total()
    assert how["missing"] / total == pytest.approx(recipe.descriptions.missing, abs=0.06)
    assert how["lying"] / total == pytest.approx(recipe.descriptions.lying, abs=0.05)
    for plan in plans:
        for series in plan.series:
            assert (series.description_is == "missing") == (not series.description)


def test_a_site_keeps_its_habits_and_sites_differ() -> None:
    recipe = tiny()
    echo_times: dict[str, Counter[float]] = {}
    for index in range(80):
        plan = plan_study(recipe, 3, index)
        for series in plan.series:
            if series.kind == "FLAIR":
                key = f"{plan.site.name} {plan.scanner.model}"
                times = echo_times.setdefault(key, Counter())
                times[series.volumes[0].protocol.te_ms] += 1
    habits = {key: times.most_common(1)[0] for key, times in echo_times.items()}
    assert len({te for te, _ in habits.values()}) == len(habits)
    followed = sum(count for _, count in habits.values())
    assert followed / sum(times.total() for times in echo_times.values()) > 0.75


def test_some_studies_are_of_the_patient_before() -> None:
    recipe = tiny()
    plans = [plan_study(recipe, 4, index) for index in range(80)]
    patients = Counter(plan.patient for plan in plans)
    assert 62 <= len(patients) <= 79
    for plan in plans:
        first = plans[plan.patient]
        assert plan.region == first.region
        assert plan.series[0].volumes[0].subject.seed == first.series[0].volumes[0].subject.seed
