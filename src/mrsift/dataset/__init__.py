"""Labelled volumes -> the table of an experiment, split by patient; no torch.

In: a folder and the labels of its volumes. Out: `data.parquet`, that training and evaluation read.

    index.py        a folder and labels -> rows, and what did not fit
        labelling.py   which volume got which label, and what found no partner
        corrected.py   what people set by hand against what the table says
        identity.py    patient and vendor in one spelling, without names
        rows.py        a volume -> its row, read once; memory.py bounds how many at a time
        thumbprint.py  bits that copies of a picture share
    cohort.py       patients with one label each -> rows, one per sequence
        study_labels.py  patient -> label
        challenge.py     the folders of the RSNA-MICCAI challenge -> sequences
        role_volumes.py  any folder -> the sequences that `identify` chooses
        series.py        a sequence as it was found
        quality.py       blank slices, gaps, duplicates: one row per sequence
    table.py        `DatasetRow`, `Dataset`, and the Parquet file
    voxels.py       a row -> its volume, and whether its files changed
    stored.py       an array that was prepared -> memory map
    answers.py      a bundle's answers for every row: the predictions table
    pictures.py     a row -> its picture for a report
    split.py        every patient on one side; folds; a site left out
        stratify.py    each side with its share of every class and site
    check.py        leaks, copies, imbalance, lost files
        leaks.py       the same patient or the same pixels twice
    counts.py       volumes and patients of each class on each side
    finding.py      one thing that was noticed
    terminal.py     counts and findings for people
"""
