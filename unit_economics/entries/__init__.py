"""What may be written in the catalogue, one module a kind of entry: shapes, defaults and what each must be.

Here: pydantic models and the rules between them. Not here: the catalogue as a whole (catalogue.py), reading its file
(catalogue_file/), what is done with an entry.
"""
