"""What answers look like: the closed subset of JSON Schema in which spec/openapi.yaml describes them, read once for the generator
of the program's structs and for the tests, which hold every answer against it.

- object: closed (additionalProperties: false), properties, required; what is not required says in its description when it is there
- an open object: additionalProperties: true and a description; a map: additionalProperties: {type: boolean}
- array: items; string: enum, format (date-time, date, binary), x-prefix (a TypeID), x-duration, x-secret; integer: minimum, maximum
- boolean; null; type [T, 'null']; $ref to components, with a description of its own
"""
import re

KEYS = {
    "object": {"properties", "required", "additionalProperties", "maxProperties", "propertyNames"},
    "array": {"items"},
    "string": {"enum", "format", "x-prefix", "x-duration", "x-secret"},
    "integer": {"minimum", "maximum"},
    "boolean": set(),
    "null": set(),
}
FORMATS = {"date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "date": re.compile(r"\d{4}-\d\d-\d\d"), "binary": None}
DURATION = re.compile(r"\d+[dhms]")
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "map": dict, "open": dict, "null": type(None)}
JSON = "application/json"


class Unknown(Exception):
    """Something outside the subset; the message says where."""


def need(condition, where, what):
    if not condition:
        raise Unknown(f"{where}: {what}")


class Shape:
    """One schema, read. `kind` is a type, or "map" or "open" for the two objects whose fields have names of their own."""

    def __init__(self, kind, nullable):
        self.kind, self.nullable, self.name = kind, nullable, None
        self.fields, self.required, self.item = {}, frozenset(), None
        self.words, self.format, self.prefix, self.is_duration, self.is_secret = None, None, None, False, False
        self.low, self.high = None, None


class Shapes:
    """Of one document. Shared ones are read once, and known by their names."""

    def __init__(self, tree, path):
        self.tree, self.path, self.named = tree, path, {}

    def read(self, node, where):
        if isinstance(node, dict) and "$ref" in node:
            return self.component(node, where)
        need(isinstance(node, dict) and "type" in node, where, "an answer's schema has a type")
        kind, nullable = self.type_of(node["type"], where)
        strange = set(node) - KEYS[kind] - {"type", "description"}
        need(not strange, where, f"unknown keys {sorted(strange)}")
        shape = Shape(kind, nullable)
        if kind == "object":
            self.object(shape, node, where)
        elif kind == "array":
            shape.item = self.read(node.get("items"), where + "/items")
        elif kind == "string":
            self.string(shape, node, where)
        elif kind == "integer":
            shape.low, shape.high = node.get("minimum"), node.get("maximum")
        return shape

    def type_of(self, kind, where):
        nullable = isinstance(kind, list)
        if nullable:
            need(len(kind) == 2 and kind[1] == "null" and kind[0] != "null", where, f"unknown type {kind}")
            kind = kind[0]
        need(isinstance(kind, str) and kind in KEYS, where, f"unknown type {kind}")
        return kind, nullable

    def component(self, node, where):
        reference = node["$ref"]
        need(set(node) <= {"$ref", "description"} and reference.startswith("#/components/schemas/"), where, f"unknown reference {reference}")
        name = reference.rsplit("/", 1)[1]
        found = self.tree.get("components", {}).get("schemas", {}).get(name)
        need(found is not None, where, f"{reference} does not exist")
        need(self.named.get(name, True) is not None, where, f"{name} holds itself")
        if name not in self.named:
            self.named[name] = None
            here = f"{self.path}: {name}"
            shape = self.read(found, here)
            need(shape.kind != "object" or found.get("description"), here, "a shared object has a description")
            shape.name = shape.name or name
            self.named[name] = shape
        return self.named[name]

    def object(self, shape, node, where):
        more = node.get("additionalProperties")
        if more == {"type": "boolean"}:
            shape.kind = "map"
            need("properties" not in node, where, "a map has no properties")
            return
        need(set(node) & {"maxProperties", "propertyNames"} == set(), where, "maxProperties and propertyNames are a map's")
        if more is True:
            shape.kind = "open"
            need("properties" not in node and node.get("description"), where, "an open object has a description and no properties")
            return
        need(more is False and node.get("properties"), where, "an object of an answer is closed (additionalProperties: false) and has properties")
        shape.required = frozenset(node.get("required", ()))
        for key, inner in node["properties"].items():
            shape.fields[key] = self.read(inner, f"{where}/{key}")
            need(key in shape.required or inner.get("description"), f"{where}/{key}", "what is not required says when it is there (description)")
        for key in shape.required:
            need(key in shape.fields, where, f"required {key!r} is not a property")

    def string(self, shape, node, where):
        need(sum(key in node for key in ("enum", "format", "x-prefix", "x-duration", "x-secret")) <= 1, where, "a string is one thing")
        shape.format, shape.prefix = node.get("format"), node.get("x-prefix")
        shape.is_duration, shape.is_secret = bool(node.get("x-duration")), bool(node.get("x-secret"))
        need(shape.format is None or shape.format in FORMATS, where, f"unknown format {shape.format}")
        need(not shape.is_secret or shape.nullable, where, "a secret is null where the answer is repeated")
        if "enum" in node:
            words = node["enum"]
            need((None in words) == shape.nullable, where, "null is among the words of what may be null, and of nothing else")
            shape.words = [word for word in words if word is not None]
            need(shape.words and all(isinstance(word, str) for word in shape.words), where, "an enum holds words")

    def answers(self, operation, where):
        """status → media type → Shape; of each answer that is a success."""
        found = {}
        for status, node in operation.get("responses", {}).items():
            need(isinstance(status, int) and set(node) <= {"description", "content"} and node.get("description"), where,
                 f"answer {status} has a description and content, and nothing else")
            if not 200 <= status < 300:
                need("content" not in node, where, f"answer {status} is a problem, as all refusals are")
                continue
            here = f"{where}: {status}"
            need(status == 204 or "content" in node, here, "an answer has a schema; content: {} says that it has no body")
            need(status != 204 or "content" not in node, here, "204 has no content")
            content = node.get("content", {})
            need(content or status not in (200, 201), here, "200 and 201 have a body")
            for media, about in content.items():
                need(set(about) == {"schema"}, here, f"{media} has a schema and nothing beside it")
            found[status] = {media: self.read(about["schema"], here) for media, about in content.items()}
            json = found[status].get(JSON)
            need(json is None or (json.name and json.kind in ("object", "open")), here, "a JSON answer is a shared object")
        need(found, where, "no answer is a success")
        return found


def references(node):
    """Every $ref below a node."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def unused(tree):
    """What stands under components and is reached from no path."""
    components = tree.get("components", {})
    every = {f"#/components/{family}/{name}": node for family, nodes in components.items() for name, node in nodes.items()}
    reached, left = set(), list(references(tree.get("paths", {})))
    while left:
        one = left.pop()
        if one not in reached and one in every:
            reached.add(one)
            left += references(every[one])
    return sorted(set(every) - reached)


# ---- an answer held against its schema ----

def mismatch(shape, value, at=""):
    """What is wrong with a value, and where (RFC 6901); None when nothing is."""
    if value is None:
        return None if shape.nullable or shape.kind == "null" else f"{at or '/'} is null"
    if type(value) is not TYPES[shape.kind]:
        return f"{at or '/'} is {value!r}, no {shape.kind}"
    check = CHECKS.get(shape.kind)
    return check(shape, value, at) if check else None


def object_mismatch(shape, value, at):
    for key, inner in value.items():
        known = shape.fields.get(key)
        if known is None:
            return f"{at}/{key} is in no schema"
        found = mismatch(known, inner, f"{at}/{key}")
        if found:
            return found
    missing = shape.required - value.keys()
    return f"{at}/{min(missing)} is missing" if missing else None


def array_mismatch(shape, value, at):
    for i, inner in enumerate(value):
        found = mismatch(shape.item, inner, f"{at}/{i}")
        if found:
            return found
    return None


def map_mismatch(_, value, at):
    wrong = [key for key, inner in value.items() if type(inner) is not bool]
    return f"{at}/{wrong[0]} is no boolean" if wrong else None


def string_mismatch(shape, value, at):
    pattern = FORMATS[shape.format] if shape.format else DURATION if shape.is_duration else None
    right = ((shape.words is None or value in shape.words) and (not pattern or pattern.fullmatch(value))
             and (not shape.prefix or (value.startswith(shape.prefix + "_") and len(value) == len(shape.prefix) + 27)))
    return None if right else f"{at} is {value[:80]!r}"


def integer_mismatch(shape, value, at):
    right = (shape.low is None or value >= shape.low) and (shape.high is None or value <= shape.high)
    return None if right else f"{at} is {value}"


CHECKS = {"object": object_mismatch, "array": array_mismatch, "map": map_mismatch, "string": string_mismatch, "integer": integer_mismatch}
