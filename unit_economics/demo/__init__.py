"""A synthetic shop with planted events and an answer key, and a stand-in Vantage to publish to.

Here: what `unit-economics demo` shows. Not here: anything that a deployment on real data needs.
"""
