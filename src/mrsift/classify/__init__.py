"""The sequences of a study -> one label for the patient, and how far it can be trusted.

In: a cohort (`dataset`, one row per sequence of a patient). Out: the folder of a run whose
predictions have one row per patient; `train` trains and `evaluate` judges, here as for volumes.

    cohort.py       rows of a cohort -> patients with their sequences
    grid.py         a patient's sequences -> one array on one grid
        resample.py     one grid -> another
        register.py     one sequence moved over another, where that is wanted
    prepared.py     patients as arrays on disk, read as memory maps
    patients.py     a cohort and a recipe -> prepared patients with labels

    experiment.py   a whole run: `train_studies`, `resume_studies`
    folds.py        who trains, who watches and who is tested, for every network
    member.py       one network: trained by the loop of `train`, then asked about everybody
    sampling.py     what it sees at once: a slice, a bag of slices, or the volume
    look.py         what it sees in one patient
    reading.py      that -> a value, and how it wavers
    aggregate.py    slices -> one value for the patient
    answers.py      what one network says of everybody, as a file
    ensemble.py     several networks -> one answer, with a set of labels
    results.py      all of them -> the tables of a run
    tables.py       these as Parquet
    history.py      epochs of all networks
    study_run.py    what is where in a run
    predict.py      new patients by all networks of a run, and a submission
    new_patients.py where they lie -> a data set, as the run's own was found
    frozen.py       what each network of a run sees in each patient, for heads fitted anew

    heads.py        such heads: a logistic regression for each network
    permutation.py  labels shuffled over patients, and what is found then
    leak.py         every second slice as a patient of its own: a leak on purpose
    retrain.py      controls that train: all of a run under shuffled labels, and the leak
    confounders.py  the label from facts beside the image
    elsewhere.py    another cohort by all networks of a run
    evidence.py     all of these -> what the report needs

    sequences.py    the sequences of a patient as pictures, side by side
    block_figure.py residual blocks of a network, drawn from its modules

    explain.py      a run and one patient -> a case
        case.py         what is known of it, in numbers and sentences
        case_pictures.py   sequences side by side, maps over them
        case_figures.py    votes along the stack
        case_page.py       all of it on one page

    audit.py        a printed number -> which shares it can be, and how often chance would do it
    audit_table.py  a table of them -> n of each patient, and numbers that are impossible
    audit_file.py   the tables as CSV
    audit_words.py  an audit in sentences
"""
