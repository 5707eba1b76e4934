"""How good an answer is, in NumPy: arrays in, numbers out, no torch.

The only file it touches is the predictions table.

    predictions.py  the table that every number is computed from, and its Parquet file
    cases.py        predictions -> the cases that count, as indices into one list of labels
    confusion.py    which label was answered for which, and every measure that follows from it
    bootstrap.py    patients drawn with replacement
    intervals.py    what k of n, or draws of patients, say about the number behind them
    scores.py       every measure per label and over all, with interval and count
    calibration.py  logits -> probabilities; the temperature that makes them honest; reliability
    conformal.py    the set of labels that holds the right one as often as promised
    ranking.py      AUROC, FPR95, risk against coverage, on every draw at once
    uncertainty.py  calibration, prediction sets and risk of one split, with intervals
    outliers.py     how unlike the training data a volume looks to the network
    strangers.py    does that score tell the known from everything else?
    groups.py       the scores per site, vendor, scanner model, field strength and plane
    agreement.py    Cohen's and Fleiss' kappa over readers, reference and model
    summary.py      predictions -> everything the report says, as one value
    caveats.py      what the numbers do not support, in sentences
    figures.py      the figures of a report, as matplotlib figures
    paired.py       two models on the same volumes

One label per patient, and whether there is anything in the image to tell it by:

    study.py           predictions and what else a study run left -> what its report says
    study_evidence.py  what else it left, as values
    study_areas.py     a label against the rest: areas, intervals, curves with the band of chance
        delong.py          the area under a ROC curve with its variance
        chance.py          what chance alone gives in so many patients
    study_controls.py  memory, slices, leaks and facts beside the image
    study_caveats.py   what the numbers do not support
    study_figures.py   its figures
"""
