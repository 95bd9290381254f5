"""`unit-economics invoice ...`: state an invoice by hand, see all of them, say what explains a difference.

Here: which commands there are, each loaded only when it is called. Not here: what they do (add.py, list.py,
explain.py), or how the invoices stand (cli/reconcile.py).
"""

from unit_economics.cli.boundary import LazyGroup, Section

command = LazyGroup(
    name="invoice",
    help="The invoices that the bill is held against, and what explains a difference.",
    package=__name__,
    sections=[
        Section(
            "Commands",
            {
                "add": "State an invoice by hand; again with other values replaces it.",
                "list": "Every invoice that was stated, by hand, in the file or by the bill.",
                "explain": "Say what explains a part of the difference, and why.",
            },
        )
    ],
)
