"""Calls to somebody else's HTTP API: one client for Vantage, and for the unit sources that ask over the web.

Here: where a secret may go (address.py, credentials.py), how any call is made (client.py, deadline.py, waits.py), how
people are told of it (place.py), and strict JSON (strict_json.py). Not here: any one API (vantage/, unit_sources/).
"""
