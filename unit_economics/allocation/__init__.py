"""Which charges pay for which unit: charges to targets by rules, then shared cost in double entry. Pure.

Here: frames and sums in, lines that add up to them out. Not here: what an allocation may say (entries/allocation.py),
the rules as SQL (cost_sources/focus/rule_sql.py), any I/O.
"""
