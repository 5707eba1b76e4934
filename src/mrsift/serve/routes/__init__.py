"""One file per address of the page.

page.py       /, /study/N and /report: the page, one study of it, the report as a file
volume.py     /volume/ID: voxels
saliency.py   /saliency/ID: what the pixels' answer rests on
label.py      /label and /take-back: what the reader says
static.py     /static/NAME: style, scripts, NiiVue

`app.py` puts them together.
"""
