"""What a person sees in Dagster's UI and on the dashboard, by text and role, in a real Chromium.

Here: pages and what stands on them. Not here: the stack that serves them (stack/), or what is behind the pages.
"""
