"""How good an answer is, in NumPy: arrays in, numbers out, no torch.

The only file it touches is the predictions table.

predictions.py   the table that every number is computed from, and its Parquet file
calibration.py   logits -> probabilities; the temperature that makes them honest
conformal.py     the set of labels that holds the right one as often as promised
outliers.py      how unlike the training data a volume looks to the network
intervals.py     what k of n says about the rate behind it
confusion.py     which label was answered for which
"""
