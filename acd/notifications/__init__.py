"""Telling the user of waits: by the desktop, and by a command of their own."""
