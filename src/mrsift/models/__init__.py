"""Networks, readable top to bottom. torch lives here and in `train`, nowhere else.

In: `config.NetworkSettings`. Out: a network whose forward pass gives logits, region, features.

resnet.py      the ResNets, 2D and 3D: stem, stages of blocks, one head or two
attention.py   gated attention over the slices of a bag
catalogue.py   `build`, and the table of parameters and multiply-adds
pretrained.py  weights of MONAI, MedicalNet and torchvision, with a report of what matched
inflate.py     2D kernels to 3D, other channels, shortcuts without weights
weights.py     weights of our own networks, to safetensors and back
layers.py      the means of every stage, for what is unlike anything seen
layer_table.py the networks layer by layer, as the papers print them
local_votes.py what each place of a volume speaks for, and how far networks differ there
saliency.py    Grad-CAM, and the check that it looks at what was learnt
"""
