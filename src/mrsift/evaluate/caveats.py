"""What the numbers do not support, in sentences."""

from mrsift.evaluate.groups import NOT_SAID
from mrsift.evaluate.summary import Evaluation
from mrsift.labels import UNKNOWN

FEW_PATIENTS = 30
"""Below this many patients, percentile intervals of drawn patients are known to be too short."""

FEW_VOLUMES = 20
"""Below this many volumes of a label, one error moves its sensitivity by more than 5 points."""


def caveats(evaluation: Evaluation) -> tuple[str, ...]:
    """Sentences a reader must see beside the main result, the gravest first."""
    said = [*_design(evaluation), *_size(evaluation), *_labels(evaluation), *_sites(evaluation)]
    return tuple(said)


def _design(evaluation: Evaluation) -> list[str]:
    said = []
    if evaluation.shared_patients:
        said.append(
            f"{evaluation.shared_patients} patients of the {evaluation.headline} split also occur"
            " in another split: the model may know them, and the numbers are too good. Split by"
            " patient and train again."
        )
    if evaluation.headline == "train":
        said.append("These volumes were trained on: nothing here says how new ones are answered.")
    if evaluation.headline == "validation":
        said.append(
            "There is no test split: these are the volumes that the model was chosen on, and the"
            " numbers are too good."
        )
    return said


def _size(evaluation: Evaluation) -> list[str]:
    main, said = evaluation.main, []
    if main.patients < FEW_PATIENTS:
        of = "1 patient" if main.patients == 1 else f"{main.patients} patients"
        said.append(f"Only {of}: intervals from so few tend to be too short.")
    unlabelled, outside = evaluation.left_out[evaluation.headline]
    if unlabelled:
        said.append(f"{unlabelled} volumes without a label are not counted.")
    if outside:
        said.append(
            f"{outside} volumes are of labels the model does not have. It was not trained to say"
            f" {UNKNOWN}, so they are counted below under strangers only."
        )
    return said


def _labels(evaluation: Evaluation) -> list[str]:
    main, said = evaluation.main, []
    volumes = dict(zip(main.names, main.matrix.sum(axis=1), strict=True))
    absent = [name for name in evaluation.names if not volumes[name]]
    few = [
        f"{name} ({volumes[name]})" for name in evaluation.names if 0 < volumes[name] < FEW_VOLUMES
    ]
    if absent:
        said.append(f"Never shown here, so nothing is known about them: {', '.join(absent)}.")
    if few:
        said.append(f"Few volumes, so one error more or less would move much: {', '.join(few)}.")
    if UNKNOWN not in main.names or not volumes[UNKNOWN]:
        said.append(
            "No volume here is of something else than the known labels: what the model does with"
            " such volumes was not measured."
            if evaluation.strangers is None
            else "The model always names a known label; it cannot answer UNKNOWN."
        )
    return said


def _sites(evaluation: Evaluation) -> list[str]:
    here = [site for site in evaluation.sites[evaluation.headline] if site != NOT_SAID]
    if not here or here == ["unknown"]:
        return ["The sites are not known, so nothing is known about other sites."]
    if len(here) == 1:
        said = ["All volumes are of one site; how the model does elsewhere is not known."]
    else:
        said = []
    trained = set(evaluation.sites.get("train", ()))
    if trained and set(here) <= trained:
        said.append(
            "Every site was also trained on, so this is no external validation; to learn about new"
            " sites, split the data with one of them left out."
        )
    return said
