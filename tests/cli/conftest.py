from testing.command_line import (  # noqa: F401 - fixtures
    _shared,
    acd,
    alone,
    client,
    served,
    status_line,
)
