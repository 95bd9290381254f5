-- Which rule took a charge, and what each target pays: direct cost, and in double entry what was shared.

set local search_path = unit_economics, pg_catalog;

alter table charge_day
    add column taken_by jsonb not null default '{}', -- by cost scope with rules, the rule that took the charge
    add column is_untagged boolean not null default false;

do $$
declare
    name text;
begin
    select conname into strict name from pg_constraint where conrelid = 'charge_day'::regclass and contype = 'u';
    execute format('alter table charge_day drop constraint %I', name);
end
$$;

alter table charge_day add unique nulls not distinct (
    asset, business_date, version, provider_name, sub_account_id, service_name, region_id, charge_category, tags,
    billing_currency, taken_by, is_untagged
);

create table allocated_cost (
    asset text not null,
    business_date date not null,
    version integer not null,
    cost_scope text not null,
    billing_currency text not null check (billing_currency ~ '^[A-Z]{3}$'),
    cost_basis text not null,
    variant text not null, -- '' for the declared keys, else the name of the alternative ones
    step smallint not null check (step >= 0), -- 0: direct; then the shares, in their order
    rule text not null,
    source text check (source is null or step > 0),
    target text not null,
    amount exact_decimal,
    untagged exact_decimal,
    charge_rows bigint not null check (charge_rows >= 0),
    unique nulls not distinct (
        asset, business_date, version, cost_scope, billing_currency, variant, step, rule, source, target
    ),
    foreign key (asset, business_date, version) references ledger
);

create or replace view cloud_costs as
    select r.business_date, r.provider_name, r.sub_account_id, r.service_name, r.region_id, r.charge_category, r.tags,
        r.billing_currency, r.billed_cost::numeric as billed_cost, r.effective_cost::numeric as effective_cost,
        r.list_cost::numeric as list_cost, r.contracted_cost::numeric as contracted_cost, r.charge_rows,
        l.status, l.version, l.recorded_at, l.run_id, r.taken_by, r.is_untagged
    from ledger l
    join charge_day r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = 'cloud_costs' and l.superseded_at is null;
comment on column cloud_costs.taken_by is 'By cost scope with rules, the rule that took the charge';
comment on column cloud_costs.is_untagged is 'Whether it has none of the tags that the catalogue looks at';

create or replace view cloud_cost_versions as
    select r.business_date, r.provider_name, r.sub_account_id, r.service_name, r.region_id, r.charge_category, r.tags,
        r.billing_currency, r.billed_cost::numeric as billed_cost, r.effective_cost::numeric as effective_cost,
        r.list_cost::numeric as list_cost, r.contracted_cost::numeric as contracted_cost, r.charge_rows,
        l.status, l.version, l.recorded_at, l.run_id, l.superseded_at, r.taken_by, r.is_untagged
    from ledger l
    join charge_day r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = 'cloud_costs';

create or replace function cloud_costs_as_of(at timestamptz) returns setof cloud_costs
language sql stable parallel safe as $$
    select v.business_date, v.provider_name, v.sub_account_id, v.service_name, v.region_id, v.charge_category, v.tags,
        v.billing_currency, v.billed_cost, v.effective_cost, v.list_cost, v.contracted_cost, v.charge_rows, v.status,
        v.version, v.recorded_at, v.run_id, v.taken_by, v.is_untagged
    from unit_economics.cloud_cost_versions v
    where v.recorded_at <= at and (v.superseded_at is null or v.superseded_at > at)
$$;

create view allocated_cost_versions as
    select r.business_date, r.cost_scope, r.billing_currency, r.cost_basis, r.variant, r.step, r.rule, r.source,
        r.target, r.amount::numeric as amount, r.untagged::numeric as untagged, r.charge_rows, l.status, l.version,
        l.recorded_at, l.run_id, l.superseded_at, l.definition
    from ledger l
    join allocated_cost r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = 'allocated_costs';
comment on view allocated_cost_versions is 'Every version of what each target pays, direct and shared, in double entry';

create view allocated_costs as
    select business_date, cost_scope, billing_currency, cost_basis, variant, step, rule, source, target, amount,
        untagged, charge_rows, status, version, recorded_at, run_id, definition
    from allocated_cost_versions
    where superseded_at is null;
comment on view allocated_costs is 'What each target pays now: the lines of a scope, day and currency add up to the bill';
comment on column allocated_costs.variant is 'Empty for the declared keys; else the name of the alternative ones';
comment on column allocated_costs.step is '0 for direct cost; then the shares of the catalogue, in their order';
comment on column allocated_costs.rule is 'The rule that took the charges, or the share that moved the cost';
comment on column allocated_costs.source is 'The pool that the cost came from; empty for direct cost and the pool itself';
comment on column allocated_costs.definition is 'The version of the rules and shares';

create view allocation_shares as
    select business_date, cost_scope, billing_currency, cost_basis, sum(amount) as cost,
        coalesce(sum(amount) filter (where target = 'unallocated'), 0) as unallocated,
        coalesce(sum(amount) filter (where target = 'unallocated'), 0) / nullif(sum(amount), 0) as unallocated_share,
        sum(untagged) as untagged, sum(untagged) / nullif(sum(amount), 0) as untagged_share
    from allocated_costs
    where variant = ''
    group by business_date, cost_scope, billing_currency, cost_basis;
comment on view allocation_shares is 'How much of a day''s cost no rule took, and how much had no tag that they look at';

create view unit_cost_band as
    with targets as (
        select business_date, cost_scope || ':' || target as cost_scope, billing_currency, variant, sum(amount) as cost,
            bool_and(amount is not null) as stated
        from allocated_costs
        group by business_date, cost_scope, target, billing_currency, variant
    )
    select c.metric, c.business_date, c.cost_scope, c.billing_currency, c.unit_cost, c.quantity,
        min(t.cost / nullif(c.quantity, 0)) as lowest, max(t.cost / nullif(c.quantity, 0)) as highest,
        (array_agg(t.variant order by t.cost, t.variant))[1] as lowest_by,
        (array_agg(t.variant order by t.cost desc, t.variant))[1] as highest_by, count(*) as keys
    from unit_costs c
    join targets t using (business_date, cost_scope, billing_currency)
    where t.stated
    group by c.metric, c.business_date, c.cost_scope, c.billing_currency, c.unit_cost, c.quantity;
comment on view unit_cost_band is 'The unit cost of each target under every declared key: how much of it is a choice';
comment on column unit_cost_band.lowest_by is 'The alternative that gives the lowest; empty for the declared keys';
