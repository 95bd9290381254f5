"""What the platform promises about time and memory, measured: `make bench`.

One module a benchmark; each returns rows of target, measured, met. Ratios of two things timed in the same run, since
seconds belong to a machine. Not here: correctness (the tests, which never time anything).
"""
