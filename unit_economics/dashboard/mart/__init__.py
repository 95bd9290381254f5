"""Reading the mart: connections as a reading role, and the questions that several panels share.

Not here: what is made of the answers (facts/, panels/).
"""
