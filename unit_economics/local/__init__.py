"""Everything on one machine: the embedded PostgreSQL and Dagster's processes, started and stopped together.

Here: what `up` and `demo` run. Not here: what those processes do, or anything that a deployment elsewhere needs.
"""
