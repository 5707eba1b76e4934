"""Results -> files and text; what comes in is a `types.Report` or an `ingest.Scan`.

    output_file.py     text -> a file that is there whole or not at all
    rows.py            predictions -> rows for people: equal time points folded, facts in words
    role_rows.py       roles and physics of a study in words
    json_report.py     `mrsift.identify/1` and `mrsift.show/1`
    csv_table.py       one line per volume, to be corrected in a spreadsheet
    corrections_file.py   what a person says of volumes -> the table that keeps it
    terminal.py        what both tables share: console, columns, skipped files
    terminal_table.py  what `mrsift identify` prints
    terminal_scan.py   what `mrsift show` prints
    html_report.py     one self-contained page, with templates/report.html.j2
    html_physics.py    its roles, and plots and pictures of physics
    pictures.py        preview slices -> data URIs
    downstream.py      roles in the words of picai_prep and MONAI Deploy
    resample.py        volumes of different grids -> one grid
    sort.py            studies -> a tree sorted by what they are, of entries (sort_item.py)
        sort_case.py       studies -> running numbers, and the key outside the tree
        sort_bids.py       NIfTI with BIDS names; nifti_file.py, bids_sidecar.py write them
        sort_nnunet.py     one NIfTI file per role, on one grid
        sort_label.py      the objects as they are, in folders by label
        sort_write.py      entries -> files, never over others, continued after an interruption
        sort_manifest.py   every file with its checksum
        terminal_sort.py   what `mrsift sort` prints

    evaluation.py          a run -> a report folder
    evaluation_run.py      a run folder, or a predictions table alone, -> what is evaluated
    evaluation_folds.py    runs of a cross-validation -> one thing to evaluate
    evaluation_ledger.py   how often a test set was looked at
    evaluation_tables.py   an evaluation as tables, the one source of what is shown
    evaluation_words.py    numbers in words
    evaluation_text.py     tables -> CSV and LaTeX
    evaluation_figures.py  figures -> PNG and SVG
    evaluation_gallery.py  which volumes are shown as pictures
    evaluation_html.py     the page, with templates/evaluation.html.j2
    evaluation_json.py     everything as JSON
    evaluation_terminal.py what `mrsift evaluate` and `mrsift compare` print
    comparison.py          two runs -> a report folder
    study_report.py        a run on patients -> the same folder
        study_tables.py, study_words.py, study_terminal.py   its tables and sentences
    sections_page.py       sections of tables, figures and pictures -> a page

Nothing is imported here: rich, Jinja2 and Pillow are loaded only by the file that needs them.
"""
