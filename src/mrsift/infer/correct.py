"""What a person says of a volume -> the answer; what the evidence says stays beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mrsift.ingest.corrections import SetLabel
from mrsift.types import Correction, Prediction


def apply_corrections(
    predictions: Iterable[Prediction], labels: Mapping[str, SetLabel]
) -> tuple[Prediction, ...]:
    """Answers in which a person has the last word.

    The opinions of pixels and header stay as they are; a conflict between them is settled.

    Args:
        predictions: Of any volumes.
        labels: Volume id -> the label that a person set.
    """
    return tuple(
        _corrected(one, labels[one.volume.volume_id]) if one.volume.volume_id in labels else one
        for one in predictions
    )


def _corrected(prediction: Prediction, said: SetLabel) -> Prediction:
    sure = dict.fromkeys(prediction.probabilities, 0.0) | {said.label: 1.0}
    return replace(
        prediction,
        label=said.label,
        probability=1.0,
        probabilities=sure,
        prediction_set=(said.label,),
        conflict=False,
        conflict_reason=None,
        correction=Correction(prediction.label, prediction.probability, said.source),
    )
