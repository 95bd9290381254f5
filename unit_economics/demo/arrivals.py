"""How the demo's bill comes in: on the first mornings after a day some of its services are still missing.

Here: which charges of the newest days are there on the morning after the last one. Not here: charges (bill.py), what is
delivered later still (shop.deliver_late).
"""

from collections.abc import Sequence
from datetime import date

from unit_economics.demo.bill import Charge

MORNINGS_LATE = {
    "Amazon DynamoDB": 1,
    "Amazon Redshift": 1,
    "Amazon Relational Database Service": 1,
    "Amazon CloudFront": 2,
    "AmazonCloudWatch": 2,
    "Tax": 3,
}
"""How many mornings after the first one a service's charges of a day come; the others are there at once."""


def arrived(charges: Sequence[Charge], day: date, last: date) -> list[Charge]:
    """What of a day's charges is there on the morning after `last`; all of them for a day that is old enough."""
    mornings = (last - day).days
    return [charge for charge in charges if MORNINGS_LATE.get(str(charge["ServiceName"]), 0) <= mornings]
