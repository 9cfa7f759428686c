"""What acd knows about sessions, as pure values and tables.

Nothing below this package reads a clock, a file, a socket or the environment:
times and facts come in as arguments, and what changed goes out as values.
"""
