"""PostgreSQL: what is stored, and how a day is replaced.

Here: connections, migrations, the ledger, replace-a-day, publications and the outbox, and all SQL on the mart.
Not here: Dagster, HTTP, judgements (checks.py), or arithmetic on costs (unit_cost.py).
"""
