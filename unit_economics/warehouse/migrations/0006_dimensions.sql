-- Units can be told apart by dimensions: a row for every combination of their values.

set local search_path = unit_economics, pg_catalog;

alter table unit_quantity
    add column dimensions jsonb not null default '{}', -- the value of every dimension by its name
    drop constraint unit_quantity_pkey,
    add primary key (asset, business_date, version, segment, dimensions);

-- A view that was made by an earlier release gets the column too.
do $$
declare
    name text;
begin
    for name in select viewname from pg_views where schemaname = 'unit_economics' and viewname ~ '^(daily|driver)_' loop
        execute format(
            'create or replace view unit_economics.%I with (security_barrier) as
            select r.business_date, r.segment, r.quantity::numeric as quantity, r.unit, l.status, l.version,
                l.recorded_at, l.run_id, r.dimensions
            from unit_economics.ledger l join unit_economics.unit_quantity r
                on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
            where l.asset = %L and l.superseded_at is null', name, name);
    end loop;
end
$$;
