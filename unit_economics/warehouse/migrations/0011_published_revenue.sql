-- Net revenue that is published is as little for everybody as the revenue itself; and a margin's units become one number
-- over several days by the rule that their unit cost goes by.

set local search_path = unit_economics, pg_catalog;

-- This keeps what 0009 says, and adds what publishes revenue: vantage_business_metric_order_revenue.
create or replace function is_revenue(of_asset text) returns boolean language sql immutable parallel safe as $$
    select of_asset ~ '^(daily_.*_revenue$|margin_per_|unit_margin|finance_|[a-z0-9]+_business_metric_.*_revenue$)'
$$;

-- A publication has no view of its own whose right could be asked for: who may read every margin may know of it.
create or replace function may_be_told(of_asset text) returns boolean language sql stable parallel safe as $$
    select not unit_economics.is_revenue(of_asset)
        or has_table_privilege('unit_economics.unit_quantity', 'select')
        or coalesce(has_table_privilege(to_regclass('unit_economics.' || quote_ident(of_asset)), 'select'), false)
        or has_table_privilege('unit_economics.unit_margins', 'select')
$$;

create or replace view publications as
    select publication, asset, business_date, case when may_be_told(asset) then quantity::numeric end as quantity,
        case when may_be_told(asset) then held_before::numeric end as held_before,
        case when may_be_told(asset) then read_back::numeric end as read_back, converged, attempt, run_id, recorded_at
    from publication;
comment on column publications.quantity is 'What was sent; empty for revenue, but for finance';
comment on column publications.held_before is 'What was there before; empty for revenue, but for finance';
comment on column publications.read_back is 'What was shown after; empty for revenue, but for finance';

-- A ratio of sums, but for units that don't add up: those have their days' mean, their last day, or no answer, as in
-- unit_cost_over. Money is always added up.
create or replace function margin_over(of_metric text, first_day date, last_day date) returns table (
    metric text, currency text, margin_after text, quantity numeric, net_revenue numeric, fees numeric,
    fully_loaded_cost numeric, run_cost numeric, variable_cost numeric, contribution_margin numeric,
    revenue_per_unit numeric, variable_cost_per_unit numeric, contribution_margin_per_unit numeric,
    contribution_margin_percent numeric, days bigint, days_without bigint
) language sql stable parallel safe as $$
    with days as (
        select m.*, m.contribution_margin is not null and m.quantity is not null as whole
        from unit_economics.unit_margins m
        where m.metric = of_metric and m.business_date between first_day and last_day
    ), sums as (
        select d.currency, d.margin_after,
            case coalesce((select u.over_days from unit_economics.metric_units u where u.metric = of_metric), 'sum')
                when 'sum' then sum(d.quantity) filter (where whole)
                when 'mean' then avg(d.quantity) filter (where whole)
                when 'last' then (array_agg(d.quantity order by d.business_date desc) filter (where whole))[1]
                else case when count(*) filter (where whole) = 1 then sum(d.quantity) filter (where whole) end
            end as quantity,
            sum(d.net_revenue) filter (where whole) as net_revenue, sum(d.fees) filter (where whole) as fees,
            case when bool_and(d.fully_loaded_cost is not null) filter (where whole)
                then sum(d.fully_loaded_cost) filter (where whole) end as fully_loaded_cost,
            case when bool_and(d.run_cost is not null) filter (where whole)
                then sum(d.run_cost) filter (where whole) end as run_cost,
            case when bool_and(d.variable_cost is not null) filter (where whole)
                then sum(d.variable_cost) filter (where whole) end as variable_cost,
            sum(d.contribution_margin) filter (where whole) as contribution_margin,
            count(*) filter (where whole) as days, count(*) filter (where not whole) as days_without
        from days d
        group by d.currency, d.margin_after
    )
    select of_metric, s.currency, s.margin_after, s.quantity, s.net_revenue, s.fees, s.fully_loaded_cost, s.run_cost,
        s.variable_cost, s.contribution_margin, s.net_revenue / nullif(s.quantity, 0),
        (s.variable_cost + s.fees) / nullif(s.quantity, 0), s.contribution_margin / nullif(s.quantity, 0),
        case when s.net_revenue > 0 then 100 * s.contribution_margin / s.net_revenue end, s.days, s.days_without
    from sums s
$$;
