"""Volumes -> labels with their evidence; no torch.

In: paths, or the volumes of a study from `ingest`. Out: `types.Report`.

    identify.py   paths -> report
    look.py       volumes -> what the network sees: reading, preparing, answering side by side
    runtime.py    a bundle's ONNX -> compiled network -> numbers
    evidence.py   header -> opinion: asks every witness and adds their log-odds
        witness.py           what a witness is, and how loudly it may speak
        witness_kind.py      b-value, derived maps, image component
        witness_physics.py   echo, repetition and inversion times
        witness_scan.py      fat suppression, contrast agent, sequence name
        witness_text.py      descriptions, the weakest
    fuse.py       two opinions -> one answer
        conflict.py          where they, or a description and the answer, contradict
    profile.py    which labels count as known in a study
        profile_file.py      the user's own, with roles
    correct.py    labels that a person has set
    look.py also keeps a few voxels of each volume, to compare volumes of one study:
        sample.py            which voxels, and which volumes lie on one grid
        physics.py           volumes of a study -> evidence about each of them
        consistency.py       how well diffusion-weighted images explain a map
        diffusion_check.py   which volumes are the map and its images
        diffusion_evidence.py  what that says of each, in words and log-odds
        enhancement.py       T1-weighted volumes before and after contrast agent
        repetition.py        one image over and over, as in functional imaging
    roles.py      one volume per role, with reasons and doubts
        role_rank.py         what makes a volume better than another
        grids.py             how grids lie to each other
        naming.py            volumes in a few words
        sharpness.py         which of equal scans is the sharpest
    decide.py     what was seen of a study -> its report
    vocabulary.py the labels of a run, and header evidence in their words
    previews.py   a few slices for the report
    occlusion.py  what the network's answer rests on, block by block

Nothing is imported here, so that a part can be used without the rest.
"""
