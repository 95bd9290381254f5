"""The bill by invoice on a Spark cluster: what one machine reads, to the last decimal."""

from pathlib import Path

import pandas as pd
import pytest

from unit_economics.refusals import Refusal
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.spark_cluster import Cluster
from unit_economics_tests.test_focus_invoiced import invoiced, read_invoiced


def test_both_engines_bill_the_same_by_invoice(spark: Cluster, tmp_path: Path) -> None:
    write_bill(
        tmp_path, invoiced(), invoiced(InvoiceId="", BilledCost="0.000000000001"), invoiced(ChargeClass="Correction")
    )
    write_bill(tmp_path, charge(BilledCost="-3"), name="older.csv")
    one, many = read_invoiced(tmp_path), read_invoiced(tmp_path, engine=spark.engine)
    pd.testing.assert_frame_equal(one.rows, many.rows)
    assert one.totals == many.totals


def test_a_period_that_is_no_date_is_refused_by_both(spark: Cluster, tmp_path: Path) -> None:
    write_bill(tmp_path, invoiced(BillingPeriodStart="September"))
    with pytest.raises(Refusal, match="row 2, field BillingPeriodStart: 'September' is no date"):
        read_invoiced(tmp_path, engine=spark.engine)
