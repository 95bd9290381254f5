-- A service's curve ends at the age at which it is complete itself, which is another for a slower one.

set local search_path = unit_economics, pg_catalog;

create or replace view completion_curve_versions as
    select c.curve, c.cost_basis, l.provider_name, l.service_name, l.billing_currency, l.age_days,
        round(1 / nullif(l.factor::numeric, 0), 6) as share, l.factor::numeric as factor, l.spread, l.source, l.snapshots,
        (max(l.age_days) over (partition by l.curve, l.provider_name, l.service_name, l.billing_currency) + 1)::smallint
            as complete_at,
        l.step_factor, l.step_variance, l.step_weight, c.first_day, c.last_day, c.recorded_at, c.run_id, c.code_version,
        c.catalogue_version
    from learnt_curve c join learnt_cell l using (curve);
comment on view completion_curve_versions is 'Every completion curve that was ever learnt, by provider, service and age';
comment on column completion_curve.complete_at is 'The age at which this service is complete, and its curve ends';
