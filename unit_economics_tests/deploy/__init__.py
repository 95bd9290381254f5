"""What is in deploy/: judged by its own tools, and started as Compose starts it, without Docker.

Here: the files of deploy/, a stand-in for Compose that puts each service into a sandbox, the services at work.
Not here: what the services do for a user (stack/ and the other tests).
"""
