"""Why the unit cost moved, in words: one name for each term of the bridge.

Here: words. Not here: the arithmetic (insight/bridge.py), the drawing (panels/why.py).
"""

from decimal import Decimal

from unit_economics.dashboard.mart.slices import label_of
from unit_economics.dashboard.scene import Scene
from unit_economics.insight.bridge import Term, Window

NEGLIGIBLE = Decimal("0.005")
"""A change of less than half a percent is no change to speak of."""


def is_flat(change: Decimal) -> bool:
    """Whether a relative change is too small to speak of."""
    return abs(change) < NEGLIGIBLE


def slice_name(scene: Scene, scope: str) -> str:
    """The slice's name for people; the scope's own where it was not taken apart."""
    if not scope or not scene.view.by:
        return "its own bill"
    return label_of(scope, scene.of.catalogue.scopes_of(scene.view.metric)[scene.view.by].by)


def cause(scene: Scene, term: Term[Decimal]) -> str:
    """`fewer orders`, `Amazon EC2`, `the share of EU`: what a term stands for, as the subject of a sentence."""
    match term.kind:
        case "volume":
            return f"{_more_or_fewer_units(scene)} {scene.units_name}"
        case "price":
            return slice_name(scene, term.slice or "")
        case "mix" if term.slice is None:
            return f"the share of {scene.units_name} outside every slice"
        case "mix":
            return f"{_more_or_fewer(scene, term.slice or '')} {slice_name(scene, term.slice or '')} {scene.units_name}"
        case _:
            return "everything else"


def _more_or_fewer_units(scene: Scene) -> str:
    """By the units of as many days."""
    before, after = scene.even_windows or (None, None)
    return "more" if before and after and after.quantity > before.quantity else "fewer"


def _more_or_fewer(scene: Scene, scope: str) -> str:
    """By the slice's share of the units: the mix is about shares."""
    windows = scene.slice_windows or ()
    before, after = (_share(window, scope) for window in windows) if windows else (0, 0)
    return "more" if after > before else "fewer"


def _share(window: Window, scope: str) -> Decimal:
    own = window.slices[scope].quantity if scope in window.slices else None
    return (own or Decimal(0)) / window.quantity


def pushed(scene: Scene, amount: Decimal) -> str:
    """`added $2.10`, `took off $0.40`."""
    return f"{'added' if amount >= 0 else 'took off'} {scene.numbers.money(abs(amount))}"
