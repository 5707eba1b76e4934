"""Networks, readable top to bottom. torch lives here and in `train`, nowhere else.

resnet3d.py    3D ResNet with a head for the label and one for the body region
catalogue.py   the networks by name
"""
