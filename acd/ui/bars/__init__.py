"""What a status bar shows of all sessions, in each bar's own language.

    view.py       the sessions, as a bar looks at them
    template.py   a text of the user's own, with fields
    formats.py    one entry for each bar: how it is written, and how safely

Pure: sessions and a time in, text out. It refuses to know where sessions come
from and where the text goes. A bar asks every few seconds, so nothing in here
imports more than it needs.
"""
