-- What may be read. The columns are a promise; `as_of` shows what was believed at a moment.

set local search_path = unit_economics, pg_catalog;

create function unit_quantities_as_of(of_asset text, at timestamptz) returns table (
    business_date date, segment text, quantity numeric, unit text, status text, version integer,
    recorded_at timestamptz, run_id text
) language sql stable parallel safe as $$
    select r.business_date, r.segment, r.quantity, r.unit, l.status, l.version, l.recorded_at, l.run_id
    from unit_economics.ledger l
    join unit_economics.unit_quantity r
        on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = of_asset and l.recorded_at <= at and (l.superseded_at is null or l.superseded_at > at)
$$;

create view cloud_costs as
    select r.business_date, r.provider_name, r.sub_account_id, r.service_name, r.region_id, r.charge_category, r.tags,
        r.billing_currency, r.billed_cost::numeric as billed_cost, r.effective_cost::numeric as effective_cost,
        r.list_cost::numeric as list_cost, r.contracted_cost::numeric as contracted_cost, r.charge_rows,
        l.status, l.version, l.recorded_at, l.run_id
    from ledger l
    join charge_day r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = 'cloud_costs' and l.superseded_at is null;

create function cloud_costs_as_of(at timestamptz) returns setof cloud_costs language sql stable parallel safe as $$
    select r.business_date, r.provider_name, r.sub_account_id, r.service_name, r.region_id, r.charge_category, r.tags,
        r.billing_currency, r.billed_cost::numeric, r.effective_cost::numeric, r.list_cost::numeric,
        r.contracted_cost::numeric, r.charge_rows, l.status, l.version, l.recorded_at, l.run_id
    from unit_economics.ledger l
    join unit_economics.charge_day r
        on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = 'cloud_costs' and l.recorded_at <= at and (l.superseded_at is null or l.superseded_at > at)
$$;

create view unit_costs as
    select r.asset as metric, r.business_date, r.cost_scope, r.billing_currency, r.cost_basis, r.cost::numeric as cost,
        r.charge_rows, r.quantity::numeric as quantity, r.unit, r.unit_cost::numeric as unit_cost, l.status, r.reason,
        l.complete_through, l.version, l.recorded_at, l.run_id
    from ledger l
    join unit_cost r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.superseded_at is null;

create function unit_costs_as_of(at timestamptz) returns setof unit_costs language sql stable parallel safe as $$
    select r.asset, r.business_date, r.cost_scope, r.billing_currency, r.cost_basis, r.cost::numeric, r.charge_rows,
        r.quantity::numeric, r.unit, r.unit_cost::numeric, l.status, r.reason, l.complete_through, l.version,
        l.recorded_at, l.run_id
    from unit_economics.ledger l
    join unit_economics.unit_cost r
        on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.recorded_at <= at and (l.superseded_at is null or l.superseded_at > at)
$$;

-- Ratio of sums: a window's unit cost is never the mean of its days' unit costs. A day counts when both its units and its
-- bill are there, for every scope alike, also for one that has no charge on it; days_without says how many don't.
create function unit_cost_over(of_metric text, first_day date, last_day date) returns table (
    metric text, cost_scope text, billing_currency text, cost_basis text, cost numeric, quantity numeric,
    unit_cost numeric, days bigint, days_without bigint
) language sql stable parallel safe as $$
    with of_window as (
        select * from unit_economics.unit_costs c
        where c.metric = of_metric and c.business_date between first_day and last_day
    ), days as (
        select w.business_date, max(w.quantity) as quantity,
            max(w.quantity) is not null and exists (
                select from unit_economics.ledger l
                where l.asset = 'cloud_costs' and l.business_date = w.business_date and l.superseded_at is null
            ) as whole
        from of_window w group by w.business_date
    ), units as (
        select sum(d.quantity) filter (where whole) as quantity, count(*) filter (where whole) as days,
            count(*) filter (where not whole) as days_without
        from days d
    ), costs as (
        select w.cost_scope, w.billing_currency, w.cost_basis, sum(w.cost) filter (where d.whole) as cost,
            bool_and(w.cost is not null or w.charge_rows = 0) filter (where d.whole) as stated
        from of_window w join days d on d.business_date = w.business_date
        group by w.cost_scope, w.billing_currency, w.cost_basis
    )
    select of_metric, c.cost_scope, c.billing_currency, c.cost_basis, case when c.stated then c.cost end, u.quantity,
        case when c.stated then c.cost end / nullif(u.quantity, 0), u.days, u.days_without
    from costs c cross join units u
$$;

-- The newest word of the checks on each day: what a publication must find green.
create view gate as
    select distinct on (asset, business_date) asset, business_date, passed, failures, attempt, recorded_at, run_id
    from verdict
    order by asset, business_date, attempt desc;
