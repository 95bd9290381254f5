"""Unit economics: what one order costs, every business day, with proof.

Start reading at `assets.py`, the whole graph; `catalogue.py` says what can be measured.
Nothing belongs in this file: importing the package must do no work and read no environment.
"""
