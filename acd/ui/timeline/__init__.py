"""Who worked and who waited, and for how long: the past of all sessions as a picture.

    chart.py      the facts: stretches and totals, from what the daemon remembers
    terminal.py   drawn in characters
    svg.py        drawn as an SVG file

It refuses to know where sessions come from and where the picture goes.
"""
