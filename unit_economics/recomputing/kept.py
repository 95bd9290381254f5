"""The catalogue by which a stored day was computed, as it was kept.

Here: finding and reading it, once a version. Not here: computing (ways.py).
"""

from collections.abc import Mapping

from unit_economics.catalogue import Catalogue, content_version
from unit_economics.environment import parsed_catalogue
from unit_economics.graph import Node, graph_of
from unit_economics.recomputing.ways import WAYS
from unit_economics.refusals import Refusal
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.stored_days import StoredDay, catalogue_text

NOT_KEPT = "its catalogue was not kept"
Known = tuple[Catalogue, Mapping[str, Node]]
"""A catalogue and its assets by name."""


class KeptCatalogues:
    """Every catalogue that is asked for, read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read: dict[str, Known | str] = {}

    def node(self, day: StoredDay) -> tuple[Catalogue, Node] | str:
        """The catalogue and what it says of the asset, or why there is none."""
        version = day.catalogue_version
        if version not in self._read:
            self._read[version] = self._parsed(version)
        known = self._read[version]
        if isinstance(known, str):
            return known
        catalogue, graph = known
        node = graph.get(day.asset)
        if node is None or node.kind not in WAYS:
            return f"its catalogue {version} has no such asset"
        return catalogue, node

    def _parsed(self, version: str) -> Known | str:
        text = catalogue_text(self._connection, version)
        if text is None:
            return NOT_KEPT
        if content_version(text) != version:
            return f"the text that is kept as catalogue {version} is another one"
        try:
            catalogue = parsed_catalogue(text, f"catalogue {version}")
        except Refusal as refusal:
            return f"this release does not read its catalogue: {refusal.what}"
        return catalogue, graph_of(catalogue)
