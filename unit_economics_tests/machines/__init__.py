"""Several machines, as network namespaces of this one: servers and daemon on the first, a worker on each other.

Here: starting them, losing one, and what is in the mart then. Not here: one machine (stack/), or losses at every single
line of a write (faults/).
"""
