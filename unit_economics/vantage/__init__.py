"""Vantage's API: one client for the cost source and the sink.

Here: operations (api.py) and reading its answers (answers.py). Not here: how any call is made (web_api/), what the
costs mean (cost_sources/) or what is published (sinks/).
"""
