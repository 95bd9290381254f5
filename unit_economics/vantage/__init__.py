"""Vantage's API: one client for the cost source and the sink.

Here: operations (api.py), how any call is made (http.py, address.py, deadline.py, waits.py), and reading its answers
(answers.py). Not here: what the costs mean (cost_sources/) or what is published (sinks/).
"""
