"""`unit-economics allocation ...`: what the rules made of the bill, and what they missed.

Here: which commands there are, each loaded only when it is called. Not here: what they do (explain.py, check.py).
"""

from unit_economics.cli.boundary import LazyGroup, Section

command = LazyGroup(
    name="allocation",
    help="Who pays for what: the charges and rules behind a number, and what the rules miss.",
    package=__name__,
    sections=[
        Section(
            "Commands",
            {
                "explain": "Which charges and which rules made the cost of a scope on a day.",
                "check": "Charges matched twice or never, and the rules that would catch them.",
            },
        )
    ],
)
