"""Charts as SVG, drawn on the server: no script and no inline style; readable in print, mail and a screen reader.

Here: one module a chart, each a pure function from numbers and texts to markup; svg.py writes elements, axis.py and
days.py place values. Not here: which numbers are drawn (panels/), and colours (static/charts.css has the classes).
"""
