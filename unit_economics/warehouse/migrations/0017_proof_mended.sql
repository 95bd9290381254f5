-- A service's curve ends at the age at which it is complete itself, which is another for a slower one.

set local search_path = unit_economics, pg_catalog;

create or replace view completion_curve_versions as
    select c.curve, c.cost_basis, l.provider_name, l.service_name, l.billing_currency, l.age_days,
        round(1 / nullif(l.factor::numeric, 0), 6) as share, l.factor::numeric as factor, l.spread, l.source, l.snapshots,
        (max(l.age_days) over (partition by l.curve, l.provider_name, l.service_name, l.billing_currency) + 1)::smallint
            as complete_at,
        l.step_factor, l.step_variance, l.step_weight, c.first_day, c.last_day, c.recorded_at, c.run_id, c.code_version,
        c.catalogue_version
    from learnt_curve c join learnt_cell l using (curve);
comment on view completion_curve_versions is 'Every completion curve that was ever learnt, by provider, service and age';
comment on column completion_curve.complete_at is 'The age at which this service is complete, and its curve ends';

-- Only a day that points to other rows now than when its month was closed can have another number. Found by the ledger,
-- it is a few days of thousands, whose rows are read by key; comparing every row of every closed month took seconds.
create or replace function restated_after_close_as_of(at timestamptz) returns table (
    month date, metric text, business_date date, cost_scope text, billing_currency text, cost_as_closed numeric,
    cost_now numeric, quantity_as_closed numeric, quantity_now numeric, unit_cost_as_closed numeric,
    unit_cost_now numeric, difference numeric, version_as_closed integer, version_now integer
) language sql stable parallel safe as $$
    with days as (
        select m.month, m.closed_at, v.*
        from unit_economics.month_closes m
        join unit_economics.day_versions v on date_trunc('month', v.business_date::timestamp)::date = m.month
        where m.closed_at <= at
    ), moved as materialized (
        select coalesce(b.month, c.month) as month, coalesce(b.asset, c.asset) as asset,
            coalesce(b.business_date, c.business_date) as business_date, c.version as version_as_closed,
            b.version as version_now
        from (select * from days d where d.recorded_at <= d.closed_at
            and (d.superseded_at is null or d.superseded_at > d.closed_at)) c
        full join (select * from days d where d.recorded_at <= at and (d.superseded_at is null or d.superseded_at > at)) b
            on (b.asset, b.business_date) = (c.asset, c.business_date)
        where b.rows_version is distinct from c.rows_version
    ), closed as (
        select m.month, v.* from moved m
        cross join lateral (
            select * from unit_economics.unit_cost_versions v
            where v.metric = m.asset and v.business_date = m.business_date and v.version = m.version_as_closed
            offset 0
        ) v
    ), believed as (
        select m.month, v.* from moved m
        cross join lateral (
            select * from unit_economics.unit_cost_versions v
            where v.metric = m.asset and v.business_date = m.business_date and v.version = m.version_now
            offset 0
        ) v
    )
    select coalesce(b.month, c.month), coalesce(b.metric, c.metric), coalesce(b.business_date, c.business_date),
        coalesce(b.cost_scope, c.cost_scope), coalesce(b.billing_currency, c.billing_currency), c.cost, b.cost,
        c.quantity, b.quantity, c.unit_cost, b.unit_cost, b.unit_cost - c.unit_cost, c.version, b.version
    from closed c
    full join believed b on (b.month, b.metric, b.business_date, b.cost_scope, b.billing_currency)
        = (c.month, c.metric, c.business_date, c.cost_scope, c.billing_currency)
    where (b.cost, b.quantity, b.unit_cost) is distinct from (c.cost, c.quantity, c.unit_cost)
$$;

-- An invoice that begins before the mart does can't be held against the days that are there.
alter table reconciliation drop constraint reconciliation_state_check;
alter table reconciliation add constraint reconciliation_state_check check (state in (
    'void', 'no_amount', 'open', 'provisional', 'reconciled', 'explained', 'unexplained', 'not_held'
));
