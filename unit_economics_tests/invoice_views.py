"""The columns that the views of invoices promise."""

CHARGED = (
    "business_date provider_name publisher_name invoice_issuer_name billing_account_id invoice_id billing_period"
    " service_name charge_category charge_class billing_currency billed_cost charge_rows status version recorded_at"
    " run_id"
)
STATED = (
    "source invoice_id issuer billing_account_id period_start period_end currency amount tax credits support"
    " marketplace status recorded_by note recorded_at"
)
STANDS = (
    "reconciliation invoice_id issuer billing_account_id period_start period_end currency amount status billed"
    " difference difference_percent score explained unexplained tolerance state reason charge_rows source"
    " recorded_by recorded_at"
)
INVOICE_VIEWS = {
    "invoiced_costs": CHARGED,
    "invoiced_cost_versions": f"{CHARGED} superseded_at",
    "invoices": f"invoice {STATED}",
    "invoice_versions": f"invoice {STATED} superseded_at",
    "invoice_explanations": "invoice_id currency kind amount why recorded_by recorded_at superseded_at",
    "invoice_charges": f"of_invoice invoice by_id {CHARGED} issuer",
    "reconciliations": f"{STANDS} run_id",
    "reconciliation_versions": f"{STANDS} superseded_at run_id code_version catalogue_version",
    "closed_invoices": f"{STANDS} run_id",
    "reconciliation_items": "invoice_id currency kind amount evidence origin recorded_at superseded_at",
    "unreadable_sources": "source reason recorded_at",
    "after_close": "closed_invoice business_date provider_name billing_period invoice_id service_name charge_category"
    " billing_currency billed_cost charge_rows recorded_at",
    "reconciled_days": "business_date provider_name billing_currency billed_cost charge_rows",
}
