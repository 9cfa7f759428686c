"""Sources of evidence beside the hooks: an agent's process, and its own registry.

Each tells what it saw and when, and refuses to know what that means for a
session (core/corrections.py).
"""
