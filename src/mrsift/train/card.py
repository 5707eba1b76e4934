"""The page that travels with a bundle: what it was made from, how good it is, what it is not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.confusion import confusion_matrix, markdown_table
from mrsift.evaluate.intervals import wilson_interval
from mrsift.labels import LABEL_NAMES


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Right labels and answers on one set of volumes.

    Attributes:
        y_true: Shape (n,), index of the label.
        y_pred: Shape (n,).
    """

    y_true: NDArray[np.intp]
    y_pred: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a bundle of the nine labels was made from, in words.

    Attributes:
        name: Of the bundle.
        patients: Whose images are in the weights, a sentence.
        data: What it was trained on, a paragraph that the simulated volumes follow.
        limit: What that means for who uses it, a sentence.
    """

    name: str
    patients: str
    data: str
    limit: str


SIMULATED = Origin(
    "sim",
    "No patient image was used to make the weights.",
    "Simulated volumes only.",
    "Trained on simulated volumes only.",
)


def with_real(name: str, sources: str) -> Origin:
    """Of a bundle that real volumes were shown to as well.

    Args:
        name: Of the bundle.
        sources: Whose volumes, and under which licence.
    """
    return Origin(
        name,
        "Images of patients were used to make the weights, those named below.",
        f"Simulated volumes, and after them as many showings of a few real ones: {sources}.",
        "Trained on simulated volumes and a few real ones, of few scanners.",
    )


def results(answers: Mapping[str, Answers], names: tuple[str, ...] = LABEL_NAMES) -> str:
    """Right of n with Wilson intervals, per source and label, and a confusion table each.

    Args:
        answers: Source, as the card calls it -> what was answered there.
        names: Labels, in the order of their indices.
    """
    parts = []
    for source, answer in answers.items():
        right = answer.y_true == answer.y_pred
        lines = [f"### {source}", "", f"All: {_rate(right)}.", ""]
        lines += ["| label | right of n (95 % interval) |", "|---|---|"]
        lines += [
            f"| {name} | {_rate(right[answer.y_true == index])} |"
            for index, name in enumerate(names)
            if (answer.y_true == index).any()
        ]
        matrix = confusion_matrix(answer.y_true, answer.y_pred, len(names))
        parts.append("\n".join([*lines, "", markdown_table(matrix, names)]))
    return "\n\n".join(parts)


def _rate(right: NDArray[np.bool_]) -> str:
    """Count, total and interval."""
    low, high = wilson_interval(int(right.sum()), len(right))
    return f"{int(right.sum())} of {len(right)} ({low:.3f} to {high:.3f})"


def card(origin: Origin, facts: Mapping[str, object], results_text: str, real_text: str) -> str:
    """The card of a bundle of the nine labels, in Markdown.

    Args:
        origin: What it was made from.
        facts: Name -> value of the table at the top.
        results_text: Of `results`, on simulated subjects kept out of training.
        real_text: Results on real scans, with what they were used for.
    """
    table = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    return f"""# Bundle `{origin.name}`

Names the sequence of an MR volume of the pelvis or the head from its voxels alone.
**Research use only; not a medical device.** {origin.patients}

| | |
|---|---|
{table}

## Data

{origin.data}

Simulated are signal equations with drawn scan parameters on procedural anatomy and, where the
command above gives `--labelmaps` a folder that holds them, on label maps of heads (SynthSeg and
lab2im, Apache-2.0) and of pelves (pelvic-annotation, MIT; whose CT it was drawn on is not said),
with coil shading, noise, motion, ghosting, distortion and outliers for `UNKNOWN`. The simulator is
`mrsift.simulate`; the same seed draws the same volumes.

## Recipe

Volumes are prepared by `mrsift.preprocess.prepare` with the settings in the manifest. A 3D
ResNet is trained with AdamW, label smoothing, a second loss for the body region, and
augmentation that keeps contrast true to the label (field of view, perspective, shading,
sharpness, texture, noise, lost slices, masks). Temperature, prediction sets and the outlier
reference come from simulated subjects that the weights never saw, augmented as in training.

## Results on simulated subjects kept out of training

{results_text}

## Results on real scans

{real_text}

## Limits

- {origin.limit} Real scans differ: the probabilities and prediction sets are
  calibrated on simulated volumes, and on real ones they promise nothing.
- Two body regions, pelvis and head, and some abdomens. Anything else should be called
  `UNKNOWN`, and may not be.
- The absolute split of diffusion weighting at b = 500 s/mm2 is uncertain from pixels alone. A
  b-value in the header decides, where there is one.
- Fat-suppressed T2W and diffusion weighting with low b have almost the same contrast.
- T1W before and after contrast cannot be told apart where nothing enhances.
- Known weak: functional echo-planar series without a header (called DWI_HIGH), calculated high-b
  images, HASTE localizers, proton-density references.
"""


def site_card(name: str, facts: Mapping[str, object], results_text: str, recipe_text: str) -> str:
    """The card of a bundle that somebody trained on their own data, in Markdown.

    Args:
        name: Of the bundle.
        facts: Name -> value of the table at the top.
        results_text: Of `results`, on validation volumes.
        recipe_text: The resolved recipe.
    """
    table = "\n".join(f"| {key} | {value} |" for key, value in facts.items())
    return f"""# Bundle `{name}`

Names the sequence of an MR volume from its voxels alone, with the classes below.
**Research use only; not a medical device.** The weights were made from the images counted below:
who may have them depends on what the patients and their hospital agreed to.

| | |
|---|---|
{table}

## Results on validation volumes

The best epoch, the temperature and the prediction sets were chosen on these volumes, so the
numbers flatter. `mrsift evaluate` scores the test volumes, and counts how often it did.

{results_text}

## Limits

- Trained on the data above. Other scanners, protocols, body parts and ages may differ, and the
  probabilities and prediction sets promise nothing there.
- A volume of no class may be called one of them; `in_distribution` tells how unlike the training
  data it looks, and does not always notice.

## Recipe

```toml
{recipe_text}```
"""
