"""A messenger that sends what is due, says in a file what went out, and can be killed after any message.

Here: what runs in the forked child. Not here: killing it (nursery.py), counting what arrived (test_alerts_arrive.py).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unit_economics import alerts
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.outbox import Message
from unit_economics_tests.faults.nursery import Life


def _delivering(life: Life, of: Mapping[str, Any]) -> None:
    life.ready()
    said = 0

    def send(message: Message) -> bool:
        nonlocal said
        with Path(of["arrived"]).open("a") as arrived:
            arrived.write(f"{message.cause}\n")
        said += 1
        life.at(f"after message {said}")
        return True

    alerts.deliver(Warehouse(of["url"]), {"channel": send})


WORKS = {"deliver": _delivering}
