"""The command `mrsift`: arguments in, files and tables out, an exit status at the end.

    main.py         what all verbs share: parser, errors in one line, Ctrl-C
    identify.py     `mrsift identify`
    show.py         `mrsift show`
    view.py         `mrsift view`
    sort.py         `mrsift sort`
    simulate.py     `mrsift simulate`
    dataset.py      `mrsift dataset index`, `split` and `check`
        dataset_output.py   what these steps print and write
        cohort.py           `mrsift dataset index` of patients with one label each
    train.py        `mrsift train`
    tune.py         `mrsift tune`
    export.py       `mrsift export`
    adapt.py        `mrsift adapt`
    classify.py     `mrsift classify`; each step has a file:
        classify_predict.py one value for each new patient
        classify_audit.py   are published numbers probabilities or votes?
        classify_explain.py one patient, and what the answer rests on
        classify_permute.py what is found when labels are shuffled
        classify_leak.py    a control that leaks on purpose
    evaluate.py     `mrsift evaluate`
        evaluate_study.py   of a run on studies: one row is one patient
    compare.py      `mrsift compare`
    arguments.py    checks of arguments that several verbs take
    progress.py     a bar on standard error, on a terminal only
    watch.py        what verbs that train share: libraries they need, lines with a bar below
    streams.py      standard output that is full, closed, or a pipe nobody reads
    exit_status.py  how a run ends

The verbs import what they need when they run, so that `mrsift --help` loads no NumPy.
"""
