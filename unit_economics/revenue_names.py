"""What the components of revenue are called: in the catalogue, as segments of `daily_order_revenue`, in the margin.

Here: the names, which load nothing. Not here: the entry (entries/revenue.py), the arithmetic (revenue.py).
"""

GROSS = "gross"
DISCOUNTS = "discounts"
GIVEN_BACK = ("refunds", "chargebacks")
COMPONENTS = (GROSS, DISCOUNTS, *GIVEN_BACK)
