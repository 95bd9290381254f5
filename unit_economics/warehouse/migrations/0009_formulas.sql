-- Metrics that a formula makes of others, each value with everything it was computed from.

set local search_path = unit_economics, pg_catalog;

-- A margin, or a formula that rests on revenue, would give revenue away: finance only, by the asset's name. This keeps
-- what 0008 says, and adds the formulas.
create or replace function is_revenue(of_asset text) returns boolean language sql immutable parallel safe as $$
    select of_asset ~ '^(daily_.*_revenue$|margin_per_|unit_margin|finance_)'
$$;

alter table attempt add column failed_at timestamptz; -- when it gave up; empty where it was stored, or never ended

create table formula_value (
    asset text not null,
    business_date date not null,
    version integer not null,
    value exact_ratio,
    unit text not null,
    reason text,
    inputs jsonb not null, -- by name as in the formula: {"value": decimal as text} or {"reason": why there is none}
    primary key (asset, business_date, version),
    foreign key (asset, business_date, version) references ledger,
    check ((value is null) = (reason is not null))
);

create function formula_name(of_asset text) returns text language sql immutable parallel safe as $$
    select regexp_replace(of_asset, '^finance_', '')
$$;
comment on function formula_name is 'What a formula is called in the catalogue: margin_share for finance_margin_share';

-- One table holds them all, so both views are barriers: a reader's own function sees no row that they do not show.
create view formula_value_versions with (security_barrier) as
    select formula_name(r.asset) as formula, r.business_date, r.value::numeric as value, r.unit, l.status, r.reason,
        r.inputs, l.complete_through, l.version, l.recorded_at, l.run_id, l.superseded_at, l.definition
    from ledger l
    join formula_value r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where not is_revenue(r.asset);
comment on view formula_value_versions is 'Every version of every formula''s value, but of those that rest on revenue';

create view formula_values with (security_barrier) as
    select formula, business_date, value, unit, status, reason, inputs, complete_through, version, recorded_at, run_id,
        definition
    from formula_value_versions
    where superseded_at is null;
comment on view formula_values is 'The current value of every formula, or why there is none; not of those on revenue';
comment on column formula_values.value is 'Of a share the share itself, 0.25; people are shown 25 %';
comment on column formula_values.inputs is 'Everything that the formula names, with its value or why it has none';

create view finance_formula_value_versions with (security_barrier) as
    select formula_name(r.asset) as formula, r.business_date, r.value::numeric as value, r.unit, l.status, r.reason,
        r.inputs, l.complete_through, l.version, l.recorded_at, l.run_id, l.superseded_at, l.definition
    from ledger l
    join formula_value r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where is_revenue(r.asset);
comment on view finance_formula_value_versions is 'Every version of the values of formulas that rest on revenue';

create view finance_formula_values with (security_barrier) as
    select formula, business_date, value, unit, status, reason, inputs, complete_through, version, recorded_at, run_id,
        definition
    from finance_formula_value_versions
    where superseded_at is null;
comment on view finance_formula_values is 'The current value of every formula that rests on revenue, for finance only';
