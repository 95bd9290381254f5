"""Why there is no unit cost, in the words that are stored beside it.

Here: the words, for who writes them and who reads them back. Not here: when each is said (unit_cost.py).
"""

NO_CHARGES = "no charge of this day is there"
"""Of a scope on a day whose bill is there it means that it cost 0; after the others nobody knows what it cost."""
NOT_STATED = "the source does not state this cost"
NOT_ALLOCATED = "what the targets pay on this day is not computed yet"
NO_UNITS = "no units of this day are there"
ZERO_UNITS = "0 units"
UNITS_OPEN = "the units of this day are provisional themselves"
NO_REVENUE = "no revenue of this day is there"
NOT_ABOVE_ZERO = "the net revenue is not above 0, so it has no percent"
NO_COST = "the unit cost of this day is not there"
OTHER_CURRENCIES = "it is in several currencies, and there are no `exchange_rates`"
