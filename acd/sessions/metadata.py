"""Parses the JSON of SET and API_USAGE strictly: what could not be written back is refused."""

import json
import math
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn, cast

from acd.sessions.values import PROMPT_LENGTH, Json, Refused

METADATA_KEYS: Final = {
    "working_dir": "working_dir",
    "session_id": "resume_id",
    "agent_type": "agent_type",
    "prompt": "prompt",
    "name": "name",
}
"""The keys of SET's metadata that have a meaning, each a string, to the session's fields."""

MAX_DEPTH: Final = 64
"""Levels of JSON that is kept. Python reads and writes about 900, but not the same number in
every place; what was acknowledged must be readable from the journal, and writable in replies."""


class Metadata(NamedTuple):
    """SET's metadata, checked."""

    fields: tuple[tuple[str, str], ...]
    """(field of the session, value)."""
    extra: Json | None
    """The keys that have no field of their own."""


class _NotJson(ValueError):
    pass


def _not_json(name: str) -> NoReturn:
    raise _NotJson(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NotJson("a number is out of range")
    return number


# Python's decoder accepts NaN, Infinity and 1e999, and writes them as text that is not JSON.
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
    except _NotJson as error:
        raise Refused(f"invalid {what}: {error}") from None
    except ValueError:
        # Python's limit of digits; its message is about a setting of the interpreter.
        raise Refused(f"invalid {what}: a number has too many digits") from None
    if type(value) is not dict:
        raise Refused(f"invalid {what}: must be a JSON object")
    if end != len(text) and not text[end:].isspace():
        raise Refused(f"invalid {what}: text after the object at character {end + 1}")
    return cast(Json, value)


@lru_cache(maxsize=64)  # a session's SETs carry the same metadata again and again
def parse_metadata(text: str) -> Metadata:
    """SET's metadata: an object in which the known keys are strings.

    Raises Refused: `invalid metadata: …`.
    """
    return check_metadata(parse_object(text, "metadata"))


def recorded_metadata(text: str) -> Metadata:
    """SET's metadata from a journal.

    Version 0.1.0 accepted NUL in the known keys; such a value is left out. Raises Refused.
    """
    if "\\u0000" not in text:
        return parse_metadata(text)
    given = parse_object(text, "metadata")
    return check_metadata(
        {
            key: value
            for key, value in given.items()
            if key not in METADATA_KEYS or "\0" not in str(value)
        }
    )


def check_metadata(metadata: Json) -> Metadata:
    """Splits the object into known and other keys. Raises Refused."""
    fields = []
    extra = {}
    for key, value in metadata.items():
        if key not in METADATA_KEYS:
            extra[key] = value
            continue
        if type(value) is not str:
            raise Refused(f"invalid metadata: {key} must be a string")
        if not is_text(value):
            raise Refused(
                f"invalid metadata: {key} must be Unicode text, without NUL and lone surrogates"
            )
        fields.append((METADATA_KEYS[key], value[:PROMPT_LENGTH] if key == "prompt" else value))
    if not extra:
        return Metadata(tuple(fields), None)
    check_depth(extra, "metadata")
    return Metadata(tuple(fields), extra)


def merge_extra(earlier: Json | None, extra: Json, limit: int) -> Json:
    """A session's other keys after a SET. Raises Refused for more than `limit` bytes of JSON."""
    merged = earlier | extra if earlier else extra
    if len(json.dumps(merged)) > limit:
        raise Refused(f"invalid metadata: a session's may have at most {limit} bytes")
    return merged


def parse_api_usage(text: str) -> Json:
    """API_USAGE's object: token counts are whole numbers, other keys are free.

    Raises Refused: `invalid api usage: …`.
    """
    usage = parse_object(text, "api usage")
    for key in ("input_tokens", "output_tokens"):
        if key in usage and not _is_count(usage[key]):
            raise Refused(f"invalid api usage: {key} must be a whole number, 0 or more")
    check_depth(usage, "api usage")
    return usage


def check_depth(value: Any, what: str, left: int = MAX_DEPTH) -> None:
    """Raises Refused for JSON of more than `left` levels."""
    if type(value) not in {dict, list}:
        return
    if not left:
        raise Refused(f"invalid {what}: nested too deeply: at most {MAX_DEPTH} levels")
    for inner in value.values() if type(value) is dict else value:
        check_depth(inner, what, left - 1)


def is_text(value: str) -> bool:
    """Whether a string from JSON can be a path or an argument.

    JSON's escapes can hold NUL, which no system call takes, and lone surrogates,
    which UTF-8 cannot encode (RFC 3629 section 3).
    """
    if "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0
