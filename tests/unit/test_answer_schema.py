"""How an answer is held against its schema: what is not as described is named with its place."""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../tools"))

from answer_schema import Shapes, mismatch  # noqa: E402

TREE = {"components": {"schemas": {"Thing": {
    "type": "object", "description": "A thing", "additionalProperties": False,
    "required": ["id", "at", "day", "lasts", "state", "count", "is", "names", "inner", "flags", "any", "nothing"],
    "properties": {
        "id": {"type": "string", "x-prefix": "thg"},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "lasts": {"type": "string", "x-duration": True},
        "state": {"type": "string", "enum": ["new", "old"]},
        "count": {"type": "integer", "minimum": 0, "maximum": 9},
        "is": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "inner": {"type": ["object", "null"], "additionalProperties": False, "required": ["a"], "properties": {"a": {"type": "string"}}},
        "flags": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "any": {"type": "object", "additionalProperties": True, "description": "anything"},
        "nothing": {"type": "null"},
        "secret": {"type": ["string", "null"], "x-secret": True, "description": "once"},
    }}}}}
GOOD = {"id": "thg_" + "0" * 26, "at": "2026-11-30T17:20:27.123Z", "day": "2026-11-30", "lasts": "7d", "state": "new", "count": 3, "is": True,
        "names": ["x"], "inner": {"a": ""}, "flags": {"a": False}, "any": {"b": [1]}, "nothing": None}


def wrong(**changes):
    shape = Shapes(TREE, "tree").component({"$ref": "#/components/schemas/Thing"}, "here")
    return mismatch(shape, GOOD | changes)


def test_what_is_as_described():
    assert wrong() is None
    for more in ({"at": None}, {"inner": None}, {"secret": None}, {"secret": "s"}, {"names": []}, {"flags": {}}, {"count": 0}, {"count": 9}):
        assert wrong(**more) is None, more


@pytest.mark.parametrize("name, value, where", [
    ("more", 1, "/more is in no schema"), ("id", None, "/id is null"), ("id", "acc_" + "0" * 26, "/id is"), ("id", "thg_0", "/id is"),
    ("at", "2026-11-30", "/at is"), ("day", "2026-11-30T17:20:27.123Z", "/day is"), ("lasts", "P7D", "/lasts is"), ("state", "NEW", "/state is"),
    ("count", -1, "/count is"), ("count", 10, "/count is"), ("count", True, "/count is True"), ("count", 1.0, "/count is 1.0"), ("is", 1, "/is is 1"),
    ("names", ["x", None], "/names/1 is null"), ("names", {}, "/names is"), ("inner", {}, "/inner/a is missing"),
    ("inner", {"a": "", "b": 1}, "/inner/b is in no schema"), ("flags", {"a": 1}, "/flags/a is no boolean"), ("any", [], "/any is"),
    ("nothing", 0, "/nothing is 0"), ("secret", 1, "/secret is 1"),
])
def test_what_is_not(name, value, where):
    assert wrong(**{name: value}).startswith(where)


def test_what_is_missing():
    shape = Shapes(TREE, "tree").component({"$ref": "#/components/schemas/Thing"}, "here")
    for name in GOOD:
        assert mismatch(shape, {k: v for k, v in GOOD.items() if k != name}) == f"/{name} is missing"
