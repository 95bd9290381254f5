-- What a destination was found to hold, beside what was sent and what is right; and the unit cost that Vantage itself
-- shows, beside ours. A row is added only where something is another than it was: nothing is updated.

set local search_path = unit_economics, pg_catalog;

-- What is held was written by anybody, so it may have more digits than an amount of ours.
create domain foreign_decimal as numeric check (value <> 'NaN' and abs(value) < 'Infinity');

create table read_back (
    read_back bigint generated always as identity primary key,
    asset text not null,
    business_date date not null,
    verdict text not null check (verdict in ('same', 'edited', 'deleted', 'behind', 'foreign')),
    held foreign_decimal,
    sent exact_decimal,
    ours exact_decimal,
    beside text not null default '',
    run_id text not null,
    recorded_at timestamptz not null default clock_timestamp()
);
create index read_back_by_day on read_back (asset, business_date, read_back);

create view read_back_versions as
    select read_back, asset, business_date, verdict, case when may_be_told(asset) then held::numeric end as held,
        case when may_be_told(asset) then sent::numeric end as sent,
        case when may_be_told(asset) then ours::numeric end as ours,
        case when may_be_told(asset) then beside else '' end as beside, run_id, recorded_at
    from read_back;
comment on view read_back_versions is 'Every change of what a destination was found to hold of a day';
comment on column read_back_versions.asset is 'The asset that publishes there';
comment on column read_back_versions.verdict is
    'same; edited or deleted there by somebody; behind: as sent, the mart moved on; foreign: it was never sent';
comment on column read_back_versions.held is 'What it held, empty for nothing; of revenue for finance only';
comment on column read_back_versions.sent is 'What it was last seen to hold after sending; of revenue for finance only';
comment on column read_back_versions.ours is 'What was right then, empty where nothing may go out; of revenue for finance only';
comment on column read_back_versions.beside is 'What else was there: other labels, other hours; of revenue for finance only';
comment on column read_back_versions.recorded_at is 'Since when it was found so';

create view read_backs as
    select distinct on (asset, business_date) * from read_back_versions
    order by asset, business_date, read_back desc;
comment on view read_backs is 'What each destination holds of each day as last found; drift is every verdict but same';

create table unit_cost_comparison (
    comparison bigint generated always as identity primary key,
    metric text not null,
    business_date date not null,
    cost_scope text not null,
    billing_currency text not null check (billing_currency ~ '^[A-Z]{3}$'),
    status text,
    unit_cost exact_ratio,
    shown foreign_decimal,
    scope foreign_decimal,
    basis foreign_decimal,
    denominator foreign_decimal,
    timing foreign_decimal,
    cost exact_decimal,
    cost_there foreign_decimal,
    cost_as_saved foreign_decimal,
    quantity exact_decimal,
    quantity_there foreign_decimal,
    unit_scale foreign_decimal,
    asked jsonb not null,
    saved jsonb not null,
    reason text,
    run_id text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    check ((reason is null) = (timing is not null)),
    check (reason is not null or scope + basis + denominator + timing = shown - unit_cost)
);
create index unit_cost_comparison_by_day on unit_cost_comparison (metric, business_date, comparison);

create view unit_cost_comparison_versions as
    select comparison, metric, business_date, cost_scope, billing_currency, status, unit_cost::numeric as unit_cost,
        shown::numeric as shown, (shown - unit_cost)::numeric as difference, scope::numeric as scope,
        basis::numeric as basis, denominator::numeric as denominator, timing::numeric as timing, cost::numeric as cost,
        cost_there::numeric as cost_there, cost_as_saved::numeric as cost_as_saved, quantity::numeric as quantity,
        quantity_there::numeric as quantity_there, unit_scale::numeric as unit_scale, asked, saved, reason, run_id,
        recorded_at
    from unit_cost_comparison;
comment on view unit_cost_comparison_versions is 'Every change of the unit cost that Vantage shows, beside ours';

create view unit_cost_comparisons as
    select distinct on (metric, business_date) * from unit_cost_comparison_versions
    order by metric, business_date, comparison desc;
comment on view unit_cost_comparisons is
    'The unit cost that Vantage itself shows of each day beside ours, and the parts that the difference consists of';
comment on column unit_cost_comparisons.status is 'Of our unit cost: provisional, complete, ...; empty where there is none';
comment on column unit_cost_comparisons.unit_cost is 'Ours, of the first cost scope that is not split';
comment on column unit_cost_comparisons.shown is 'What Vantage shows, for one unit: its scale is divided out';
comment on column unit_cost_comparisons.difference is 'shown less ours: the sum of the four parts, exactly';
comment on column unit_cost_comparisons.scope is 'The report holds other charges than our cost scope';
comment on column unit_cost_comparisons.basis is 'The report is saved with other settings: amortised, credits, refunds, tax';
comment on column unit_cost_comparisons.denominator is 'It divides by another number of units';
comment on column unit_cost_comparisons.timing is 'The day may still grow, or Vantage has divided at another moment';
comment on column unit_cost_comparisons.cost_there is 'What the report costs with our settings';
comment on column unit_cost_comparisons.cost_as_saved is 'What the report costs with its own saved settings';
comment on column unit_cost_comparisons.asked is 'The settings of our basis, as they were asked for';
comment on column unit_cost_comparisons.saved is 'The settings that are saved with the report, which its unit cost goes by';
comment on column unit_cost_comparisons.reason is 'Why the two can''t be compared; nothing is taken for 0';
