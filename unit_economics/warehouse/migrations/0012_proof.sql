-- The mart as it was believed at any moment, what each catalogue said, and the restatement reports that were written.

set local search_path = unit_economics, pg_catalog;

-- Every catalogue that ever computed something: a stored number can be computed again only by what it was defined by.
create table catalogue (
    catalogue_version text primary key,
    body text not null,
    first_seen timestamptz not null default clock_timestamp()
);
create view catalogues as select catalogue_version, body, first_seen from catalogue;
comment on view catalogues is 'The text of every catalogue that computed something; secrets are the names of variables';
comment on column catalogues.catalogue_version is
    'As day_versions and unit_cost_versions have it: the hash of the text';

-- One table an asset kind holds figures of revenue too. Behind a barrier a reader's own function sees no row that the
-- view does not show.
create view figure_versions with (security_barrier) as
    with figures as (
        select l.asset, l.business_date, l.version, 'quantity' as figure,
            r.segment || coalesce(' ' || r.dimensions::text, '') as subject, r.unit as unit,
            r.quantity::numeric as value, null as reason
        from ledger l
        join unit_quantity r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
        union all
        select l.asset, l.business_date, l.version, f.figure, r.cost_scope, r.billing_currency, f.value, r.reason
        from ledger l
        join unit_cost r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version),
            lateral (values ('cost', r.cost::numeric), ('unit_cost', r.unit_cost::numeric)) f (figure, value)
        union all
        select l.asset, l.business_date, l.version, f.figure,
            r.slice || ' ' || r.dimensions::text || ' ' || r.cost_scope, r.billing_currency, f.value, r.reason
        from ledger l
        join unit_cost_slice r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version),
            lateral (values ('cost', r.cost::numeric), ('unit_cost', r.unit_cost::numeric)) f (figure, value)
        union all
        select l.asset, l.business_date, l.version, f.figure,
            r.provider_name || ' ' || coalesce(r.service_name, '(none)'), r.billing_currency, f.value, null
        from ledger l, lateral (
            select c.provider_name, c.service_name, c.billing_currency, sum(c.billed_cost) as billed,
                sum(c.effective_cost) as effective
            from charge_day c
            where (c.asset, c.business_date, c.version) = (l.asset, l.business_date, l.rows_version)
            group by c.provider_name, c.service_name, c.billing_currency
        ) r, lateral (values ('billed_cost', r.billed), ('effective_cost', r.effective)) f (figure, value)
        union all
        select l.asset, l.business_date, l.version, 'allocated_cost',
            r.cost_scope || ':' || r.target || ' ' || r.variant, r.billing_currency, r.amount, null
        from ledger l, lateral (
            select a.cost_scope, a.target, a.variant, a.billing_currency, sum(a.amount) as amount
            from allocated_cost a
            where (a.asset, a.business_date, a.version) = (l.asset, l.business_date, l.rows_version)
            group by a.cost_scope, a.target, a.variant, a.billing_currency
        ) r
        union all
        select l.asset, l.business_date, l.version, 'rate', r.currency, r.reporting_currency, r.rate::numeric, null
        from ledger l
        join exchange_rate r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
        union all
        select l.asset, l.business_date, l.version, f.figure, 'all', r.currency, f.value, r.reason
        from ledger l
        join unit_margin r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version),
            lateral (values ('net_revenue', r.net_revenue::numeric), ('fees', r.fees::numeric),
                ('fully_loaded_cost', r.fully_loaded_cost::numeric), ('run_cost', r.run_cost::numeric),
                ('variable_cost', r.variable_cost::numeric), ('contribution_margin', r.contribution_margin::numeric)
            ) f (figure, value)
        union all
        select l.asset, l.business_date, l.version, 'value', 'all', r.unit, r.value::numeric, r.reason
        from ledger l
        join formula_value r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    )
    select f.asset, f.business_date, f.figure, f.subject, f.unit, f.value, f.reason, l.status, l.complete_through,
        f.version, l.recorded_at, l.superseded_at, l.run_id, l.code_version, l.catalogue_version, l.definition,
        l.input_versions, l.source_hash, l.content_hash
    from figures f
    join ledger l on (l.asset, l.business_date, l.version) = (f.asset, f.business_date, f.version)
    where may_be_told(f.asset);
comment on view figure_versions is
    'Every figure that was ever stored, with its run, code, catalogue and the hash of what it came from';
comment on column figure_versions.figure is
    'What it is: quantity, cost, unit_cost, billed_cost, effective_cost, value, ...';
comment on column figure_versions.subject is 'Of what: a segment, a cost scope, a provider and its service, a currency';
comment on column figure_versions.unit is
    'A currency for money (of a unit cost: an amount a unit), or the unit that was counted';
comment on column figure_versions.source_hash is
    'Of what was read: files with size and hash, or requests; attempts has the text';

create function as_of(at timestamptz) returns setof figure_versions language sql stable parallel safe as $$
    select v.* from unit_economics.figure_versions v
    where v.recorded_at <= at and (v.superseded_at is null or v.superseded_at > at)
$$;
comment on function as_of is 'Every figure of the mart as it was believed at that moment';

create table restatement_report (
    report bigint generated always as identity primary key,
    since timestamptz not null,
    until timestamptz not null check (until > since),
    changes integer not null check (changes >= 0),
    body text not null,
    run_id text not null,
    recorded_at timestamptz not null default clock_timestamp()
);
create view restatement_reports as
    select report, since, until, changes, body, run_id, recorded_at from restatement_report;
comment on view restatement_reports is
    'What was said each morning of what had changed since the report before, as Markdown';

-- How far each cost source is complete, whenever that became another day.
create table bill_completeness (
    entry bigint generated always as identity primary key,
    cost_source text not null,
    rule text not null,
    complete_through date,
    delivered_at timestamptz, -- when the source said that it was last delivered, where the rule asks for it
    attempt bigint not null references attempt,
    recorded_at timestamptz not null default clock_timestamp()
);
create index bill_completeness_by_source on bill_completeness (cost_source, entry);

-- A metric is as complete as its least complete half: its ledger rows have that already.
create view complete_through as
    select 'cost source' as kind, s.cost_source as name, s.complete_through, s.rule, s.delivered_at, s.recorded_at
    from (select distinct on (cost_source) * from bill_completeness order by cost_source, entry desc) s
    union all
    select 'asset', l.asset, least(max(l.complete_through), max(l.business_date)), null, null, max(l.recorded_at)
    from ledger l
    where l.superseded_at is null and not is_revenue(l.asset)
    group by l.asset;
comment on view complete_through is 'The last day up to which each cost source and each asset is complete';
comment on column complete_through.rule is 'What makes a day of this source complete, in words';
comment on column complete_through.delivered_at is
    'When the source said that it was last delivered, where the rule asks';

-- A provisional day reads low and is in no window's headline: days_without counts it.
create or replace function unit_cost_over(of_metric text, first_day date, last_day date) returns table (
    metric text, cost_scope text, billing_currency text, cost_basis text, cost numeric, quantity numeric,
    unit_cost numeric, days bigint, days_without bigint
) language sql stable parallel safe as $$
    with of_window as (
        select * from unit_economics.unit_costs c
        where c.metric = of_metric and c.business_date between first_day and last_day
    ), days as (
        select w.business_date, max(w.quantity) as quantity,
            max(w.quantity) is not null and bool_and(w.status <> 'provisional') and exists (
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

create or replace function margin_over(of_metric text, first_day date, last_day date) returns table (
    metric text, currency text, margin_after text, quantity numeric, net_revenue numeric, fees numeric,
    fully_loaded_cost numeric, run_cost numeric, variable_cost numeric, contribution_margin numeric,
    revenue_per_unit numeric, variable_cost_per_unit numeric, contribution_margin_per_unit numeric,
    contribution_margin_percent numeric, days bigint, days_without bigint
) language sql stable parallel safe as $$
    with days as (
        select m.*, m.status <> 'provisional' and m.contribution_margin is not null and m.quantity is not null as whole
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
