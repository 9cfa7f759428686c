"""acd, the agent console daemon: shows which of your coding-agent sessions wait for you."""

__version__ = "0.1.0"
