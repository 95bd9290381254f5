-- The months that a person closed, each with the moment that it shows for ever; and what became of them afterwards.

set local search_path = unit_economics, pg_catalog;

create table month_close (
    month date primary key check (extract(day from month) = 1),
    closed_at timestamptz not null,
    previous_close timestamptz check (previous_close < closed_at),
    manifest_sha256 text not null check (manifest_sha256 ~ '^[0-9a-f]{64}$'),
    closed_by text not null check (closed_by <> ''),
    run_id text not null,
    code_version text not null,
    catalogue_version text not null references catalogue,
    recorded_at timestamptz not null default clock_timestamp()
);

create view month_closes as
    select month, closed_at, previous_close, manifest_sha256, closed_by, run_id, code_version, catalogue_version,
        recorded_at
    from month_close;
comment on view month_closes is 'The months that were closed: a month is closed once, and its pack shows what was believed';
comment on column month_closes.month is 'Its first day';
comment on column month_closes.closed_at is 'The moment whose beliefs are in the pack: as_of(closed_at) has them';
comment on column month_closes.previous_close is 'The closed_at of the close before, of whichever month';
comment on column month_closes.manifest_sha256 is 'The hash of the pack''s manifest.json, which holds the hash of every other file';
comment on column month_closes.closed_by is 'The name that was given, or the run';

create function restated_after_close_as_of(at timestamptz) returns table (
    month date, metric text, business_date date, cost_scope text, billing_currency text, cost_as_closed numeric,
    cost_now numeric, quantity_as_closed numeric, quantity_now numeric, unit_cost_as_closed numeric,
    unit_cost_now numeric, difference numeric, version_as_closed integer, version_now integer
) language sql stable parallel safe as $$
    with closed as (
        select m.month, v.*
        from unit_economics.month_closes m
        join unit_economics.unit_cost_versions v
            on v.business_date >= m.month and v.business_date < m.month + interval '1 month'
            and v.recorded_at <= m.closed_at and (v.superseded_at is null or v.superseded_at > m.closed_at)
        where m.closed_at <= at
    ), believed as (
        select m.month, v.*
        from unit_economics.month_closes m
        join unit_economics.unit_cost_versions v
            on v.business_date >= m.month and v.business_date < m.month + interval '1 month'
            and v.recorded_at <= at and (v.superseded_at is null or v.superseded_at > at)
        where m.closed_at <= at
    )
    select coalesce(b.month, c.month), coalesce(b.metric, c.metric), coalesce(b.business_date, c.business_date),
        coalesce(b.cost_scope, c.cost_scope), coalesce(b.billing_currency, c.billing_currency), c.cost, b.cost,
        c.quantity, b.quantity, c.unit_cost, b.unit_cost, b.unit_cost - c.unit_cost, c.version, b.version
    from closed c
    full join believed b on (b.month, b.metric, b.business_date, b.cost_scope, b.billing_currency)
        = (c.month, c.metric, c.business_date, c.cost_scope, c.billing_currency)
    where (b.cost, b.quantity, b.unit_cost) is distinct from (c.cost, c.quantity, c.unit_cost)
$$;
comment on function restated_after_close_as_of is 'What was believed of closed months at that moment and is not in their packs';

create view restated_after_close as select * from restated_after_close_as_of('infinity');
comment on view restated_after_close is 'Every unit cost of a closed month that is another one now than in its pack';
comment on column restated_after_close.difference is 'Of the unit cost, now less as closed; empty where either is';
