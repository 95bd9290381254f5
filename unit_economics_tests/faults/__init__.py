"""What happens when things break: killed processes, late and concurrent writers, downtime, leaks, dead channels.

Here: faults, each shown first to be seen by its own checker on a known-bad variant. Not here: bad input (the tests of
the sources), the arithmetic, and whole flows without a fault.
"""
