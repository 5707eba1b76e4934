"""Networks, readable top to bottom. torch lives here and in `train`, nowhere else.

resnet.py      the ResNets, 2D and 3D: stem, stages of blocks, one head or two
catalogue.py   `build`, and the table of parameters and multiply-adds
resnet3d.py    the shipped network's first form, until training uses `resnet.py`
"""
