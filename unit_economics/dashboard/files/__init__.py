"""What leaves the dashboard as a file: a page that stands alone, a picture, CSV.

Not here: what a page shows (pages.py).
"""
