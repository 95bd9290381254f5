"""The two roles that only read: one for everybody who may see costs, one that may see revenue too.

A reader takes one of them on (`set role`, or as a login that is its member) and has a right on every view it may read
and on no table. Here: making the roles, and granting what is missing. Not here: what the views show (migrations/).
"""

from typing import Final, LiteralString

import psycopg
from psycopg import sql

from unit_economics.warehouse.connection import Connection

VIEWER: Final = "unit_economics_viewer"
FINANCE: Final = "unit_economics_finance"

_SET_OPTION = 160_000
"""Since PostgreSQL 16, who makes a role is no member who may take it on, unless that is granted."""

_UNGRANTED: LiteralString = """
    with roles (viewer, finance) as (values ('unit_economics_viewer', 'unit_economics_finance'))
    select format('grant usage on schema unit_economics to %I', viewer) from roles
    where not has_schema_privilege(viewer, 'unit_economics', 'usage')
    union all
    select format('grant select on unit_economics.%I to %I', view.relname, reader)
    from roles, pg_class view, lateral (
        select case when unit_economics.is_revenue(view.relname) then finance else viewer end as reader
    ) may
    where view.relnamespace = 'unit_economics'::regnamespace and view.relkind = 'v'
        and not has_table_privilege(reader, view.oid, 'select')
    union all
    select format('grant execute on function %s to %I', function.oid::regprocedure, viewer)
    from roles, pg_proc function
    where function.pronamespace = 'unit_economics'::regnamespace and function.proname <> 'unit_quantities_as_of'
        and not has_function_privilege(viewer, function.oid, 'execute')
"""


def grant_reading(connection: Connection) -> None:
    """Make the roles where that is permitted, and grant them what they lack; where all is there, write nothing.

    Call it inside a transaction. What this user may not do is left undone: `missing_roles` tells it.
    """
    for statement in _missing(connection):
        _permitted(connection, statement)
    if _there(connection) == {VIEWER, FINANCE}:
        for (text,) in connection.execute(_UNGRANTED).fetchall():
            _permitted(connection, sql.SQL(text))


def missing_roles(connection: Connection) -> list[str]:
    """The SQL that an administrator is to run so that this connection's user may take the roles on; mostly empty."""
    return [statement.as_string(connection) for statement in _missing(connection)]


def _missing(connection: Connection) -> list[sql.Composed]:
    there = _there(connection)
    made = [sql.SQL("create role {} nologin").format(_name(role)) for role in (VIEWER, FINANCE) if role not in there]
    joined = sql.SQL("grant {} to {}").format(_name(VIEWER), _name(FINANCE))
    chained = there == {VIEWER, FINANCE} and _may(connection, FINANCE, VIEWER, "USAGE")
    return [*made, *([] if chained else [joined]), *_not_taken_on(connection, there)]


def _not_taken_on(connection: Connection, there: set[str]) -> list[sql.Composed]:
    """The grants that the connection's user needs to say `set role`."""
    user = connection.execute("select current_user").fetchall()[0][0]
    right = "SET" if connection.info.server_version >= _SET_OPTION else "MEMBER"
    return [
        sql.SQL("grant {} to {}").format(_name(role), _name(user))
        for role in (VIEWER, FINANCE)
        if role not in there or not _may(connection, user, role, right)
    ]


def _there(connection: Connection) -> set[str]:
    rows = connection.execute("select rolname from pg_roles where rolname = any(%s)", [[VIEWER, FINANCE]])
    return {row[0] for row in rows}


def _may(connection: Connection, member: str, role: str, right: str) -> bool:
    return connection.execute("select pg_has_role(%s, %s, %s)", [member, role, right]).fetchall()[0][0]


def _permitted(connection: Connection, statement: sql.Composed | sql.SQL) -> None:
    """Run it, unless this user may not; another database of the cluster may have just done the same."""
    try:
        with connection.transaction():
            connection.execute(statement)
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.UndefinedObject,
        psycopg.errors.DuplicateObject,
        psycopg.errors.UniqueViolation,
    ):
        return


def _name(role: str) -> sql.Identifier:
    return sql.Identifier(role)
