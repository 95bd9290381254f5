"""The whole platform as it really runs: PostgreSQL, code server, webserver and daemon, started by `unit-economics up`.

Here: one running stack for every test that needs it, the days in it, who hears its alerts, and what Dagster says of it
over GraphQL. Not here: what a person sees in the UI (browser/), or the graph run in the test's own process
(test_flow.py).
"""
