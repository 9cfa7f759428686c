"""JSON that comes with a SET or an API_USAGE: what is accepted, and why not.

Responsible for parsing it strictly (what could not be given back as JSON is
refused) and for naming what is wrong. It refuses to know what a session does
with it.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import Any, Final, NoReturn, cast

from acd.core.session import Json

KNOWN: Final = frozenset({"working_dir", "session_id", "agent_type", "prompt", "name"})
"""Keys of SET's metadata that have a meaning; each is a string."""


class Refused(Exception):
    """A command that cannot be carried out; the text is the reply behind `ERR `."""


def _not_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is out of range")
    return number


# Python's decoder takes NaN, Infinity and 1e999, and would give them back as
# something that no other JSON parser reads.
_DECODER: Final = json.JSONDecoder(parse_constant=_not_json, parse_float=_finite)


def parse_object(text: str, what: str) -> Json:
    """The JSON object in `text`.

    Raises Refused, whose text begins with `invalid <what>: `.
    """
    try:
        value, end = _DECODER.raw_decode(text)
    except RecursionError:
        raise Refused(f"invalid {what}: nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Refused(f"invalid {what}: {error.msg} at character {error.pos + 1}") from None
    except ValueError as error:
        raise Refused(f"invalid {what}: {error}") from None
    if type(value) is not dict:
        raise Refused(f"invalid {what}: must be a JSON object")
    if end != len(text) and not text[end:].isspace():
        raise Refused(f"invalid {what}: text after the object at character {end + 1}")
    return cast(Json, value)


@lru_cache(maxsize=64)  # a session's SETs carry the same metadata again and again
def parse_metadata(text: str) -> Json:
    """SET's metadata: any object in which the known keys are strings. Do not change it.

    Raises Refused: `invalid metadata: …`.
    """
    metadata = parse_object(text, "metadata")
    for key, value in metadata.items():
        if key in KNOWN:
            if type(value) is not str:
                raise Refused(f"invalid metadata: {key} must be a string")
            if not value.isascii() and not is_text(value):
                raise Refused(f"invalid metadata: {key} must be Unicode text, no lone surrogates")
    return metadata


def parse_api_usage(text: str) -> Json:
    """API_USAGE's counts: whole numbers, and whatever else the agent knows.

    Raises Refused: `invalid api usage: …`.
    """
    usage = parse_object(text, "api usage")
    for key in ("input_tokens", "output_tokens"):
        if key in usage and not _is_count(usage[key]):
            raise Refused(f"invalid api usage: {key} must be a whole number, 0 or more")
    return usage


def is_text(value: str) -> bool:
    """Whether it can be encoded: JSON's escapes can make lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0
