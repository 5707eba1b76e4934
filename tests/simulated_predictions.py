"""A predictions table as a run might write it: simulated, with the sizes and errors of a study.

Nobody's data: patients, scanners and answers are drawn. Most volumes are answered right with a
high probability; a patient who is hard is hard in several volumes; the third vendor is harder;
b-values near 500 are confused; `UNKNOWN` are other contrasts.
"""

import numpy as np

from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.conformal import label_thresholds, prediction_set
from mrsift.evaluate.predictions import Predictions, make_predictions

NAMES = ("T2WI_nan", "T2WI_fs", "DWI_High", "DWI_Low", "ADC", "UNKNOWN")
SITES = {
    "north": ("Siemens", ("Skyra", "Aera"), (3.0, 1.5)),
    "south": ("GE", ("Discovery MR750", "Signa HDxt"), (3.0, 1.5)),
    "river": ("Philips", ("Ingenia", "Achieva"), (3.0, 1.5)),
}


def simulated_predictions(
    patients: int = 300, *, seed: int = 7, difficulty: float = 1.0, readers: int = 2
) -> Predictions:
    """A table with the three splits in 8:1:1 and every column filled."""
    cohort = np.random.default_rng(7)  # the same volumes whatever the model
    model = np.random.default_rng(seed)
    columns: dict[str, list[object]] = {}
    logits, truth = [], []
    for patient in range(patients):
        site = list(SITES)[cohort.integers(3)]
        vendor, scanners, fields = SITES[site]
        which = int(cohort.integers(2))
        hard = cohort.random() < 0.08 + 0.06 * (site == "river")
        split = ("train",) * 8 + ("validation", "test")
        for number, name in enumerate(NAMES):
            if cohort.random() < (0.5 if name == "UNKNOWN" else 0.08):
                continue
            right = NAMES.index(name)
            scale = 2.6 if hard else 0.9
            scores = model.normal(0, difficulty * scale, len(NAMES))
            scores[right] += 8.0
            if name in ("DWI_High", "DWI_Low"):
                scores[5 - right] += 3.5 + cohort.normal(0, 1.2)
            row = {
                "volume_id": f"{patient:05d}{number:011d}",
                "patient": f"P{patient:04d}",
                "site": site,
                "vendor": vendor,
                "model": scanners[which],
                "field_strength_t": fields[which],
                "plane": "axial" if cohort.random() < 0.9 else "sagittal",
                "split": split[patient % 10],
                "label": name,
                "in_distribution": cohort.beta(1, 12)
                if name == "UNKNOWN"
                else cohort.uniform() ** (2.0 if hard else 1.0),
                "source_path_hash": f"{patient:016x}",
            }
            for reader in range(1, readers + 1):
                errs = cohort.random() < 0.02 * reader
                row[f"reader_{reader}"] = NAMES[cohort.integers(6)] if errs else name
            for column, value in row.items():
                columns.setdefault(column, []).append(value)
            logits.append(scores)
            truth.append(right)
    probabilities = softmax(np.array(logits))
    y_true = np.array(truth)
    on_validation = np.array(columns["split"]) == "validation"
    thresholds = label_thresholds(probabilities[on_validation], y_true[on_validation], 0.95)
    sets = ["|".join(NAMES[i] for i in prediction_set(row, thresholds)) for row in probabilities]
    answers = [NAMES[index] for index in probabilities.argmax(axis=1)]
    return make_predictions(
        NAMES,
        columns | {"probabilities": probabilities, "predicted": answers, "prediction_set": sets},
    )
