"""What the pages are made of: one module a panel, which reads what it needs of the scene and hands over what is drawn.

Each has one function from a scene to a frozen dataclass whose `template` draws it. Not here: which page shows which
panel (pages.py).
"""
