"""A recipe and labelled volumes -> a trained network -> a bundle. torch lives here and in `models`.

In: a recipe (TOML) and the data set of `dataset`. Out: the folder of a run, with the predictions
that `evaluate` reads; from it, a bundle.

    recipe.py         one TOML file, checked, overridden, written out resolved
    study_recipe.py   what a recipe for labels of patients must not say
    experiment.py     `train` and `resume`: all of a run, from data to predictions

    classes.py        row of the data -> its class; refuses data that nothing can be learnt from
    cache.py          prepared volumes on disk, made again where their source changed
    prepared.py       classes and cache together; what cannot be read is left out and named
    augmentation.py   what a scanner or a scan may change without changing the label
    plan.py           which volumes make which step, from seed and step alone
    batches.py        prepared volumes -> batches

    fit.py            the training loop: Lightning's trainer, told how
    module.py         loss, optimiser, and what is counted on the way
    teachers.py       networks whose answers are learnt beside the labels
    keeper.py         history, best and last checkpoint, why a run ended
    checkpoints.py    written whole or not at all; read without running code
    precision.py      refuses what mixed precision cannot do here
    processes.py      those that `torchrun` started
    run_folder.py     what is where in a run; never overwritten
    curves.py         history as a table and as a picture
    watch.py          what a run tells those who watch it

    score.py          a trained network's outputs on many volumes
    calibrate.py      temperature, prediction sets and outlier reference, from validation
    header_trials.py  simulated studies with headers that are right, silent or wrong
    decide.py         the operating point of a bundle: trials, and the bundle written again
    operating_point.py   from trials to reliabilities and a threshold
    results.py        what is written when a run has ended
    elsewhere.py      a model on data of another hospital
    explain.py        pictures of where a network looked, for a report

    tune.py           settings tried on validation
    adapt.py          a bundle's network, trained on with other data
    bundle_export.py  a run -> a bundle
    onnx_export.py    torch -> ONNX, compared output for output
    card.py           the page that travels with a bundle
    pool.py           volumes drawn once from the simulator, prepared, on disk in shards
    default.py        the commands that make the shipped bundle
    with_real.py      the command that goes on from it with real volumes
    shipped.py        calibration, export and card of both
"""
