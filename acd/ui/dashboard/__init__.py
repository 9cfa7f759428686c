"""The dashboard: every session at a glance, live, and what can be done about it.

Responsible for the full-screen program behind `acd dashboard`. The parts:
    timeline.py, model.py, columns.py    pure: messages in, rows out, rows into cells
    link.py                              the connection to the daemon
    look.py                              themes: roles to colours
    app.py and the widgets beside it     thin Textual shells
Nothing in here is known to the daemon: it is a subscriber like any other.
"""
