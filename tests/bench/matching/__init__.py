"""What the matcher is worth: labelled cases, the engines compared on them, and the fit of its calibration.

run          the scoreboard: our engine and plain ones, quality by set, tier and laboratory
speed        rows per second and memory over 55,000 and 110,000 terms
ablation     the same figures with one weight, option or table less
judge        the set that judges: rows written and read apart, on which nothing is tuned
metamorphic  the same rows written otherwise: what changes, and whether it changes to something wrong
reliability  whether a confidence is a probability
calibrate    the fit; writes matcher/calibration_data.py
starter_share  the share of labelled rows that the starter terminology covers; a part of docs/terminologie.md

`cases.csv` are our own labelled rows, `read_twice.csv` those that judged before, `judging.csv` those that only judge,
`frozen.json` the figures that the tests hold the engine to.
"""
