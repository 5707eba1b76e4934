"""What the numbers of a study run do not support, in sentences."""

import math

from mrsift.evaluate.caveats import FEW_PATIENTS
from mrsift.evaluate.groups import NOT_SAID
from mrsift.evaluate.study import StudyEvaluation

SUSPICIOUS = 0.70
"""No blind test of MGMT from structural MR has come near this area."""

USUAL_SHUFFLES = 199
"""Shuffles below which a permutation test says little."""


def study_caveats(found: StudyEvaluation) -> tuple[str, ...]:
    """Sentences a reader must see beside the main result, the gravest first."""
    said = [
        *_design(found),
        *_suspicion(found),
        *_confounded(found),
        *_controls(found),
        *_size(found),
        *_elsewhere(found),
        *_leaks(found),
    ]
    return tuple(said)


def is_mgmt(found: StudyEvaluation) -> bool:
    """Whether the label is the methylation of the MGMT promoter."""
    return "mgmt" in found.target.lower()


def _design(found: StudyEvaluation) -> list[str]:
    whole, said = found.whole, []
    if whole.shared_patients:
        said.append(
            f"{whole.shared_patients} patients of the {whole.headline} split also occur in another"
            " split: the model may know them, and the numbers are too good. Split by patient and"
            " train again."
        )
    if whole.headline == "train":
        said.append("These patients were trained on: nothing here says how new ones are answered.")
    if whole.headline == "validation":
        said.append(
            "There are no test patients: these are the ones that training was watched on, and the"
            " numbers are too good."
        )
    if found.verdict == "one label":
        said.append(
            f"All patients have the label {found.majority}: with one label there is nothing to tell"
            " apart, and no AUC."
        )
    return said


def _suspicion(found: StudyEvaluation) -> list[str]:
    said = []
    if is_mgmt(found) and found.area.value > SUSPICIOUS:
        said.append(
            f"AUC above {SUSPICIOUS:.2f} for MGMT from structural MR: treat as a bug until the leak"
            " and the permutation checks pass. The best blind result known is about 0.62."
        )
    if found.verdict == "below":
        said.append(
            "The AUC is below what chance gives. Look for labels that are turned round, or for"
            " folds that were drawn by the label."
        )
    return said


def _leaks(found: StudyEvaluation) -> list[str]:
    if not any(leak.inflated for leak in found.controls.leaks):
        return []
    return [
        "LEAK, on purpose: a control split slices, not patients. Its numbers say nothing of new"
        " patients; they show how good a model can look that way."
    ]


def _confounded(found: StudyEvaluation) -> list[str]:
    able = [item.name for item in found.controls.confounders if item.area.low > 0.5]
    if not able:
        return []
    looked = len(found.controls.confounders)
    return [
        f"The label may follow from facts beside the image: {', '.join(able)} (of {looked} lines"
        " that were looked at). What the model knows may be that, and no biology."
    ]


def _controls(found: StudyEvaluation) -> list[str]:
    permutation = found.permutation
    if found.verdict in ("one label", "seen") or found.external:
        return []
    if permutation is None:
        return ["Labels were not permuted: mrsift classify permute RUN does it."]
    above = found.chance is not None and found.area.value > found.chance.high
    if found.verdict == "none" and found.area.low > 0.5 and above:
        return [
            "The AUC lies above the band of chance, but labels that were permuted came as far"
            f" (p = {permutation.p:.3f}): no signal is claimed."
        ]
    if len(permutation.areas) < USUAL_SHUFFLES:
        return [
            f"Only {len(permutation.areas)} permutations: p cannot be below"
            f" {permutation.floor:.3f}."
        ]
    return []


def _size(found: StudyEvaluation) -> list[str]:
    said = []
    if found.patients < FEW_PATIENTS:
        detectable = min((label.detectable for label in found.labels), default=math.nan)
        said.append(
            f"Only {found.patients} patients"
            + (
                "."
                if math.isnan(detectable)
                else f": chance alone reaches far, and an AUC below {detectable:.2f} would mostly"
                " be missed."
            )
            + " Intervals from so few tend to be too short."
        )
    unlabelled, outside = found.whole.left_out[found.whole.headline]
    if unlabelled:
        said.append(f"{unlabelled} patients without a label are not counted.")
    if outside:
        said.append(f"{outside} patients have a label that the model does not know; not counted.")
    return said


def _elsewhere(found: StudyEvaluation) -> list[str]:
    if found.external:
        return []
    sites = [name for name in found.whole.sites[found.whole.headline] if name != NOT_SAID]
    if not sites or sites == ["unknown"]:
        return ["No external cohort, and the sites are not known: how it does elsewhere is open."]
    if found.sites_are_new:
        return []
    if len(sites) == 1:
        return ["No external cohort: all patients are of one site."]
    return [
        "No external cohort: patients of every site were learnt from. To leave one out: mrsift"
        " dataset split --leave-out site, and --set study.sides=data."
    ]
