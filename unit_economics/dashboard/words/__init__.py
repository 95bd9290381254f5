"""How numbers, days and links are written for people.

Not here: what is said of them (panels/).
"""
