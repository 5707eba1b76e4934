"""Simulated MR volumes, so that a model can be trained without a patient.

In: a seed. Out: volumes with the truth about them, or whole studies as DICOM.

    tissues.toml        what tissue is made of
    tissue.py           one subject's draw of it
    grid.py             where the samples lie
    noise.py            textures
    shapes.py           solids, and the canvas they are painted on
    painting.py         lists of solids
    pelvis.py           the pelvis
    pelvic_frame.py     its muscles and bones, drawn
    pelvis_map.py       the same from a label map
    abdomen.py          the trunk above, and a hip replacement
    clutter.py          shapes that no atlas foresees
    strands.py          what is thinner than a voxel: fascia, septa, fat between fibres
    pelvic_organs.py    bladder, rectum, prostate, uterus
    sacrum.py           sacrum, coccyx, and what is behind them
    head.py             the head
    label_map.py        a head from a label map
    field.py            the field of gas and metal
    anatomy.py          subject -> maps of PD, T1, T2, ADC, fat
    protocol.py         what a protocol says
    protocol_known.py   TR, TE, TI, b, fat suppression, drawn per label
    protocol_draw.py    the same for every label, UNKNOWN included
    signal.py           sequence equations
    artefact.py         coils, k-space, noise, distortion
    computed.py         maps, subtractions and the like
    geometry.py         planes, fields of view, how a volume is measured
    volume.py           all of it, from a seed
    variation.py        the simulator without a part of it, or beyond its ranges
    stranger.py         what no model is trained on, to see whether it is noticed
    vendor.py           headers as five makers write them
    dicom.py            volumes -> DICOM series
    demo.py             the two studies that ship
    enhanced.py         the same as Enhanced MR objects
    enhanced_groups.py  what their frames share and have each
    glioma.py           a tumour with a sign of known worth
    recipe.py           what a data set shall hold, checked
    site_naming.py      names that sites give to series
    site.py             the habits of a site
    plan.py             one volume before it is made
    study_plan.py       one study before it is made
    study_files.py      a planned study -> DICOM
    data_set.py         all studies of a recipe, and their tables
"""

from mrsift.simulate.volume import SimulatedVolume, draw, draw_subject

__all__ = ["SimulatedVolume", "draw", "draw_subject"]
