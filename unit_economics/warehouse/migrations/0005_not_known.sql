-- What is not known is not 0, and a target that a key gives nothing costs 0 by that key.

set local search_path = unit_economics, pg_catalog;

create or replace view allocation_shares as
    select business_date, cost_scope, billing_currency, cost_basis, cost, unallocated,
        unallocated / nullif(cost, 0) as unallocated_share, untagged, untagged / nullif(cost, 0) as untagged_share
    from (
        select business_date, cost_scope, billing_currency, cost_basis,
            case when bool_and(amount is not null) then sum(amount) end as cost,
            case when bool_and(amount is not null or target <> 'unallocated')
                then coalesce(sum(amount) filter (where target = 'unallocated'), 0) end as unallocated,
            case when bool_and(untagged is not null) then sum(untagged) end as untagged
        from allocated_costs
        where variant = ''
        group by business_date, cost_scope, billing_currency, cost_basis
    ) sums;

-- Not materialized, so that the day of a question reaches the books.
create or replace view unit_cost_band as
    with costs as not materialized (
        select business_date, cost_scope, billing_currency, target, variant, sum(amount) as cost,
            bool_and(amount is not null) as stated
        from allocated_costs
        group by business_date, cost_scope, billing_currency, target, variant
    ), keys as not materialized (
        select distinct business_date, cost_scope, billing_currency, variant from allocated_costs
    ), by_key as not materialized (
        select c.metric, c.business_date, c.cost_scope, c.billing_currency, c.unit_cost, c.quantity, k.variant,
            coalesce(t.cost, 0) as cost
        from unit_costs c
        join keys k on (k.business_date, k.billing_currency) = (c.business_date, c.billing_currency)
            and k.cost_scope = split_part(c.cost_scope, ':', 1) and c.cost_scope <> k.cost_scope
        left join costs t on (t.business_date, t.billing_currency) = (c.business_date, c.billing_currency)
            and (t.cost_scope, t.variant) = (k.cost_scope, k.variant) and t.target = split_part(c.cost_scope, ':', 2)
        where c.unit_cost is not null and coalesce(t.stated, true)
    )
    select metric, business_date, cost_scope, billing_currency, unit_cost, quantity, min(cost / quantity) as lowest,
        max(cost / quantity) as highest, (array_agg(variant order by cost, variant))[1] as lowest_by,
        (array_agg(variant order by cost desc, variant))[1] as highest_by, count(*) as keys
    from by_key
    group by metric, business_date, cost_scope, billing_currency, unit_cost, quantity;

-- A target may owe a part of a pool whose cost is not stated, without a charge of its own: that is no 0 either.
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
        select sum(d.quantity) filter (where whole) as quantity, count(*) filter (where whole) as days,
            count(*) filter (where not whole) as days_without
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
