"""A model and data of another hospital -> predictions: external validation."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mrsift.bundle import Bundle, default_bundle_path
from mrsift.dataset.answers import answers
from mrsift.dataset.table import DatasetRow, read_dataset
from mrsift.errors import ConfigError
from mrsift.evaluate.predictions import Predictions
from mrsift.train.bundle_export import SUFFIX, export_run
from mrsift.train.classes import class_names
from mrsift.train.run_folder import open_run
from mrsift.train.watch import Watch

DEFAULT = "default"
MAX_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """What a model said of data that are not its own.

    Attributes:
        model: Its name, for the report.
        predictions: One row per volume that could be read.
        unreadable: One line for each of the others.
        tuned_on: Where it stands what the model was fitted and calibrated on.
    """

    model: str
    predictions: Predictions
    unreadable: tuple[str, ...]
    tuned_on: str


def predict_elsewhere(model: str, data: Path, watch: Watch) -> Elsewhere:
    """Answers for every volume of a data set, from pixels alone, through the compiled network.

    Args:
        model: Folder of a run, a bundle, or `default` for the one that ships.
        data: A `data.parquet`. Where it has a test split, that alone is asked about; a split for
            somebody else's training says nothing else of this model.
        watch: Told how far it is.

    Raises:
        ConfigError: The run or the data cannot be used, or the run was trained on some of them.
        BundleError: The bundle cannot be used.
    """
    rows = _asked(read_dataset(data).rows)

    def on_progress(done: int, count: int) -> None:
        watch.progress("predicting", done, count)

    path = default_bundle_path() if model == DEFAULT else Path(model)
    if not (path / "run.json").is_file():
        bundle = Bundle.load(path)
        called = [row.label for row in rows]
        found, unreadable = answers(bundle, rows, called, on_progress)
        name = f"bundle {bundle.id.name} {bundle.id.version}"
        return Elsewhere(name, found, unreadable, "its card says")
    run = open_run(path)
    _check_untouched(rows, run.dataset().rows, data)
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / f"run{SUFFIX}"
        export_run(path, exported, "unlicensed")
        bundle = Bundle.load(exported)
    called = class_names(rows, run.recipe().labels)
    found, unreadable = answers(bundle, rows, called, on_progress)
    return Elsewhere(path.resolve().name, found, unreadable, "its run.json says")


def _asked(rows: Sequence[DatasetRow]) -> tuple[DatasetRow, ...]:
    """The test split; all rows, as of no split, where there is none."""
    test = tuple(row for row in rows if row.split == "test")
    return test or tuple(replace(row, split=None) for row in rows)


def _check_untouched(rows: Sequence[DatasetRow], own: Sequence[DatasetRow], data: Path) -> None:
    """Refuses volumes whose pixels the run was trained or tuned on, its test split aside."""
    seen = {row.pixel_sha256 for row in own if row.split in {"train", "validation"}}
    shared = [row for row in rows if row.pixel_sha256 is not None and row.pixel_sha256 in seen]
    if shared:
        named = ", ".join(row.volume_id for row in shared[:MAX_NAMED])
        raise ConfigError(
            f"{data}: {len(shared)} volumes have the pixels of volumes that the run was trained or "
            f"tuned on, e.g. {named}. Leave those patients out of the data."
        )
