-- For whoever only reads: a view for everything that may be seen, so that a reader needs no right on any table.
-- Views read with their owner's rights (none is security_invoker). What revenue was is told to finance only.

set local search_path = unit_economics, pg_catalog;

alter table verdict add column warnings jsonb not null default '[]';
create index unit_cost_by_scope on unit_cost (asset, cost_scope, business_date); -- a page is about one scope
alter table attempt add column source_totals jsonb; -- of the days whose rows this attempt wrote; decimals as text
alter table attempt add column failure text; -- why it ended without deciding its days; no secret is in it

create function is_revenue(of_asset text) returns boolean language sql immutable parallel safe as $$
    select of_asset ~ '^daily_.*_revenue$'
$$;
comment on function is_revenue is 'Whether an asset holds money earned, which is for finance only: daily_order_revenue';

-- A hash of one amount is no secret: whoever tries every amount finds it. So it is held back like the amount.
create function may_be_told(of_asset text) returns boolean language sql stable parallel safe as $$
    select not unit_economics.is_revenue(of_asset)
        or has_table_privilege('unit_economics.unit_quantity', 'select')
        or coalesce(has_table_privilege(to_regclass('unit_economics.' || quote_ident(of_asset)), 'select'), false)
$$;
comment on function may_be_told is 'Whether who asks may know what is said of an asset: of revenue, who may read it';

create function told(of_asset text, said jsonb) returns jsonb language sql stable parallel safe as $$
    select case when unit_economics.may_be_told(of_asset) then said else coalesce(
        (
            select jsonb_agg(jsonb_build_object('check', one -> 'check', 'what', 'the reason is told to finance only'))
            from jsonb_array_elements(said) one
        ), '[]') end
$$;
comment on function told is 'What the checks said, without the reasons where they would tell what revenue was';

create view day_versions as
    select asset, business_date, version, rows_version, attempt, status, complete_through,
        case when may_be_told(asset) then content_hash end as content_hash, definition, input_versions,
        case when may_be_told(asset) then source_hash end as source_hash, recorded_at, superseded_at, run_id,
        code_version, catalogue_version
    from ledger;
comment on view day_versions is 'Every version that was ever stored of every asset and business day';
comment on column day_versions.rows_version is 'The version that wrote the rows: a change of status alone copies none';
comment on column day_versions.complete_through is 'The last day that was complete when this was recorded';
comment on column day_versions.content_hash is 'The hash of the rows; empty for revenue, but for finance';
comment on column day_versions.definition is 'The version of what the catalogue says of the asset';
comment on column day_versions.input_versions is 'The versions of the assets that this was made of, by name';
comment on column day_versions.source_hash is 'The hash of what was read; empty for revenue, but for finance';
comment on column day_versions.superseded_at is 'When the next version replaced this one; empty for the current one';

create view unit_cost_versions as
    select r.asset as metric, r.business_date, r.cost_scope, r.billing_currency, r.cost_basis, r.cost::numeric as cost,
        r.charge_rows, r.quantity::numeric as quantity, r.unit, r.unit_cost::numeric as unit_cost, l.status, r.reason,
        l.complete_through, l.version, l.recorded_at, l.run_id, l.superseded_at, l.code_version, l.catalogue_version,
        l.definition, l.input_versions, l.source_hash, l.content_hash
    from ledger l
    join unit_cost r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version);
comment on view unit_cost_versions is 'Every version of every unit cost, with what it was made of and by what';

create view cloud_cost_versions as
    select r.business_date, r.provider_name, r.sub_account_id, r.service_name, r.region_id, r.charge_category, r.tags,
        r.billing_currency, r.billed_cost::numeric as billed_cost, r.effective_cost::numeric as effective_cost,
        r.list_cost::numeric as list_cost, r.contracted_cost::numeric as contracted_cost, r.charge_rows,
        l.status, l.version, l.recorded_at, l.run_id, l.superseded_at
    from ledger l
    join charge_day r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = 'cloud_costs';
comment on view cloud_cost_versions is 'Every version of every day''s charges';

create view attempts as
    select attempt, asset, first_day, last_day, run_id, code_version, catalogue_version, definition, started_at,
        committed_at, absent, case when may_be_told(asset) then source_fingerprint end as source_fingerprint,
        source_totals, case when may_be_told(asset) then failure end as failure
    from attempt;
comment on view attempts is 'Every try at a range of days, also those that found nothing new or never ended';
comment on column attempts.committed_at is 'When it had decided its days; empty where it failed or still runs';
comment on column attempts.absent is 'The days that the source did not have, each with the reason';
comment on column attempts.source_fingerprint is 'What was read: files with size and hash, or requests with settings';
comment on column attempts.source_totals is 'What the source itself summed, for the days whose rows this attempt wrote';
comment on column attempts.failure is 'Why it gave up before it decided its days; empty for revenue, but for finance';

create view publications as
    select publication, asset, business_date, quantity::numeric as quantity, held_before::numeric as held_before,
        read_back::numeric as read_back, converged, attempt, run_id, recorded_at
    from publication;
comment on view publications is 'Every quantity that was sent to a destination, what it held before and showed after';

create view alerts as
    select message,
        case when may_be_told(split_part(cause, '/', 2)) then cause else regexp_replace(cause, '[^/]*$', '') end
            as cause,
        title,
        case when may_be_told(split_part(cause, '/', 2)) then body else 'The reason is told to finance only.' end
            as body,
        created_at, tries, last_error, sent_at
    from outbox;
comment on view alerts is 'Everything that people were told, or will be once a channel takes it';
comment on column alerts.cause is 'What it is about; the same cause is said once';
comment on column alerts.sent_at is 'When every channel had taken it; empty while it waits';

create or replace view gate as
    select distinct on (asset, business_date) asset, business_date, passed, told(asset, failures) as failures, attempt,
        recorded_at, run_id, told(asset, warnings) as warnings
    from verdict
    order by asset, business_date, attempt desc;
comment on view gate is 'The newest word of the checks on each day: what a publication must find green';
comment on column gate.failures is 'What keeps the day out, as [{"check": name, "what": reason}]';
comment on column gate.warnings is 'What is worth a look and keeps nothing out, as [{"check": name, "what": reason}]';

create view source_totals as
    select l.asset, l.business_date, l.version, t.billing_currency, t.charge_rows, t.billed_cost, t.effective_cost,
        t.list_cost, t.contracted_cost
    from attempt a
    cross join lateral jsonb_to_recordset(a.source_totals) as t (
        business_date date, billing_currency text, charge_rows bigint, billed_cost numeric, effective_cost numeric,
        list_cost numeric, contracted_cost numeric
    )
    join ledger w on w.asset = a.asset and w.business_date = t.business_date and w.attempt = a.attempt
    join ledger l on l.asset = w.asset and l.business_date = w.business_date and l.rows_version = w.version
        and l.superseded_at is null
    where a.asset = 'cloud_costs';
comment on view source_totals is 'What the source itself summed for the current version of each day, by currency';
comment on column source_totals.charge_rows is 'The number of charges in the source, before they were summed';

comment on view cloud_costs is 'The current charges of each business day, before any cost scope is applied';
comment on view unit_costs is 'The current unit cost of every metric, cost scope and business day, or why there is none';
comment on column unit_costs.reason is 'Why there is no unit cost; empty where there is one';

-- The functions read views too, so that whoever may read those may call them.
create or replace function cloud_costs_as_of(at timestamptz) returns setof cloud_costs
language sql stable parallel safe as $$
    select v.business_date, v.provider_name, v.sub_account_id, v.service_name, v.region_id, v.charge_category, v.tags,
        v.billing_currency, v.billed_cost, v.effective_cost, v.list_cost, v.contracted_cost, v.charge_rows, v.status,
        v.version, v.recorded_at, v.run_id
    from unit_economics.cloud_cost_versions v
    where v.recorded_at <= at and (v.superseded_at is null or v.superseded_at > at)
$$;

create or replace function unit_costs_as_of(at timestamptz) returns setof unit_costs
language sql stable parallel safe as $$
    select v.metric, v.business_date, v.cost_scope, v.billing_currency, v.cost_basis, v.cost, v.charge_rows, v.quantity,
        v.unit, v.unit_cost, v.status, v.reason, v.complete_through, v.version, v.recorded_at, v.run_id
    from unit_economics.unit_cost_versions v
    where v.recorded_at <= at and (v.superseded_at is null or v.superseded_at > at)
$$;

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
            bool_and(w.cost is not null or w.charge_rows = 0) filter (where d.whole) as stated
        from of_window w join days d on d.business_date = w.business_date
        group by w.cost_scope, w.billing_currency, w.cost_basis
    )
    select of_metric, c.cost_scope, c.billing_currency, c.cost_basis, case when c.stated then c.cost end, u.quantity,
        case when c.stated then c.cost end / nullif(u.quantity, 0), u.days, u.days_without
    from costs c cross join units u
$$;

revoke execute on function unit_quantities_as_of from public; -- it would count revenue too

-- One table holds the units of all assets and their revenue. Behind a barrier a reader's own function sees no row that
-- the view does not show.
do $$
declare
    name text;
begin
    for name in select viewname from pg_views where schemaname = 'unit_economics' and viewname ~ '^daily_' loop
        execute format('alter view unit_economics.%I set (security_barrier)', name);
    end loop;
end
$$;
