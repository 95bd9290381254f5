"""The web page: unit costs with their proof, for people, from the published views alone.

Here: reading, drawing and serving pages. Not here: storing and computing; this package writes nothing.
"""
