"""Simulated volumes -> a trained network -> a bundle. torch lives here and in `models`.

pool.py           volumes drawn once from the simulator, prepared, on disk in shards
augmentation.py   what a scanner or a scan may change without changing the label
dataset.py        (epoch, sample) -> augmented input; every draw follows from the seed
fit.py            the training loop; a run that is cut off resumes to the same weights
score.py          a trained network's outputs on a pool or on volumes
onnx_export.py    torch -> ONNX, compared output for output
card.py          the page that travels with a bundle
default.py        the commands that make the shipped bundle
"""
