"""What the demo's shop runs on: one line for each thing that AWS charges it for.

Here: the price list and how usage follows orders. Not here: rows of the bill (bill.py).
"""

from dataclasses import dataclass
from decimal import Decimal

D = Decimal
_NOTHING = Decimal(0)
ACCOUNTS = {"200000000011": "shop-production", "200000000012": "shop-staging"}
REGIONS = {"us-east-1": "US East (N. Virginia)", "eu-west-1": "EU (Ireland)", "eu-central-1": "EU (Frankfurt)"}
PRODUCTION, STAGING = ACCOUNTS


@dataclass(frozen=True)
class Line:
    """One thing that is charged every day: `fixed` units, and `per_order` more for each order."""

    service: str
    category: str
    subcategory: str
    resource: str
    unit: str
    price: Decimal
    fixed: Decimal
    per_order: Decimal = _NOTHING
    account: str = PRODUCTION
    region: str = "us-east-1"
    app: str | None = None
    team: str | None = None
    hourly: bool = False
    covered: bool = False


_EC2 = ("Amazon Elastic Compute Cloud", "Compute", "Virtual Machines")
_S3 = ("Amazon Simple Storage Service", "Storage", "Object Storage")
_RDS = ("Amazon Relational Database Service", "Databases", "Relational Databases")
_DYNAMO = ("Amazon DynamoDB", "Databases", "NoSQL Databases")
_SEARCH = ("Amazon OpenSearch Service", "Analytics", "Search")
_LAMBDA = ("AWS Lambda", "Compute", "Serverless Compute")
_CDN = ("Amazon CloudFront", "Networking", "Content Delivery")
_CACHE = ("Amazon ElastiCache", "Databases", "Caching")
_WAREHOUSE = ("Amazon Redshift", "Analytics", "Data Warehouses")
_WATCH = ("AmazonCloudWatch", "Management and Governance", "Observability")
_QUEUE = ("Amazon Simple Queue Service", "Integration", "Messaging")
_VPC = ("Amazon Virtual Private Cloud", "Networking", "Network Connectivity")

LINES = (
    Line(
        *_EC2, "checkout-servers", "Hours", D("0.1920"), D(96), D("0.02"), app="checkout", team="payments", covered=True
    ),
    Line(
        *_EC2,
        "search-servers",
        "Hours",
        D("0.1700"),
        D(72),
        D("0.01"),
        region="eu-west-1",
        app="search",
        team="discovery",
    ),
    Line(*_EC2, "warehouse-workers", "Hours", D("0.0960"), D(48), app="warehouse", team="data"),
    Line(*_EC2, "staging-servers", "Hours", D("0.0960"), D(48), account=STAGING, app="checkout", team="payments"),
    Line(*_S3, "product-images", "GB-Months", D("0.0230"), D(120), D("0.004"), app="search", team="discovery"),
    Line(*_S3, "exports", "GB-Months", D("0.0230"), D(200), region="eu-central-1", app="warehouse", team="data"),
    Line(*_RDS, "orders-database", "Hours", D("0.7200"), D(24), D("0.004"), app="checkout", team="payments"),
    Line(*_RDS, "staging-database", "Hours", D("0.1700"), D(24), account=STAGING),
    Line(*_DYNAMO, "carts", "1M Requests", D("1.2500"), D(4), D("0.05"), app="checkout", team="payments"),
    Line(*_SEARCH, "search-index", "Hours", D("0.3640"), D(72), region="eu-west-1", app="search", team="discovery"),
    Line(
        *_LAMBDA,
        "payment-hooks",
        "GB-Hours",
        D("0.0600"),
        D(12),
        D("0.12"),
        app="checkout",
        team="payments",
        hourly=True,
    ),
    Line(*_CDN, "shop-front", "GB", D("0.0850"), D(40), D("0.22"), app="checkout", team="payments"),
    Line(*_CACHE, "sessions", "Hours", D("0.1560"), D(48), app="checkout", team="payments"),
    Line(*_WAREHOUSE, "reports", "Hours", D("0.2500"), D(48), region="eu-central-1", app="warehouse", team="data"),
    Line(*_WATCH, "logs", "GB", D("0.5000"), D(14), D("0.006")),
    Line(*_QUEUE, "order-events", "1M Requests", D("0.4000"), D(1), D("0.02"), app="checkout", team="payments"),
    Line(*_VPC, "nat-gateway", "GB", D("0.0450"), D(60), D("0.05"), region="eu-west-1"),
)
IDLE_LINES = (
    Line(*_EC2, "loadtest-servers", "Hours", D("0.3840"), D(120), account=STAGING),
    Line(*_EC2, "loadtest-volumes", "GB-Months", D("0.1000"), D(90), account=STAGING),
)
