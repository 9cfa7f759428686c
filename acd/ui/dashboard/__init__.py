"""The full-screen dashboard of `acd dashboard`, a Textual program.

model.py, session_row.py, labels.py     the daemon's messages become rows
columns.py, header.py, details.py       rows become pieces of text with roles
theme.py                                roles become colours
model_sync.py, reconnecting_client.py   the connection to the daemon
app.py and the other files              Textual widgets
"""
