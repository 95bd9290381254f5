-- The ledger of days, the rows they point to, the gate, what was published, and what is to be said.
-- Nothing is updated in place but three timestamps: a change supersedes, and history starts with the first write.

create schema if not exists unit_economics;
set local search_path = unit_economics, pg_catalog;

create domain exact_decimal as numeric(38, 12) check (value <> 'NaN');
create domain exact_ratio as numeric check (value <> 'NaN' and abs(value) < 'Infinity');

-- One try at a range of days. Numbers only grow, and are taken before the inputs are read: the fence.
create table attempt (
    attempt bigint generated always as identity primary key,
    asset text not null,
    first_day date not null,
    last_day date not null check (last_day >= first_day),
    run_id text not null,
    code_version text not null,
    catalogue_version text not null,
    definition text not null default '', -- the version of what the asset means, of all that the catalogue says
    started_at timestamptz not null default clock_timestamp(),
    committed_at timestamptz,
    absent jsonb not null default '{}', -- the days that the source did not have, each with the reason
    source_glance text, -- what the source looked like before it was read: the same again need not be read again
    source_fingerprint text -- what was read: files with size and hash, or requests with settings
);
create index attempt_by_asset on attempt (asset, attempt);

create table ledger (
    asset text not null,
    business_date date not null check (business_date between '1970-01-01' and '2999-12-31'),
    version integer not null check (version >= 1),
    rows_version integer not null check (rows_version between 1 and version),
    attempt bigint not null references attempt,
    status text not null check (status in ('provisional', 'complete', 'closed', 'restated')),
    complete_through date,
    content_hash text not null,
    definition text not null default '',
    input_versions jsonb not null default '{}',
    source_hash text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    superseded_at timestamptz check (superseded_at >= recorded_at),
    run_id text not null,
    code_version text not null,
    catalogue_version text not null,
    primary key (asset, business_date, version)
);
create unique index ledger_one_current on ledger (asset, business_date) where superseded_at is null;

create table unit_quantity (
    asset text not null,
    business_date date not null,
    version integer not null,
    segment text not null,
    quantity exact_decimal not null check (quantity >= 0),
    unit text not null,
    primary key (asset, business_date, version, segment),
    foreign key (asset, business_date, version) references ledger
);

create table charge_day (
    asset text not null,
    business_date date not null,
    version integer not null,
    provider_name text not null,
    sub_account_id text,
    service_name text,
    region_id text,
    charge_category text not null,
    tags jsonb not null,
    billing_currency text not null check (billing_currency ~ '^[A-Z]{3}$'),
    billed_cost exact_decimal,
    effective_cost exact_decimal,
    list_cost exact_decimal,
    contracted_cost exact_decimal,
    charge_rows bigint not null check (charge_rows >= 0),
    unique nulls not distinct (
        asset, business_date, version, provider_name, sub_account_id, service_name, region_id, charge_category, tags,
        billing_currency
    ),
    foreign key (asset, business_date, version) references ledger
);

create table unit_cost (
    asset text not null,
    business_date date not null,
    version integer not null,
    cost_scope text not null,
    billing_currency text not null check (billing_currency ~ '^[A-Z]{3}$'),
    cost_basis text not null,
    cost exact_decimal,
    charge_rows bigint not null check (charge_rows >= 0),
    quantity exact_decimal,
    unit text not null,
    unit_cost exact_ratio,
    reason text,
    primary key (asset, business_date, version, cost_scope, billing_currency),
    foreign key (asset, business_date, version) references ledger,
    check ((unit_cost is null) = (reason is not null))
);

-- The gate: what the checks said of a day, the newest attempt last.
create table verdict (
    asset text not null,
    business_date date not null,
    attempt bigint not null references attempt,
    passed boolean not null,
    failures jsonb not null default '[]',
    recorded_at timestamptz not null default clock_timestamp(),
    run_id text not null,
    primary key (asset, business_date, attempt)
);

create table publication (
    publication bigint generated always as identity primary key,
    asset text not null,
    business_date date not null,
    quantity exact_decimal not null,
    held_before exact_decimal,
    read_back exact_decimal,
    converged boolean not null,
    attempt bigint not null references attempt,
    run_id text not null,
    recorded_at timestamptz not null default clock_timestamp()
);
create index publication_by_day on publication (asset, business_date, publication);

-- What is to be said: one open row a cause; sent at least once, in spite of a channel that is down.
create table outbox (
    message bigint generated always as identity primary key,
    cause text not null,
    title text not null,
    body text not null,
    created_at timestamptz not null default clock_timestamp(),
    tries integer not null default 0,
    next_try_at timestamptz not null default clock_timestamp(),
    last_error text,
    sent_to text[] not null default '{}', -- the channels that took it already
    sent_at timestamptz
);
create unique index outbox_one_open on outbox (cause) where sent_at is null;
create index outbox_sent on outbox (cause, sent_at);
