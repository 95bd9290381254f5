-- A metric taken apart by dimensions, and how several days' units become one number.

set local search_path = unit_economics, pg_catalog;

create table unit_cost_slice (
    asset text not null,
    business_date date not null,
    version integer not null,
    slice text not null,
    dimensions jsonb not null,
    cost_scope text not null,
    billing_currency text not null check (billing_currency ~ '^[A-Z]{3}$'),
    cost_basis text not null,
    cost exact_decimal,
    charge_rows bigint not null check (charge_rows >= 0),
    quantity exact_decimal,
    unit text not null,
    unit_cost exact_ratio,
    reason text,
    primary key (asset, business_date, version, slice, dimensions, billing_currency),
    foreign key (asset, business_date, version) references ledger,
    check ((unit_cost is null) = (reason is not null))
);

create view unit_cost_slice_versions as
    select substr(r.asset, 1, length(r.asset) - length('_slices')) as metric, r.business_date, r.slice, r.dimensions,
        r.cost_scope, r.billing_currency, r.cost_basis, r.cost::numeric as cost, r.charge_rows,
        r.quantity::numeric as quantity, r.unit, r.unit_cost::numeric as unit_cost, l.status, r.reason,
        l.complete_through, l.version, l.recorded_at, l.run_id, l.superseded_at, l.definition
    from ledger l
    join unit_cost_slice r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version);
comment on view unit_cost_slice_versions is 'Every version of every metric taken apart by dimensions';

create view unit_cost_slices as
    select metric, business_date, slice, dimensions, cost_scope, billing_currency, cost_basis, cost, charge_rows,
        quantity, unit, unit_cost, status, reason, complete_through, version, recorded_at, run_id
    from unit_cost_slice_versions
    where superseded_at is null;
comment on view unit_cost_slices is 'Each metric taken apart: the parts of a slice add up to its cost scope exactly';
comment on column unit_cost_slices.slice is 'Its name in the catalogue';
comment on column unit_cost_slices.dimensions is 'The value of every dimension; (none) where there is none';

-- How a metric's units become one number over several days, as the catalogue that last opened the mart says.
create table metric_unit (
    metric text primary key,
    over_days text not null check (over_days in ('sum', 'mean', 'last', 'distinct'))
);
create view metric_units as select metric, over_days from metric_unit;
comment on view metric_units is 'How the units of several days become one number: sum, mean, last, or distinct (no way)';

-- Ratio of sums, but for units that don't add up: those have their days' mean, their last day, or no answer.
create or replace function unit_cost_over(of_metric text, first_day date, last_day date) returns table (
    metric text, cost_scope text, billing_currency text, cost_basis text, cost numeric, quantity numeric,
    unit_cost numeric, days bigint, days_without bigint
) language sql stable parallel safe as $$
    with of_window as (
        select * from unit_economics.unit_costs c
        where c.metric = of_metric and c.business_date between first_day and last_day
    ), days as (
        select w.business_date, max(w.quantity) as quantity,
            max(w.quantity) is not null and exists (
                select from unit_economics.day_versions v
                where v.asset = 'cloud_costs' and v.business_date = w.business_date and v.superseded_at is null
            ) as whole
        from of_window w group by w.business_date
    ), units as (
        select case coalesce((select u.over_days from unit_economics.metric_units u where u.metric = of_metric), 'sum')
                when 'sum' then sum(d.quantity) filter (where whole)
                when 'mean' then avg(d.quantity) filter (where whole)
                when 'last' then (array_agg(d.quantity order by d.business_date desc) filter (where whole))[1]
                else case when count(*) filter (where whole) = 1 then sum(d.quantity) filter (where whole) end
            end as quantity,
            count(*) filter (where whole) as days, count(*) filter (where not whole) as days_without
        from days d
    ), costs as (
        select w.cost_scope, w.billing_currency, w.cost_basis, sum(w.cost) filter (where d.whole) as cost,
            bool_and(w.cost is not null or starts_with(w.reason, 'no charge of this day is there'))
                filter (where d.whole) as stated
        from of_window w join days d on d.business_date = w.business_date
        group by w.cost_scope, w.billing_currency, w.cost_basis
    )
    select of_metric, c.cost_scope, c.billing_currency, c.cost_basis, case when c.stated then c.cost end, u.quantity,
        case when c.stated then c.cost end / nullif(u.quantity, 0), u.days, u.days_without
    from costs c cross join units u
$$;
