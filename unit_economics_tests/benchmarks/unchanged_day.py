"""A day in which nothing changed against one that did: CPU, and rows written.

Here: one day of a wide bill, all four steps, with and without Dagster. The day changes when its file is written again
with other charges and its orders differ. Not here: ranges of days (backfill.py).
"""
