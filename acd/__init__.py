"""acd, the agent console daemon: which of your coding-agent sessions waits for you."""

__version__ = "0.1.0"
