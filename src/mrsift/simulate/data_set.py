"""A folder of simulated studies: written study by study, and continued where it stopped.

    OUT/simulate.json     recipe, seed, layout and version; what the folder belongs to
    OUT/study-00001/...   a study, or train/00000/... in the layout of RSNA-MICCAI
    OUT/labels.csv        one row for each volume, or train_labels.csv one for each patient
    OUT/records.jsonl     one record for each volume, from which it can be made again

A study is made beside its place and renamed when whole. The tables come last, so a folder
without them is not finished. Nothing that exists is written over.
"""

import contextlib
import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mrsift import __version__
from mrsift.errors import ConfigError, OutputError
from mrsift.simulate.recipe import Recipe
from mrsift.simulate.study_files import RSNA_FOLDERS, Naming, records, write_study
from mrsift.simulate.study_plan import StudyPlan, plan_study

Progress = Callable[[str, int, int | None], None]
LABEL_COLUMNS = (
    "series_instance_uid",
    "b_value",
    "label",
    "patient",
    "site",
    "vendor",
    "model",
    "field_strength_t",
    "region",
    "plane",
    "family",
)


@dataclass(frozen=True, slots=True)
class Written:
    """What a data set holds now.

    Attributes:
        studies: Whole number of studies.
        made: Those made by this call; the others were there.
        patients: Different ones.
        volumes: Rows of the table of labels.
        labels: Path of that table.
    """

    studies: int
    made: int
    patients: int
    volumes: int
    labels: Path


def write_data_set(
    out: Path,
    recipe: Recipe,
    studies: int,
    seed: int,
    *,
    rsna: bool = False,
    on_progress: Progress | None = None,
) -> Written:
    """Write the studies that are missing, then the tables.

    Args:
        out: Folder, new, empty, or begun by the same recipe and seed.
        recipe: What to simulate.
        studies: How many there shall be; more than last time adds to what is there.
        seed: Of everything.
        rsna: Layout of the RSNA-MICCAI challenge instead of one folder a study.
        on_progress: Called after each study.

    Returns:
        What is there now.

    Raises:
        ConfigError: The folder holds something else, or the recipe does not fit the layout.
        OutputError: The disk is full or not writable; whole studies stay.
    """
    naming = Naming(seed, rsna)
    recipe = _fitting(recipe) if rsna else recipe
    try:
        _claim(out, recipe, seed, rsna)
        plans, made = [], 0
        for index in range(studies):
            plan = plan_study(recipe, seed, index)
            made += _write_missing(out, plan, naming)
            plans.append(plan)
            if on_progress is not None:
                on_progress("simulating studies", index + 1, studies)
        rows = [record for plan in plans for record in records(plan, naming)]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        _write_table(out / "records.jsonl", lines)
        if rsna:
            labels = out / "train_labels.csv"
            _write_table(labels, _challenge_table(plans, naming))
        else:
            labels = out / "labels.csv"
            extra = ("MGMT_value",) if recipe.sign else ()
            _write_table(labels, _csv((*LABEL_COLUMNS, *extra), rows))
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{out}: {reason}; studies that are whole stay, run it again") from error
    return Written(studies, made, len({p.patient for p in plans}), len(rows), labels)


def _fitting(recipe: Recipe) -> Recipe:
    """The recipe for the layout of the challenge: one study a patient."""
    if recipe.sign is None:
        raise ConfigError("--layout rsna-miccai: the recipe has no [sign]; use the recipe glioma")
    contents = recipe.contents["head"]
    if any(contents.get(kind, 0) != 1 for kind in RSNA_FOLDERS) or sum(contents.values()) != 4:  # type: ignore[call-overload]
        names = ", ".join(RSNA_FOLDERS)
        raise ConfigError(f"--layout rsna-miccai: contents.head must be one each of {names}")
    return recipe.model_copy(update={"follow_up": 0.0})


def _claim(out: Path, recipe: Recipe, seed: int, rsna: bool) -> None:
    """Make the folder ours, or see that it is."""
    stamp = {
        "mrsift_version": __version__,
        "seed": seed,
        "layout": "rsna-miccai" if rsna else "study",
        "recipe": recipe.model_dump(mode="json"),
    }
    path = out / "simulate.json"
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            found = {}
        different = [key for key, value in stamp.items() if found.get(key) != value]
        if different:
            raise ConfigError(
                f"{out}: was begun with another {' and '.join(different)}; choose a new folder"
            )
        return
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out}: is a file; give a folder")
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(f"{out}: is not empty and was not made by this verb; choose another")
    out.mkdir(parents=True, exist_ok=True)
    _write_beside(path, json.dumps(stamp, indent=2) + "\n")


def _write_missing(out: Path, plan: StudyPlan, naming: Naming) -> bool:
    """Write one study unless it is there."""
    target = out / naming.folder(plan)
    if target.is_dir():
        return False
    beside = out / f".part-{plan.index:05d}-{os.getpid()}"
    shutil.rmtree(beside, ignore_errors=True)
    for left in out.glob(f".part-{plan.index:05d}-*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    try:
        write_study(beside, plan, naming)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return True


def _challenge_table(plans: list[StudyPlan], naming: Naming) -> str:
    rows = [
        {"BraTS21ID": naming.patient(plan), "MGMT_value": int(plan.sign.positive)}
        for plan in plans
        if plan.sign is not None
    ]
    return _csv(("BraTS21ID", "MGMT_value"), rows)


def _csv(columns: tuple[str, ...], rows: list[dict[str, object]]) -> str:
    """CSV of some columns; one row for several volumes that have the same key."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        key = tuple(row[name] for name in columns[:2])
        if key not in seen:
            writer.writerow(row)
        seen.add(key)
    return text.getvalue()


def _write_table(path: Path, text: str) -> None:
    """Write a table, or add to one that is its beginning.

    Raises:
        OutputError: The file there is something else.
    """
    if path.is_file():
        found = path.read_text(encoding="utf-8")
        if found.startswith(text):
            return
        if not text.startswith(found):
            raise OutputError(f"{path}: was changed since it was written; move it away first")
    _write_beside(path, text)


def _write_beside(path: Path, text: str) -> None:
    with _fresh(path) as beside:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)


@contextlib.contextmanager
def _fresh(path: Path) -> Iterator[Path]:
    """A name beside the target, gone afterwards."""
    beside = path.with_name(f".part-{path.name}-{os.getpid()}")
    try:
        yield beside
    finally:
        beside.unlink(missing_ok=True)
