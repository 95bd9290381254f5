-- What each version of a definition meant, so that any stored row can be looked up; and how much of history has it.

set local search_path = unit_economics, pg_catalog;

create table definition (
    asset text not null,
    definition text not null check (definition <> ''),
    meaning jsonb not null,
    catalogue_version text not null,
    first_seen timestamptz not null default clock_timestamp(),
    primary key (asset, definition)
);

create view definitions as select asset, definition, meaning, catalogue_version, first_seen from definition;
comment on view definitions is 'What each version of a definition meant: the parts of the catalogue that it is a hash of';
comment on column definitions.definition is 'The version, as day_versions and unit_cost_versions have it';
comment on column definitions.meaning is 'Sources, scopes, tag keys, units; secrets are the names of variables';
comment on column definitions.catalogue_version is 'The catalogue in which it was first seen';
comment on column definitions.first_seen is 'When an attempt first began under it';
