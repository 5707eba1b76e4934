"""What the section `[study]` of a recipe must not say, each in one line."""

from mrsift.config import LabelSettings, NetworkSettings, StudyTrainingSettings
from mrsift.errors import ConfigError

AGGREGATES = {
    "slice": ("vote_share", "mean", "median", "top_k", "noisy_or"),
    "bag": ("attention",),
    "volume": ("mean",),
}
"""What can make a patient's value of what the network sees; a volume is one answer already."""

TWO_LABELS = ("top_k", "noisy_or")
"""Those that ask how many slices show a finding, which the second label stands for."""


def study_problem(
    study: StudyTrainingSettings, network: NetworkSettings, labels: LabelSettings
) -> str | None:
    """The first thing that is wrong; None where nothing is.

    Args:
        study: Of the recipe.
        network: Of the recipe.
        labels: Of the recipe.
    """
    dimensions = 3 if study.unit == "volume" else 2
    pooling = "attention" if study.unit == "bag" else "mean"
    known = AGGREGATES[study.unit]
    sizes = (*study.plane_shape, study.top_k, study.repeats, study.slices or 1)
    checks = {
        "study.roles: expected one or more different ones": not study.roles
        or len(set(study.roles)) < len(study.roles),
        f"study.reference_role: {study.reference_role} is none of study.roles": (
            study.reference_role not in study.roles
        ),
        f"network.dimensions: unit {study.unit!r} needs {dimensions}": (
            network.dimensions != dimensions
        ),
        f"network.slice_pooling: unit {study.unit!r} needs {pooling!r}": (
            network.slice_pooling != pooling
        ),
        "network.looks: a patient's images are seen at one size, [1.0]": network.looks != (1.0,),
        "study.slices: unit 'volume' needs a number": study.unit == "volume"
        and study.slices is None,
        "study.slices_seen: unit 'bag' needs 1 or more": study.unit == "bag"
        and study.slices_seen < 1,
        "study.slices_seen: expected 0 or more": study.slices_seen < 0,
        f"study.aggregate: unit {study.unit!r} takes {', '.join(known)}": (
            study.aggregate not in known
        ),
        f"study.aggregate: {study.aggregate} needs two labels, the second the finding": (
            study.aggregate in TWO_LABELS and len(labels.names) != 2
        ),
        "labels.unknown: a patient has one of labels.names; leave it out": (
            labels.unknown is not None
        ),
        "study: expected sizes, top_k and repeats of 1 or more": min(sizes) < 1,
        "study.span: expected two rising numbers from 0 to 1": not 0
        <= study.span[0]
        < study.span[1]
        <= 1,
        "study.folds: expected 0 for one hold-out, or 2 or more": study.folds < 0
        or study.folds == 1,
        "study.repeats: only folds are repeated": study.folds == 0 and study.repeats > 1,
        "study.repeats: the data have one split; sides='recipe' draws others": (
            study.sides == "data" and study.repeats > 1
        ),
        "study.test_share: expected between 0 and 1": not 0 < study.test_share < 1,
        "study.inner_share: expected between 0 and 1": not 0 < study.inner_share < 1,
        "study.epochs_reported: expected rising numbers from 1": any(
            later <= before
            for before, later in zip(
                (0, *study.epochs_reported), study.epochs_reported, strict=False
            )
        ),
        "study.mc_dropout: needs network.dropout above 0, or every pass is the same": (
            study.mc_dropout > 0 and network.dropout == 0
        ),
        "study.mc_dropout: expected 0 for none, or 2 passes or more": study.mc_dropout < 0
        or study.mc_dropout == 1,
    }
    return next((text for text, wrong in checks.items() if wrong), None)


def for_volumes_only(study: StudyTrainingSettings | None, name: str, instead: str) -> None:
    """Refuses a recipe for labels of patients where volumes with a label each are needed.

    Args:
        study: Of the recipe.
        name: Of the recipe or run, for the message.
        instead: What can be done.

    Raises:
        ConfigError: It is one.
    """
    if study is not None:
        raise ConfigError(
            f"{name}: its recipe has a section [study], labels of patients; {instead}"
        )
