"""What stored observations say beyond their value: why one changed, whether it is noise, what comes next.

Here: pure mathematics on numbers that a caller has read, one module a question.
Not here: reading them (warehouse), drawing them (dashboard), the unit cost itself (unit_cost.py).
"""
