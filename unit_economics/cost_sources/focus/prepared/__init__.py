"""A delivery rewritten once, so that reading a day of it touches that day alone: `unit-economics prepare`.

    path -> delivery, layout (as for any reading) -> sums (the bill is sound, and what it sums to)
         -> rewriting (split by UTC day, sorted, zstd) -> sums of what was written, equal or refused
         -> placing (parts, then the manifest) -> contents (what a later reading takes of it)

Here: this package's map. Not here: reading charges, which is the same for a prepared delivery as for any other
(reading.py).
"""
