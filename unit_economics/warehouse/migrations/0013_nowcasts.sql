-- How much of a day's cost is there at each age, as it was learnt; and what the days that still fill will come to.
-- A nowcast stands beside the observed figure, in a table of its own, and never takes its place.

set local search_path = unit_economics, pg_catalog;

create table learnt_curve (
    curve bigint generated always as identity primary key,
    cost_basis text not null,
    complete_at smallint not null check (complete_at >= 1),
    first_day date not null,
    last_day date not null,
    content_hash text not null,
    run_id text not null,
    code_version text not null,
    catalogue_version text not null,
    recorded_at timestamptz not null default clock_timestamp()
);
create index learnt_curve_newest on learnt_curve (cost_basis, curve);

create table learnt_cell (
    curve bigint not null references learnt_curve,
    provider_name text not null,
    service_name text not null,
    billing_currency text not null,
    age_days smallint not null check (age_days >= 1),
    source text not null check (source in ('learnt', 'provider', 'prior')),
    snapshots integer not null check (snapshots >= 0),
    factor exact_ratio not null check (factor >= 0),
    spread double precision not null check (spread >= 0),
    step_factor double precision,
    step_variance double precision,
    step_weight double precision,
    primary key (curve, provider_name, service_name, billing_currency, age_days)
);

create table nowcast (
    nowcast bigint generated always as identity primary key,
    metric text not null,
    business_date date not null,
    version integer not null, -- of the unit cost that it was made of
    cost_scope text not null,
    billing_currency text not null check (billing_currency ~ '^[A-Z]{3}$'),
    age_days integer not null check (age_days >= 1),
    status text not null default 'nowcast' check (status = 'nowcast'),
    observed_cost exact_decimal not null,
    nowcast_cost exact_decimal not null,
    low_cost exact_decimal not null,
    high_cost exact_decimal not null,
    quantity exact_decimal,
    unit text not null,
    nowcast_unit_cost exact_ratio,
    low_unit_cost exact_ratio,
    high_unit_cost exact_ratio,
    reason text,
    method text not null check (method in ('learnt', 'prior', 'mixed', 'observed')),
    snapshots integer,
    level exact_ratio not null,
    curve bigint not null references learnt_curve,
    definition text not null,
    bill_definition text not null,
    run_id text not null,
    code_version text not null,
    catalogue_version text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    foreign key (metric, business_date, version) references ledger,
    check ((nowcast_unit_cost is null) = (reason is not null))
);
create index nowcast_newest on nowcast (metric, business_date, cost_scope, billing_currency, nowcast);

create view completion_curve_versions as
    select c.curve, c.cost_basis, l.provider_name, l.service_name, l.billing_currency, l.age_days,
        round(1 / nullif(l.factor::numeric, 0), 6) as share, l.factor::numeric as factor, l.spread, l.source, l.snapshots,
        c.complete_at, l.step_factor, l.step_variance, l.step_weight, c.first_day, c.last_day, c.recorded_at, c.run_id,
        c.code_version, c.catalogue_version
    from learnt_curve c join learnt_cell l using (curve);
comment on view completion_curve_versions is 'Every completion curve that was ever learnt, by provider, service and age';

create view completion_curve as
    select v.* from completion_curve_versions v
    where v.curve in (select max(curve) from learnt_curve group by cost_basis);
comment on view completion_curve is 'How much of a day''s cost is there at each age in days, as learnt last';
comment on column completion_curve.age_days is '1 on the morning on which the day has just closed';
comment on column completion_curve.service_name is '(all) for the provider''s services together; (none) where none is said';
comment on column completion_curve.share is 'How much of the cost of a complete day is there; above 1 where it shrinks';
comment on column completion_curve.factor is 'What a cost of this age is multiplied by to be complete';
comment on column completion_curve.spread is 'Standard error of what a day of middle size comes to, as a share of it';
comment on column completion_curve.source is 'learnt; provider: all its services'' curve, for want of its own; prior: declared';
comment on column completion_curve.snapshots is 'How many days were seen at this age and the next';
comment on column completion_curve.complete_at is 'The age at which a day is complete, and the curve ends';
comment on column completion_curve.step_factor is 'From this age to the next: the sum over days after by that before';
comment on column completion_curve.step_variance is 'Variance of a day''s own step, times its cost before';
comment on column completion_curve.step_weight is 'The sum over days before the step';

create view nowcast_versions as
    select nowcast, metric, business_date, version, cost_scope, billing_currency, age_days, status,
        observed_cost::numeric as observed_cost, nowcast_cost::numeric as nowcast_cost, low_cost::numeric as low_cost,
        high_cost::numeric as high_cost, quantity::numeric as quantity, unit,
        observed_cost::numeric / nullif(quantity::numeric, 0) as observed_unit_cost,
        nowcast_unit_cost::numeric as nowcast_unit_cost, low_unit_cost::numeric as low_unit_cost,
        high_unit_cost::numeric as high_unit_cost, reason, method, snapshots, level::numeric as level, curve, definition,
        bill_definition, run_id, code_version, catalogue_version, recorded_at
    from nowcast;
comment on view nowcast_versions is 'Every nowcast that was ever made, also of days that have become complete since';
comment on column nowcast_versions.version is 'The version of the unit cost that it was made of';
comment on column nowcast_versions.age_days is 'How old the day was: 1 on the morning on which it had just closed';
comment on column nowcast_versions.reason is 'Why the nowcast has no unit cost; empty where it has one';
comment on column nowcast_versions.method is 'learnt from snapshots, by the declared prior, mixed, or observed: all is there';
comment on column nowcast_versions.snapshots is 'The fewest days that a learnt part of it rests on';
comment on column nowcast_versions.level is 'How often the interval from low to high is to hold';
comment on column nowcast_versions.curve is 'The curve by which it was made, in completion_curve_versions';

create view unit_cost_nowcasts as
    select distinct on (n.metric, n.business_date, n.cost_scope, n.billing_currency)
        n.metric, n.business_date, n.cost_scope, n.billing_currency, n.age_days, n.status, c.cost, c.unit_cost,
        n.nowcast_cost, n.low_cost, n.high_cost, n.nowcast_unit_cost, n.low_unit_cost, n.high_unit_cost, n.quantity,
        n.unit, n.reason, n.method, n.snapshots, n.level, n.version, n.curve, n.recorded_at, n.run_id
    from nowcast_versions n
    join unit_costs c using (metric, business_date, cost_scope, billing_currency)
    where c.status = 'provisional' and c.version = n.version
    order by n.metric, n.business_date, n.cost_scope, n.billing_currency, n.nowcast desc;
comment on view unit_cost_nowcasts is 'What each provisional day will come to, beside what is there of it';
comment on column unit_cost_nowcasts.cost is 'The observed cost, as unit_costs has it';
comment on column unit_cost_nowcasts.unit_cost is 'The observed unit cost, as unit_costs has it';

-- The figure that a day had when it first was complete: what came later is a restatement, and no error of a nowcast.
create view nowcast_errors as
    select n.metric, n.business_date, n.cost_scope, n.billing_currency, n.age_days, n.observed_cost, n.nowcast_cost,
        n.low_cost, n.high_cost, f.cost as final_cost, n.observed_cost / nullif(f.cost, 0) - 1 as observed_error,
        n.nowcast_cost / nullif(f.cost, 0) - 1 as nowcast_error, f.cost between n.low_cost and n.high_cost as held,
        n.method, n.snapshots, n.level, n.version, f.version as final_version, n.curve, n.nowcast
    from (
        select distinct on (metric, business_date, cost_scope, billing_currency, age_days) *
        from nowcast_versions
        order by metric, business_date, cost_scope, billing_currency, age_days, nowcast desc
    ) n
    cross join lateral (
        select v.cost, v.version, v.definition, v.input_versions
        from unit_cost_versions v
        where v.metric = n.metric and v.business_date = n.business_date and v.cost_scope = n.cost_scope
            and v.billing_currency = n.billing_currency and v.status <> 'provisional'
        order by v.version limit 1
    ) f
    join day_versions b on b.asset = 'cloud_costs' and b.business_date = n.business_date
        and b.version = (f.input_versions ->> 'cloud_costs')::integer
    where f.definition = n.definition and b.definition = n.bill_definition and f.cost is not null
        and n.method <> 'observed';
comment on view nowcast_errors is 'Each nowcast of a day that is complete now, and the raw figure, against what it came to';
comment on column nowcast_errors.final_cost is 'The cost when the day first was complete; a redefined day is left out';
comment on column nowcast_errors.observed_error is 'How far the figure as it stood was off, as a share; -0.4: 40 % too low';
comment on column nowcast_errors.nowcast_error is 'How far the nowcast was off, as a share';
comment on column nowcast_errors.held is 'Whether the interval held what the day came to';

create view nowcast_error_by_age as
    select metric, cost_scope, billing_currency, age_days, method, level, count(*) as days,
        percentile_cont(0.5) within group (order by abs(observed_error)::double precision) as observed_median_error,
        percentile_cont(0.5) within group (order by abs(nowcast_error)::double precision) as nowcast_median_error,
        avg(held::int) as coverage
    from nowcast_errors
    group by metric, cost_scope, billing_currency, age_days, method, level;
comment on view nowcast_error_by_age is 'The median error of nowcasts and of raw figures by age, and how often intervals held';
