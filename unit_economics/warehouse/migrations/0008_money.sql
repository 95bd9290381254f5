-- Exchange rates, and what units earned beside what they cost. What is earned is for finance only, and so is a margin.

set local search_path = unit_economics, pg_catalog;

create table exchange_rate (
    asset text not null,
    business_date date not null,
    version integer not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    rate exact_ratio not null check (rate > 0),
    rate_date date not null check (rate_date <= business_date), -- earlier where the rate was carried on
    reporting_currency text not null check (reporting_currency ~ '^[A-Z]{3}$'),
    source text not null,
    primary key (asset, business_date, version, currency),
    foreign key (asset, business_date, version) references ledger
);

create view exchange_rate_versions as
    select r.business_date, r.currency, r.rate::numeric as rate, r.rate_date, r.reporting_currency, r.source, l.status,
        l.version, l.recorded_at, l.run_id, l.superseded_at
    from ledger l
    join exchange_rate r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version);
comment on view exchange_rate_versions is 'Every version of the rate of every currency and business day';

create view exchange_rates as
    select business_date, currency, rate, rate_date, reporting_currency, source, status, version, recorded_at, run_id
    from exchange_rate_versions
    where superseded_at is null;
comment on view exchange_rates is 'What one unit of a currency is worth in the catalogue''s currency, by business day';
comment on column exchange_rates.rate_date is 'The rate''s own day: earlier where the source has none of this day';

create table unit_margin (
    asset text not null,
    business_date date not null,
    version integer not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    quantity exact_decimal check (quantity >= 0),
    unit text not null,
    gross exact_decimal check (gross >= 0),
    discounts exact_decimal check (discounts >= 0),
    refunds exact_decimal check (refunds >= 0),
    chargebacks exact_decimal check (chargebacks >= 0),
    refunds_basis text check (refunds_basis in ('order_date', 'event_date')),
    net_revenue exact_decimal,
    fees exact_decimal check (fees >= 0),
    fully_loaded_cost exact_decimal,
    run_cost exact_decimal,
    variable_cost exact_decimal,
    margin_after text not null check (margin_after in ('variable_cost', 'fully_loaded_cost')),
    contribution_margin exact_decimal,
    revenue_per_unit exact_ratio,
    variable_cost_per_unit exact_ratio,
    contribution_margin_per_unit exact_ratio,
    contribution_margin_percent exact_ratio,
    reason text,
    primary key (asset, business_date, version),
    foreign key (asset, business_date, version) references ledger,
    check (gross is null
        or net_revenue = gross - coalesce(discounts, 0) - coalesce(refunds, 0) - coalesce(chargebacks, 0)),
    check (contribution_margin is null or contribution_margin = net_revenue - fees
        - case margin_after when 'variable_cost' then variable_cost else fully_loaded_cost end),
    check ((num_nulls(contribution_margin, contribution_margin_per_unit, contribution_margin_percent) = 0)
        = (reason is null))
);

create or replace function is_revenue(of_asset text) returns boolean language sql immutable parallel safe as $$
    select of_asset ~ '^(daily_.*_revenue$|margin_per_|unit_margin)'
$$;
comment on function is_revenue is
    'Whether what is called so holds money earned, which is for finance only: daily_order_revenue, margin_per_order';

create view unit_margin_versions as
    select 'cost_per_' || substr(r.asset, length('margin_per_') + 1) as metric, r.business_date, r.currency,
        r.quantity::numeric as quantity, r.unit, r.gross::numeric as gross, r.discounts::numeric as discounts,
        r.refunds::numeric as refunds, r.chargebacks::numeric as chargebacks, r.refunds_basis,
        r.net_revenue::numeric as net_revenue, r.fees::numeric as fees,
        r.fully_loaded_cost::numeric as fully_loaded_cost, r.run_cost::numeric as run_cost,
        r.variable_cost::numeric as variable_cost, r.margin_after,
        r.contribution_margin::numeric as contribution_margin, r.revenue_per_unit::numeric as revenue_per_unit,
        r.variable_cost_per_unit::numeric as variable_cost_per_unit,
        r.contribution_margin_per_unit::numeric as contribution_margin_per_unit,
        r.contribution_margin_percent::numeric as contribution_margin_percent, l.status, r.reason, l.complete_through,
        l.version, l.recorded_at, l.run_id, l.superseded_at, l.definition, l.input_versions
    from ledger l
    join unit_margin r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version);
comment on view unit_margin_versions is 'Every version of every margin, with what it was made of; for finance only';

create view unit_margins as
    select metric, business_date, currency, quantity, unit, gross, discounts, refunds, chargebacks, refunds_basis,
        net_revenue, fees, fully_loaded_cost, run_cost, variable_cost, margin_after, contribution_margin,
        revenue_per_unit, variable_cost_per_unit, contribution_margin_per_unit, contribution_margin_percent, status,
        reason, complete_through, version, recorded_at, run_id
    from unit_margin_versions
    where superseded_at is null;
comment on view unit_margins is 'What the units of each business day earned beside what they cost; for finance only';
comment on column unit_margins.net_revenue is 'Gross less discounts, refunds and chargebacks; what is not declared is empty';
comment on column unit_margins.refunds_basis is 'Whether refunds count on the day of their order or on their own';
comment on column unit_margins.margin_after is 'The cost that the contribution margin is after, beside the fees';
comment on column unit_margins.variable_cost_per_unit is 'Variable cost and fees, by the units';
comment on column unit_margins.reason is 'Why a part of the margin is empty; empty where all of it is there';

-- Ratio of sums, over the days on which units, revenue, fees and the cost are known; days_without says how many are not.
-- A cost that one of these days lacks is empty for the window. It reads a view that only finance may read.
create function margin_over(of_metric text, first_day date, last_day date) returns table (
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
        select d.currency, d.margin_after, sum(d.quantity) filter (where whole) as quantity,
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
comment on function margin_over is 'The margin of a window as a ratio of sums; for finance only';

-- What unit costs are made of where they are made with exchange rates: native money by the rate of its day.
create view reported_costs as
    select c.business_date, c.provider_name, c.sub_account_id, c.service_name, c.region_id, c.charge_category, c.tags,
        coalesce(r.reporting_currency, c.billing_currency) as billing_currency,
        c.billed_cost * coalesce(r.rate, 1) as billed_cost, c.effective_cost * coalesce(r.rate, 1) as effective_cost,
        c.list_cost * coalesce(r.rate, 1) as list_cost, c.contracted_cost * coalesce(r.rate, 1) as contracted_cost,
        c.charge_rows, c.taken_by, c.is_untagged, c.billing_currency as native_currency, r.rate, r.rate_date
    from cloud_costs c
    left join exchange_rates r on (r.business_date, r.currency) = (c.business_date, c.billing_currency);
comment on view reported_costs is 'The current charges, converted by the rate of their day where there is one';

create view reported_allocations as
    select a.business_date, a.cost_scope, coalesce(r.reporting_currency, a.billing_currency) as billing_currency,
        a.cost_basis, a.variant, a.step, a.rule, a.source, a.target, a.amount * coalesce(r.rate, 1) as amount,
        a.untagged * coalesce(r.rate, 1) as untagged, a.charge_rows, a.billing_currency as native_currency, r.rate,
        r.rate_date
    from allocated_costs a
    left join exchange_rates r on (r.business_date, r.currency) = (a.business_date, a.billing_currency);
comment on view reported_allocations is 'What each target pays, converted by the rate of its day where there is one';

-- A band is of the same money as the unit cost beside it.
create or replace view unit_cost_band as
    with lines as not materialized (
        select business_date, cost_scope, billing_currency, target, variant, amount, false as is_converted
        from allocated_costs
        union all
        select business_date, cost_scope, billing_currency, target, variant, amount, true from reported_allocations
    ), costs as not materialized (
        select business_date, cost_scope, billing_currency, target, variant, is_converted, sum(amount) as cost,
            bool_and(amount is not null) as stated
        from lines
        group by business_date, cost_scope, billing_currency, target, variant, is_converted
    ), keys as not materialized (
        select distinct business_date, cost_scope, billing_currency, variant, is_converted from lines
    ), by_key as not materialized (
        select c.metric, c.business_date, c.cost_scope, c.billing_currency, c.unit_cost, c.quantity, k.variant,
            coalesce(t.cost, 0) as cost
        from unit_cost_versions c
        join keys k on (k.business_date, k.billing_currency) = (c.business_date, c.billing_currency)
            and k.cost_scope = split_part(c.cost_scope, ':', 1) and c.cost_scope <> k.cost_scope
            and k.is_converted = (c.input_versions ? 'exchange_rates')
        left join costs t on (t.business_date, t.billing_currency) = (c.business_date, c.billing_currency)
            and (t.cost_scope, t.variant, t.is_converted) = (k.cost_scope, k.variant, k.is_converted)
            and t.target = split_part(c.cost_scope, ':', 2)
        where c.superseded_at is null and c.unit_cost is not null and coalesce(t.stated, true)
    )
    select metric, business_date, cost_scope, billing_currency, unit_cost, quantity, min(cost / quantity) as lowest,
        max(cost / quantity) as highest, (array_agg(variant order by cost, variant))[1] as lowest_by,
        (array_agg(variant order by cost desc, variant))[1] as highest_by, count(*) as keys
    from by_key
    group by metric, business_date, cost_scope, billing_currency, unit_cost, quantity;
