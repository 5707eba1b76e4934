"""Predictions -> everything the report says, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass

from mrsift.errors import ConfigError
from mrsift.evaluate import uncertainty
from mrsift.evaluate.agreement import Agreement, agreements
from mrsift.evaluate.bootstrap import DRAWS, SEED
from mrsift.evaluate.cases import UNSPLIT, answer_names, find_cases, split_rows
from mrsift.evaluate.groups import NOT_SAID, Group, groups
from mrsift.evaluate.predictions import Predictions
from mrsift.evaluate.scores import Scores, score
from mrsift.evaluate.strangers import Strangers, strangers

HEADLINE = ("test", UNSPLIT, "validation", "train")
"""The first of these splits that occurs is the one the report is about."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Everything computed from one predictions table.

    Attributes:
        names: Labels of the network.
        headline: Split that all but the tables per split are about.
        splits: Split -> scores.
        left_out: Split -> (rows without a label, rows of a label the network does not have).
        calibration: Split -> calibration; validation and headline.
        sets: Prediction sets measured on the headline split, those of the model first.
        sets_from: Split that the thresholds of `sets` come from; None where there is none.
        selective: On the headline split.
        strangers: On the headline split; None where all volumes are of known labels.
        groups: On the headline split.
        agreements: On the headline split; empty without readers.
        sites: Split -> sites that its volumes are of, `NOT_SAID` for empty cells.
        shared_patients: Patients of the headline split that occur in another one as well.
        draws: Draws of patients behind the intervals.
        seed: Of the draws.
    """

    names: tuple[str, ...]
    headline: str
    splits: Mapping[str, Scores]
    left_out: Mapping[str, tuple[int, int]]
    calibration: Mapping[str, uncertainty.Calibration]
    sets: tuple[uncertainty.SetCoverage, ...]
    sets_from: str | None
    selective: uncertainty.Selective
    strangers: Strangers | None
    groups: tuple[Group, ...]
    agreements: tuple[Agreement, ...]
    sites: Mapping[str, tuple[str, ...]]
    shared_patients: int
    draws: int
    seed: int

    @property
    def main(self) -> Scores:
        """Scores of the headline split."""
        return self.splits[self.headline]


def evaluate(predictions: Predictions, *, draws: int = DRAWS, seed: int = SEED) -> Evaluation:
    """Compute everything.

    Args:
        predictions: A whole table.
        draws: Draws of patients behind an interval.
        seed: Of the draws.

    Raises:
        ConfigError: No row has a label that the network could have answered.
    """
    names = answer_names(predictions)
    parts = {name: predictions.rows(mask) for name, mask in split_rows(predictions.split).items()}
    cases = {name: find_cases(part, names) for name, part in parts.items()}
    headline = next((name for name in HEADLINE if name in parts and len(cases[name].rows)), None)
    if headline is None:
        raise ConfigError("predictions: no row has a label that the network knows")
    main = parts[headline]
    known = {
        name: uncertainty.find_known(part, draws=draws, seed=seed)
        for name, part in parts.items()
        if name in (headline, "validation")
    }
    sets, sets_from = _sets(main, known, headline)
    return Evaluation(
        names=predictions.names,
        headline=headline,
        splits={
            name: score(case, parts[name].patient[case.rows], draws=draws, seed=seed)
            for name, case in cases.items()
            if len(case.rows)
        },
        left_out={name: (case.unlabelled, case.outside) for name, case in cases.items()},
        calibration={
            name: uncertainty.calibration(rows) for name, rows in known.items() if len(rows.y_true)
        },
        sets=sets,
        sets_from=sets_from,
        selective=uncertainty.selective(known[headline]),
        strangers=strangers(main, draws=draws, seed=seed),
        groups=groups(main, draws=draws, seed=seed),
        agreements=agreements(main, draws=draws, seed=seed),
        sites={
            name: tuple(sorted({site or NOT_SAID for site in part.site}))
            for name, part in parts.items()
        },
        shared_patients=_shared_patients(parts, headline),
        draws=draws,
        seed=seed,
    )


def _shared_patients(parts: Mapping[str, Predictions], headline: str) -> int:
    others = [set(part.patient) for name, part in parts.items() if name != headline]
    return len(set(parts[headline].patient) & set().union(*others))


def _sets(
    main: Predictions, known: Mapping[str, uncertainty.Known], headline: str
) -> tuple[tuple[uncertainty.SetCoverage, ...], str | None]:
    """Sets as the model gave them, and sets made on validation where that is another split."""
    rows = known[headline]
    given = main.prediction_set[find_cases(main).rows]
    found = []
    if any(text is not None for text in given):
        found.append(uncertainty.given_sets(rows, given))
    validation = known.get("validation")
    if headline == "validation" or validation is None or not len(validation.y_true):
        return tuple(found), None
    found += [uncertainty.sets_for(rows, validation, level) for level in uncertainty.LEVELS]
    return tuple(found), "validation"
