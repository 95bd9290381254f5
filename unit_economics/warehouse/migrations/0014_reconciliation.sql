-- What each day was billed by invoice, the invoices, how each stands against what was billed, and what explains the rest.

set local search_path = unit_economics, pg_catalog;

create table invoiced_cost (
    asset text not null,
    business_date date not null,
    version integer not null,
    provider_name text not null,
    publisher_name text,
    invoice_issuer_name text,
    billing_account_id text,
    invoice_id text,
    billing_period date, -- the day on which the period of the invoice starts
    service_name text,
    charge_category text not null,
    charge_class text,
    billing_currency text not null check (billing_currency ~ '^[A-Z]{3}$'),
    billed_cost exact_decimal not null,
    charge_rows bigint not null check (charge_rows > 0),
    unique nulls not distinct (
        asset, business_date, version, provider_name, publisher_name, invoice_issuer_name, billing_account_id,
        invoice_id, billing_period, service_name, charge_category, charge_class, billing_currency
    ),
    foreign key (asset, business_date, version) references ledger
);

create view invoiced_cost_versions as
    select r.business_date, r.provider_name, r.publisher_name, r.invoice_issuer_name, r.billing_account_id,
        r.invoice_id, r.billing_period, r.service_name, r.charge_category, r.charge_class, r.billing_currency, r.billed_cost::numeric as billed_cost,
        r.charge_rows, l.status, l.version, l.recorded_at, l.run_id, l.superseded_at
    from ledger l
    join invoiced_cost r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = 'invoiced_costs';
comment on view invoiced_cost_versions is 'Every version of what each business day was billed by invoice';

create view invoiced_costs as
    select business_date, provider_name, publisher_name, invoice_issuer_name, billing_account_id, invoice_id,
        billing_period, service_name, charge_category, charge_class, billing_currency, billed_cost, charge_rows, status, version,
        recorded_at, run_id
    from invoiced_cost_versions
    where superseded_at is null;
comment on view invoiced_costs is 'What each business day was billed by invoice; it adds up to cloud_costs exactly';
comment on column invoiced_costs.billing_period is 'The first day of the period of the invoice; empty where it is not stated';
comment on column invoiced_costs.charge_class is 'Correction where it corrects what was invoiced before';

-- What was stated of an invoice, by whom. A later statement supersedes; nothing else is ever changed.
create table invoice (
    invoice bigint generated always as identity primary key,
    source text not null check (source in ('hand', 'csv', 'focus')),
    invoice_id text not null check (invoice_id <> ''),
    issuer text not null check (issuer <> ''),
    billing_account_id text,
    period_start date not null,
    period_end date not null check (period_end > period_start), -- the day after the last
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    amount exact_decimal check (amount is not null or source = 'focus'), -- the bill names an invoice, and no amount
    tax exact_decimal, -- parts of the amount, as far as the invoice states them
    credits exact_decimal check (credits <= 0),
    support exact_decimal,
    marketplace exact_decimal,
    status text not null check (status in ('provisional', 'issued', 'paid', 'void')),
    recorded_by text not null check (recorded_by <> ''),
    note text not null default '',
    recorded_at timestamptz not null default clock_timestamp(),
    superseded_at timestamptz check (superseded_at >= recorded_at)
);
create unique index invoice_one_current on invoice (source, invoice_id, currency) where superseded_at is null;

create table invoice_explanation (
    explanation bigint generated always as identity primary key,
    invoice_id text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    kind text not null check (kind in (
        'tax', 'credits', 'support', 'marketplace', 'timing', 'rounding', 'out_of_scope', 'unreadable_source'
    )),
    amount exact_decimal not null,
    why text not null check (why <> ''),
    recorded_by text not null check (recorded_by <> ''),
    recorded_at timestamptz not null default clock_timestamp(),
    superseded_at timestamptz check (superseded_at >= recorded_at)
);
create unique index explanation_one_current on invoice_explanation (invoice_id, currency, kind)
    where superseded_at is null;

create table reconciliation (
    reconciliation bigint generated always as identity primary key,
    invoice bigint not null references invoice,
    invoice_id text not null,
    currency text not null,
    state text not null check (state in (
        'void', 'no_amount', 'open', 'provisional', 'reconciled', 'explained', 'unexplained'
    )),
    reason text not null default '',
    billed exact_decimal, -- empty where it can't be told, never 0
    charge_rows bigint not null check (charge_rows >= 0),
    difference exact_decimal,
    score exact_ratio check (score between 0 and 1),
    explained exact_decimal,
    unexplained exact_decimal,
    tolerance exact_ratio,
    content_hash text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    superseded_at timestamptz check (superseded_at >= recorded_at),
    run_id text not null,
    code_version text not null,
    catalogue_version text not null,
    check (num_nulls(difference, explained, unexplained) in (0, 3)),
    check (difference is null or difference = explained + unexplained)
);
create unique index reconciliation_one_current on reconciliation (invoice_id, currency) where superseded_at is null;

create table reconciliation_item (
    reconciliation bigint not null references reconciliation,
    kind text not null,
    amount exact_decimal not null,
    evidence text not null,
    origin text not null check (origin in ('invoice', 'hand', 'charges')),
    primary key (reconciliation, kind)
);

create table unreadable_source (
    source text not null,
    reason text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    superseded_at timestamptz check (superseded_at >= recorded_at)
);
create unique index unreadable_source_one_current on unreadable_source (source) where superseded_at is null;

create view invoice_versions as
    select invoice, source, invoice_id, issuer, billing_account_id, period_start, period_end, currency,
        amount::numeric as amount, tax::numeric as tax, credits::numeric as credits, support::numeric as support,
        marketplace::numeric as marketplace, status, recorded_by, note, recorded_at, superseded_at
    from invoice;
comment on view invoice_versions is 'Everything that was ever stated of an invoice, by whom and when';

create view invoices as
    select distinct on (invoice_id, currency) invoice, source, invoice_id, issuer, billing_account_id, period_start,
        period_end, currency, amount, tax, credits, support, marketplace, status, recorded_by, note, recorded_at
    from invoice_versions
    where superseded_at is null
    order by invoice_id, currency, array_position(array['hand', 'csv', 'focus'], source);
comment on view invoices is 'The invoices: what was stated by hand stands before the file, and that before the bill';
comment on column invoices.period_end is 'The day after the last of its period';
comment on column invoices.amount is 'Empty where the bill names the invoice and nobody has stated its amount';

create view invoice_explanations as
    select invoice_id, currency, kind, amount::numeric as amount, why, recorded_by, recorded_at, superseded_at
    from invoice_explanation;
comment on view invoice_explanations is 'What people said explains a difference; superseded_at is empty for what stands';

-- Which charge is on which invoice: by its id; or, where no charge carries the id, by issuer, account, period and
-- currency, as far as it is on no other invoice and no second invoice asks for the same. A correction that is billed in
-- a later period belongs to that period's invoice, whatever its day.
create view invoice_charges as
    with charge as materialized (
        select c.*, coalesce(c.invoice_issuer_name, c.provider_name) as issuer from invoiced_costs c
    ), named as materialized (
        select distinct c.invoice_id, c.billing_currency from charge c where c.invoice_id is not null
    ), stated as materialized (
        select i.*, n.invoice_id is not null as is_named
        from invoices i
        left join named n on (n.invoice_id, n.billing_currency) = (i.invoice_id, i.currency)
        where i.status <> 'void'
    ), alone as (
        select s.*, count(*) over (partition by s.issuer, s.billing_account_id, s.period_start, s.currency) as claims
        from stated s where not s.is_named
    )
    select s.invoice_id as of_invoice, s.invoice, true as by_id, c.*
    from stated s
    join charge c on (c.invoice_id, c.billing_currency) = (s.invoice_id, s.currency)
    where not coalesce(c.charge_class = 'Correction' and c.billing_period >= s.period_end, false)
    union all
    select a.invoice_id, a.invoice, false, c.*
    from alone a
    join charge c on (c.issuer, c.billing_period, c.billing_currency) = (a.issuer, a.period_start, a.currency)
        and (a.billing_account_id is null or a.billing_account_id = c.billing_account_id)
    where a.claims = 1 and not exists (
        select from stated o
        where (o.invoice_id, o.currency) = (c.invoice_id, c.billing_currency) and o.amount is not null
    );
comment on view invoice_charges is 'Every charge that is on an invoice, with that invoice';
comment on column invoice_charges.by_id is 'Whether the charge names the invoice; else account, period and currency do';

create view reconciliation_versions as
    select r.reconciliation, r.invoice_id, i.issuer, i.billing_account_id, i.period_start, i.period_end, r.currency,
        i.amount::numeric as amount, i.status, r.billed::numeric as billed, r.difference::numeric as difference,
        100 * r.difference::numeric / nullif(i.amount::numeric, 0) as difference_percent, r.score::numeric as score,
        r.explained::numeric as explained, r.unexplained::numeric as unexplained, r.tolerance::numeric as tolerance,
        r.state, r.reason, r.charge_rows, i.source, i.recorded_by, r.recorded_at, r.superseded_at, r.run_id,
        r.code_version, r.catalogue_version
    from reconciliation r
    join invoice i on i.invoice = r.invoice;
comment on view reconciliation_versions is 'How every invoice ever stood against what was billed for it';

create view reconciliations as
    select reconciliation, invoice_id, issuer, billing_account_id, period_start, period_end, currency, amount, status,
        billed, difference, difference_percent, score, explained, unexplained, tolerance, state, reason, charge_rows,
        source, recorded_by, recorded_at, run_id
    from reconciliation_versions
    where superseded_at is null;
comment on view reconciliations is 'How each invoice stands against what was billed for it';
comment on column reconciliations.difference is 'The invoice less what was billed: explained and unexplained';
comment on column reconciliations.billed is 'What the mart holds of it; empty where that can''t be told, never 0';
comment on column reconciliations.score is '1 less the difference over the invoice, not below 0';

create view reconciliation_items as
    select r.invoice_id, r.currency, m.kind, m.amount::numeric as amount, m.evidence, m.origin, r.recorded_at,
        r.superseded_at
    from reconciliation_item m
    join reconciliation r on r.reconciliation = m.reconciliation;
comment on view reconciliation_items is 'What explains a difference; superseded_at is empty for what stands';
comment on column reconciliation_items.origin is 'Who says so: the invoice and the charges, a person by hand, or the charges alone';

create view unreadable_sources as
    select source, reason, recorded_at from unreadable_source where superseded_at is null;
comment on view unreadable_sources is 'What could not be read by invoice: its charges are on no invoice, and never 0';

create view closed_invoices as
    select * from reconciliations where state in ('reconciled', 'explained') and status in ('issued', 'paid');
comment on view closed_invoices is 'The invoices that are final and whose every difference is explained';

create view after_close as
    select r.invoice_id as closed_invoice, c.business_date, c.provider_name, c.billing_period, c.invoice_id,
        c.service_name, c.charge_category, c.billing_currency, c.billed_cost, c.charge_rows, c.recorded_at
    from closed_invoices r
    join invoiced_costs c on c.billing_currency = r.currency
        and coalesce(c.invoice_issuer_name, c.provider_name) = r.issuer
        and (r.billing_account_id is null or r.billing_account_id = c.billing_account_id)
        and c.business_date >= r.period_start and c.business_date < r.period_end
    where c.charge_class = 'Correction' and c.billing_period >= r.period_end;
comment on view after_close is 'Corrections of days of a closed invoice: they are on a later one and leave it as it is';

create view reconciled_days as
    with closed as (
        select c.business_date, c.provider_name, c.billing_currency, sum(c.billed_cost) as billed_cost,
            sum(c.charge_rows) as charge_rows
        from invoice_charges c
        join closed_invoices r on (r.invoice_id, r.currency) = (c.of_invoice, c.billing_currency)
        group by 1, 2, 3
    ), every as (
        select c.business_date, c.provider_name, c.billing_currency, sum(c.billed_cost) as billed_cost,
            sum(c.charge_rows) as charge_rows
        from invoiced_costs c group by 1, 2, 3
    )
    select * from every intersect select * from closed;
comment on view reconciled_days is 'The days of a provider whose every charge is on a closed invoice';
