"""The pages over HTTP: addresses, who may see them, headers, what becomes of a failure.

Not here: what a page shows (pages.py).
"""
