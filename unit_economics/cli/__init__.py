"""`unit-economics ...`: the commands by name, each loaded only when it is called, so that `--help` is quick.

Here: which commands there are. Not here: what a command does (one module each, its object is called `command`), and
what becomes of an error (boundary.py).
"""

import click

from unit_economics.cli.boundary import LazyGroup, Section

_SECTIONS = [
    Section(
        "Start",
        {
            "demo": "A synthetic shop with a year of days, and the Dagster UI.",
            "up": "Dagster with its daemon, on your catalogue.",
            "doctor": "Check everything that is needed; each finding with the command that mends it.",
        },
    ),
    Section(
        "Compute",
        {
            "run": "Compute days again: read, check, store, divide, publish.",
            "backfill": "Compute the days that are missing, and only those.",
            "publish": "Bring Vantage to what is stored; --dry-run shows the difference.",
            "prepare": "Rewrite a bill once, so that reading a day of it touches that day alone.",
            "scan-sql": "The scan as SQL, for a bill that is a table in another engine.",
        },
    ),
    Section(
        "Prove",
        {
            "close": "Close a month: a pack of files that never changes; --verify proves one.",
            "verify": "Compute stored numbers again from their recorded inputs, and name what differs.",
        },
    ),
    Section(
        "Look",
        {
            "dashboard": "The pages for finance, leadership and whoever is on call.",
            "report": "A page of the dashboard as one file, or its headline as a picture.",
            "status": "Every asset and day at a glance, and what to type next.",
            "allocation": "Which charges and rules made a cost; what rules match twice or never.",
            "unit-cost": "What one unit cost over some days, each half totalled as its unit says.",
            "nowcast": "What provisional days will come to, beside what is there of them; the completion curve.",
            "value": "A formula or KPI over some days, with everything it was computed from.",
            "kpis": "The library of KPIs, and which of them this catalogue could compute now.",
            "explain": "Where one number comes from, down to files and rows.",
            "restatements": "What changed since a moment, by day, service and cause.",
            "export": "The unit costs as CSV, JSON or Parquet, also as of an earlier moment.",
            "catalogue": "What is measured, whether the file is sound, what a change of it would change.",
            "vantage": "Set up Vantage, and see what it holds against ours.",
        },
    ),
]


@click.group(
    cls=LazyGroup,
    sections=_SECTIONS,
    package=__name__,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="unit-economics", message="unit-economics %(version)s")
def main() -> None:
    """What one order costs, every business day, with proof.

    Exit codes: 0 fine, 1 something was found, 2 it can't be meant that way, 3 something did not answer,
    130 interrupted, 70 a fault of this program.
    """
