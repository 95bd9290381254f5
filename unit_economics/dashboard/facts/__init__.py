"""What several panels say of one scene: sums, causes and origins, made of what the mart answered.

Not here: the questions (mart/), how numbers are written (words/), what is drawn (panels/).
"""
