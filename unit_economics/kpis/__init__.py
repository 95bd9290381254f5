"""The library of KPIs: well-known measures as data, which a catalogue includes by name.

Here: the library (library/, one YAML file a theme), its shape, and how one becomes a formula of a catalogue. Not here:
what formulas are (formulas/, formula_book.py), how they are computed (formula_days.py), the command (cli/kpis.py).

A KPI is a formula with `$parameters`, its trap, its source and an example that a test computes. A new one is an entry
in a file, and no code.
"""
