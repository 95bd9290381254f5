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
