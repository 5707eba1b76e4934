"""Networks, readable top to bottom. torch lives here and in `train`, nowhere else.

In: `config.NetworkSettings`. Out: a network whose forward pass gives logits, region, features.

resnet.py      the ResNets, 2D and 3D: stem, stages of blocks, one head or two
catalogue.py   `build`, and the table of parameters and multiply-adds
weights.py     weights of our own networks, to safetensors and back
"""
