#!/usr/bin/env python3
"""spec/openapi.yaml and spec/console.yaml -> bodies.h, bodies.c, routes.h, routes.c, openapi_json.c, replies.h, replies.c.

gen_routes.py OPENAPI CONSOLE PERMISSIONS BODIES_H BODIES_C ROUTES_H ROUTES_C OPENAPI_JSON_C REPLIES_H REPLIES_C

Understands a closed subset of OpenAPI 3.1; anything else stops the build with the file and the path of what it did not know.
- operations: operationId, summary, description, x-kind, x-access or x-permission, x-effect-free, x-max-body, x-stage, x-succeeds (a form that gives
  another session, and answers its own repeat), x-admit, x-heavy-when, x-bulk, x-instance-key, x-stranger (why
  somebody who is no member of the organization in the path may call), x-shown-by and x-again (of a form: see shown_by), parameters, requestBody, responses
- schemas: object, array, string, integer, boolean; enum; minLength maxLength minimum maximum minItems maxItems required; format: binary;
  type [T, "null"]; x-multiline; x-name (the rules judge its characters), x-code, x-secret, x-pasted (how a form's text is cleaned: schema_form.c), x-address
  (the same in JSON: an address or a domain, without what came along unseen); x-prefix; x-link (of a path: base64url, what a mail program took into the link left out);
  $ref to components
- x-rows of an array of objects: what one of them holds that is too long, say, is its own refusal (`refused`), not that of all
- an open object: additionalProperties: true; what it has beside its properties is passed over; in JSON alone
- a map: an object with additionalProperties {type: boolean}, maxProperties and propertyNames {maxLength}, in JSON alone
- answers of the API: see answer_schema.py
"""
import json
import re
import sys

import yaml

from answer_schema import Shapes, Unknown, need, unused
from gen_replies import c_name, c_text, replies

METHODS = ("get", "post", "patch", "put", "delete")
KINDS = {"read": "ROUTE_READ", "write": "ROUTE_WRITE", "slow": "ROUTE_SLOW", "heavy": "ROUTE_HEAVY", "bare": "ROUTE_BARE"}
READS = ("read", "heavy", "bare")
ACCESS = {"public": "ACCESS_PUBLIC", "session": "ACCESS_SESSION", "caller": "ACCESS_CALLER", "operator": "ACCESS_OPERATOR",
          "member": "ACCESS_MEMBER"}
STAGES = {"password": "STAGE_PASSWORD", "factor": "STAGE_FACTOR"}
OPERATION_KEYS = {"operationId", "summary", "description", "x-kind", "x-access", "x-permission", "x-effect-free", "x-max-body",
                  "x-stage", "x-succeeds", "x-nav", "x-admit", "x-shown-by", "x-again", "x-heavy-when", "x-bulk", "x-instance-key", "x-stranger", "parameters", "requestBody", "responses"}
SCHEMA_KEYS = {
    "object": {"required", "properties", "additionalProperties"},
    "map": {"additionalProperties", "maxProperties", "propertyNames"},
    "array": {"items", "minItems", "maxItems", "x-rows"},
    "string": {"minLength", "maxLength", "enum", "format", "x-multiline", "x-name", "x-code", "x-secret", "x-pasted", "x-address", "x-prefix", "x-link"},
    "integer": {"minimum", "maximum"},
    "boolean": set(),
}
C_TYPES = {"string": "str", "integer": "int64_t", "boolean": "bool", "array": "list", "map": "list"}
FIELD_TYPES = {"object": "FIELD_OBJECT", "array": "FIELD_ARRAY", "string": "FIELD_STRING", "integer": "FIELD_INTEGER",
               "boolean": "FIELD_BOOLEAN", "map": "FIELD_MAP"}
# What a body may come as: its content types, and how the program calls them. A picture is a body by itself.
MEDIA = {"api": {("application/json",): "BODY_JSON", ("image/png", "image/jpeg"): "BODY_IMAGE"},
         "console": {("application/x-www-form-urlencoded",): "BODY_FORM", ("multipart/form-data",): "BODY_MULTIPART"}}
ORGANIZATION = ("org", "organization")  # how the path, or a TypeID, names one
MAX_BODY, PARAMS_MAX = 64 * 1024, 3
MAX_FORM = 256 * 1024  # a field that is far too long is told so beside the field
TYPED = {"x-name": "is_name", "x-code": "is_code", "x-secret": "is_secret", "x-pasted": "is_pasted", "x-address": "is_address"}


class Document:
    def __init__(self, path, face):
        self.path, self.face = path, face
        with open(path, encoding="utf-8") as file:
            self.tree = yaml.safe_load(file)
        self.shapes = Shapes(self.tree, path)

    def follow(self, node, where):
        """The node itself, or what its $ref names; and the reference, which gives shared bodies one C type."""
        if not isinstance(node, dict) or "$ref" not in node:
            return node, None
        reference = node["$ref"]
        need(len(node) == 1 and reference.startswith("#/"), where, f"unknown reference {reference}")
        found = self.tree
        for part in reference[2:].split("/"):
            need(isinstance(found, dict) and part in found, where, f"{reference} does not exist")
            found = found[part]
        return found, reference


class Bodies:
    """Collects structs and tables of fields."""

    def __init__(self):
        self.structs, self.tables, self.shared, self.names = [], [], {}, set()

    def schema_type(self, schema, where):
        kind, nullable = schema.get("type"), False
        if isinstance(kind, list):
            need(len(kind) == 2 and "null" in kind, where, f"unknown type {kind}")
            nullable = True
            kind = next(one for one in kind if one != "null")
        need(kind in SCHEMA_KEYS and kind != "map", where, f"unknown type {kind}")
        kind = "map" if isinstance(schema.get("additionalProperties"), dict) else kind
        strange = set(schema) - SCHEMA_KEYS[kind] - {"type", "description"}
        need(not strange, where, f"unknown keys {sorted(strange)}")
        return kind, nullable

    def limits(self, kind, schema):
        low, high = {"string": ("minLength", "maxLength"), "integer": ("minimum", "maximum"), "array": ("minItems", "maxItems")}.get(
            kind, (None, None))
        floor = "INT64_MIN" if kind == "integer" else "0"
        return schema.get(low, floor), schema.get(high, "INT64_MAX")

    def scalar(self, document, schema, where):
        """Type, and the name of the table of words of an enum."""
        kind, _ = self.schema_type(schema, where)
        if "format" in schema:
            need(schema["format"] == "binary", where, f"unknown format {schema['format']}")
            return "FIELD_BYTES", "NULL"
        if "enum" not in schema:
            return FIELD_TYPES[kind], "NULL"
        words = schema["enum"]
        need(kind == "string" and words and all(isinstance(w, str) for w in words), where, "an enum holds words")
        return "FIELD_ENUM", "(const str[]){" + ", ".join(f"S_INIT({c_text(w)})" for w in words) + ", {NULL, 0}}"

    def struct(self, document, name, properties, required, where, more=()):
        """Declares struct `name` and its table `name_fields`; returns nothing: both are known by name."""
        need(name not in self.names, where, f"two structs named {name}")
        self.names.add(name)
        members, flags, rows = [], [], []
        for key, node in properties.items():
            here = f"{where}/{key}"
            schema, _ = document.follow(node, here)
            kind, nullable = self.schema_type(schema, here)
            member = c_name(key, here)
            type_, words = self.scalar(document, schema, here)
            low, high = self.limits(kind, schema)
            need(kind != "integer" or not nullable or (isinstance(low, int) and low > 0), here, "a nullable integer needs a minimum above 0")
            need(kind in ("string", "integer") or not nullable, here, "only strings and integers may be null")
            row = {"name": f"S_INIT({c_text(key)})", "type": type_, "offset": f"offsetof({name}, {member})", "words": words}
            row |= {"min": low, "max": high, "nullable": str(nullable).lower(), "required": str(key in required).lower()}
            row["multiline"] = str(bool(schema.get("x-multiline"))).lower()
            row |= self.typed(schema, here)
            if kind == "object":
                row["open"] = self.is_open(document, schema, here)
                self.struct(document, f"{name}_{member}", schema.get("properties", {}), schema.get("required", []), here)
                members.append(f"    {name}_{member} {member};")
                row["fields"] = f"{name}_{member}_fields"
            elif kind == "map":
                self.map(document, schema, row, here)
                members.append(f"    list {member}; /* of flag */")
            elif kind == "array":
                self.array(document, name, member, schema, row, here)
                members.append(f"    list {member}; /* of {row.pop('comment')} */")
            else:
                members.append(f"    {C_TYPES[kind]} {member};")
            if key in required:
                row["has_offset"] = "FIELD_ALWAYS"
            else:
                flags.append(f"    bool has_{member};")
                row["has_offset"] = f"offsetof({name}, has_{member})"
            rows.append("    {" + ", ".join(f".{k} = {v}" for k, v in row.items()) + "},")
        for key in required:
            need(key in properties, where, f"required {key!r} is not a property")
        self.structs.append(f"typedef struct {name} {{\n" + "\n".join([*members, *flags, *more]) + f"\n}} {name};\n")
        self.tables.append(f"static const field {name}_fields[] = {{\n" + "\n".join(rows) + "\n    {.name = {NULL, 0}},\n};\n")

    def typed(self, schema, where):
        """How people type it; of an array, how they type each."""
        given = [flag for key, flag in TYPED.items() if schema.get(key) or schema.get("items", {}).get(key)]
        need(len(given) < 2, where, "a text is one of " + ", ".join(TYPED))
        return {flag: "true" for flag in given}

    def is_open(self, document, schema, where):
        more = schema.get("additionalProperties", False)
        need(not more or more is True and document.face == "api", where, "an object is closed, or of the API and open")
        return str(more).lower()

    def map(self, document, schema, row, where):
        names = schema.get("propertyNames", {})
        need(document.face == "api", where, "a form has no maps")
        need(schema["additionalProperties"] == {"type": "boolean"}, where, "a map is of booleans")
        need(isinstance(schema.get("maxProperties"), int) and set(names) == {"maxLength"}, where, "a map needs maxProperties and propertyNames {maxLength}")
        row |= {"max": schema["maxProperties"], "item_min": 1, "item_max": names["maxLength"]}

    def array(self, document, name, member, schema, row, where):
        need("maxItems" in schema, where, "an array needs maxItems")
        item, _ = document.follow(schema.get("items"), where + "/items")
        need(isinstance(item, dict), where, "an array needs items")
        kind, nullable = self.schema_type(item, where + "/items")
        need(kind not in ("array", "map") and not nullable, where, "items are neither arrays, maps nor null")
        need("additionalProperties" not in item, where, "items are closed")
        if kind == "object":
            inner = f"{name}_{member}"
            rows = bool(schema.get("x-rows"))
            self.struct(document, inner, item.get("properties", {}), item.get("required", []), where + "/items",
                        ["    const problem *refused; /* NULL: nothing of it was */"] if rows else [])
            if rows:
                row["refused_offset"] = f"offsetof({inner}, refused)"
            row |= {"fields": f"{inner}_fields", "item": "FIELD_OBJECT", "item_size": f"sizeof({inner})", "comment": inner}
        else:
            row |= self.typed(item, where + "/items")
            type_, words = self.scalar(document, item, where + "/items")
            low, high = self.limits(kind, item)
            row |= {"item": type_, "item_size": f"sizeof({C_TYPES[kind]})", "words": words, "item_min": low, "item_max": high,
                    "multiline": str(bool(item.get("x-multiline"))).lower(), "comment": C_TYPES[kind]}

    def body(self, document, operation, name, where):
        """Makes the table of a requestBody; shared ones become aliases of the first. Returns how it is written."""
        node, form = document.follow(operation["requestBody"], where)
        content = node.get("content", {})
        media = MEDIA[document.face].get(tuple(content))
        need(set(node) <= {"content", "required", "description"} and media, where,
             f"the body must be one of {[', '.join(types) for types in MEDIA[document.face]]}")
        first_type = next(iter(content.values()))
        need(set(first_type) == {"schema"} and all(one == first_type for one in content.values()), where,
             "a body has a schema and nothing beside it")
        schema, reference = document.follow(first_type["schema"], where)
        if media == "BODY_IMAGE":
            schema = {"type": "object", "required": ["content"], "properties": {"content": schema}}
        kind, nullable = self.schema_type(schema, where)
        need(kind == "object" and not nullable, where, "a body is an object")
        limit = operation.get("x-max-body", MAX_FORM if media == "BODY_FORM" else MAX_BODY)
        shared = (document.path, reference or form) if reference or form else None
        if shared in self.shared:
            first = self.shared[shared]
            for struct in [s for s in sorted(self.names) if s == first or s.startswith(first + "_")]:
                self.structs.append(f"typedef {struct} {name}{struct[len(first):]};\n")
        else:
            first = name
            if shared:
                self.shared[shared] = name
            self.struct(document, name, schema.get("properties", {}), schema.get("required", []), where)
        self.tables.append(f"const schema schema_{name} = {{.fields = {first}_fields, .size = sizeof({first}), .max_bytes = {limit}}};\n")
        return media

    def query(self, document, parameters, name, where):
        properties = {p["name"]: p.get("schema") for p in parameters}
        required = [p["name"] for p in parameters if p.get("required")]
        self.struct(document, name, properties, required, where)
        self.tables.append(f"const schema schema_{name} = {{.fields = {name}_fields, .size = sizeof({name}), .max_bytes = 8192}};\n")


def parameters_of(document, item, operation, where):
    path, query = {}, []
    for node in item.get("parameters", []) + operation.get("parameters", []):
        parameter, _ = document.follow(node, where)
        strange = set(parameter) - {"name", "in", "required", "schema", "description"}
        need(not strange and parameter.get("in") in ("path", "query"), where, f"unknown parameter {parameter}")
        if parameter["in"] == "path":
            path[parameter["name"]] = parameter["schema"]
        else:
            query.append(parameter)
    return path, query


def route_of(document, bodies, permissions, pattern, method, item, operation):
    where = f"{document.path}: {method.upper()} {pattern}"
    strange = set(operation) - OPERATION_KEYS
    need(not strange, where, f"unknown keys {sorted(strange)}")
    name = c_name(operation.get("operationId", ""), where)
    kind, access, permission = operation.get("x-kind"), operation.get("x-access"), operation.get("x-permission")
    need(kind in KINDS, where, "x-kind must be read, write, slow, heavy or bare")
    need((access is None) != (permission is None), where, "needs either x-access or x-permission")
    need(access is None or access in ACCESS, where, f"unknown x-access {access}")
    need(permission is None or permission in permissions, where, f"unknown permission {permission}")
    free = bool(operation.get("x-effect-free"))
    need(method != "get" or kind in READS, where, "a GET is a read")
    need(method == "get" or kind not in READS or free, where, "a read that is no GET must be x-effect-free")
    path, query = parameters_of(document, item, operation, where)
    names = re.findall(r"\{(\w+)\}", pattern)
    need(len(names) <= PARAMS_MAX and set(names) == set(path), where, f"path parameters {names} are declared as {sorted(path)}")
    need((access != "member" and permission is None) or "org" in names, where, "membership needs {org} in the path")
    strangers(operation, access, [n for n in names if n in ORGANIZATION or path[n].get("x-prefix") in ORGANIZATION], where)
    row = {"method": f"S_INIT({c_text(method.upper())})", "pattern": f"S_INIT({c_text(pattern)})", "name": c_text(name), "kind": KINDS[kind],
           "access": ACCESS[access] if access else "ACCESS_PERMISSION", "face": f"FACE_{document.face.upper()}",
           "effect_free": str(free).lower()}
    stages = operation.get("x-stage", [])
    need(set(stages) <= set(STAGES), where, f"unknown x-stage {stages}")
    if stages:
        row["stages"] = " | ".join(STAGES[one] for one in stages)
    if operation.get("x-succeeds"):
        need(access == "session" and kind not in READS, where, "a form in a session gives another one")
        row["succeeds"] = "true"
    if operation.get("x-instance-key"):
        need(access == "caller", where, "an instance key calls what is a caller's")
        row["instance_key"] = "true"
    if permission:
        row["permission"] = "PERM_" + permission.upper().replace(".", "_")
    if "requestBody" in operation:
        need(method != "get", where, "a GET has no body")
        row["media"] = bodies.body(document, operation, f"body_{name}", where)
        row["body"] = f"&schema_body_{name}"
    if document.face == "api":
        document.shapes.answers(operation, where)
    row |= weight(operation, kind, query, where)
    if query:
        bodies.query(document, query, f"query_{name}", where)
        row["query"] = f"&schema_query_{name}"
    params = []
    for one in names:
        prefix = path[one].get("x-prefix")
        secret = str(bool(path[one].get("x-link"))).lower()
        params.append("{S_INIT(%s), %s, %s}" % (c_text(one), f"S_INIT({c_text(prefix)})" if prefix else "{NULL, 0}", secret))
    if params:
        row["params"] = "{" + ", ".join(params) + "}"
    function = f"{document.face}_{name}"
    if kind == "slow":
        row |= admission(operation.get("x-admit"), function, where)
        row["prepare"] = f"{function}_prepare"
    else:
        need("x-admit" not in operation, where, "what is not slow needs no admission")
    row["handle"] = function
    return row


def strangers(operation, access, organizations, where):
    """An organization's route is its members', or the operator's; another's says why."""
    why = operation.get("x-stranger")
    open_ = bool(organizations) and access in ("public", "caller", "session")
    need(not open_ or why is not None, where, f"{{{', '.join(organizations)}}} with x-access {access}: anybody would be let in; say "
         "x-permission, x-access: member, or x-stranger and why")
    need(why is None or (open_ and isinstance(why, str) and why.strip()), where, "x-stranger says why somebody else may call an organization's route")


def page_of(document, pattern, how, where):
    """The pattern of the page that shows a form; None for one that says why none does."""
    if isinstance(how, dict):
        reason = how.get("none") if len(how) == 1 else None
        need(isinstance(reason, str) and reason.strip(), where, "x-shown-by is the operationId of a page, or {none: why}")
        return None
    named = [p for p, item in document.tree["paths"].items() if item.get("get", {}).get("operationId") == how] if how else [pattern]
    need(named and "get" in document.tree["paths"][named[0]], where, "no page shows this form: say x-shown-by, the operationId of a GET, or {none: why}")
    need(how is None or named[0] != pattern, where, "x-shown-by names the page of its own path: leave it out")
    own, theirs = (re.findall(r"\{(\w+)\}", path) for path in (pattern, named[0]))
    need(own[:len(theirs)] == theirs, where, f"{named[0]} has other parameters than the form")
    return named[0]


def shown_by(documents, routes):
    """Which page shows each form, so that one that is refused comes back with what was typed: the GET of its own path, or the one that
    x-shown-by names. x-again: a function of the form's own shows it (console_NAME_again). A page with a query shows itself."""
    places = {row["handle"]: at for at, row in enumerate(routes)}
    for document in documents:
        for pattern, method, operation in [(p, m, item[m]) for p, item in document.tree["paths"].items() for m in METHODS if m in item]:
            where, function = f"{document.path}: {method.upper()} {pattern}", f"{document.face}_{operation['operationId']}"
            how, again, row = operation.get("x-shown-by"), bool(operation.get("x-again")), routes[places[function]]
            if document.face != "console" or method == "get":
                need(how is None and not again, where, "only a form is shown by a page")
                page = pattern if document.face == "console" and "query" in row else None
            else:
                page = page_of(document, pattern, how, where)
                need(page or not again, where, "a form that no page shows is not shown again")
            if page:
                row["page"] = f"&routes[{places['console_' + document.tree['paths'][page]['get']['operationId']]}]"
            if again:
                row["again"] = f"{function}_again"


def admission(how, function, where):
    """Who asks before the pool works: the route's own function, one that others share, or nobody, for a reason."""
    if how is None:
        return {"admit": f"{function}_admit"}
    if isinstance(how, str):
        need(re.fullmatch(r"[a-z_]+", how), where, f"x-admit {how!r} is no name for C")
        return {"admit": f"admit_{how}"}
    reason = how.get("none") if isinstance(how, dict) and len(how) == 1 else None
    need(isinstance(reason, str) and reason.strip(), where, "x-admit is the name of a function, or {none: why}")
    return {}


def weight(operation, kind, query, where):
    """What makes a read heavy, and which writes are many at once."""
    when, bulk = operation.get("x-heavy-when"), bool(operation.get("x-bulk"))
    need(when is None or (kind == "read" and when in [p["name"] for p in query]), where, f"x-heavy-when {when!r} is no parameter of a read")
    need(not bulk or kind in ("write", "slow"), where, "what does not write is not x-bulk")
    return ({"heavy_when": f"S_INIT({c_text(when)})"} if when else {}) | ({"bulk": "true"} if bulk else {})


def collect(documents, permissions):
    bodies, routes, seen = Bodies(), [], set()
    for document in documents:
        for pattern, item in document.tree["paths"].items():
            where = f"{document.path}: {pattern}"
            need(re.fullmatch(r"/|(/([a-z0-9._-]+|\{[a-z_]+\}))+", pattern), where, "a pattern is made of words and {parameters}")
            strange = set(item) - set(METHODS) - {"parameters"}
            need(not strange, where, f"unknown keys {sorted(strange)}")
            for method in METHODS:
                if method in item:
                    row = route_of(document, bodies, permissions, pattern, method, item, item[method])
                    key = (row["method"], re.sub(r"\{\w+\}", "{}", pattern))
                    need(key not in seen and row["handle"] not in seen, where, "twice the same route or operationId")
                    seen |= {key, row["handle"]}
                    routes.append(row)
        left = unused(document.tree)
        need(not left, document.path, f"nobody uses {', '.join(left)}")
    shown_by(documents, routes)
    return bodies, routes


def keyed_by_text(node):
    """YAML reads 200 as a number; JSON objects have text for keys."""
    if isinstance(node, dict):
        return {str(key): keyed_by_text(value) for key, value in node.items()}
    return [keyed_by_text(value) for value in node] if isinstance(node, list) else node


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write("/* Generated from spec/openapi.yaml and spec/console.yaml. */\n" + text)


def main():
    openapi, console, rights, bodies_h, bodies_c, routes_h, routes_c, openapi_json_c, replies_h, replies_c = sys.argv[1:]
    with open(rights, encoding="utf-8") as file:
        permissions = set(yaml.safe_load(file))
    documents = [Document(openapi, "api"), Document(console, "console")]
    bodies, routes = collect(documents, permissions)
    schemas = re.findall(r"const schema (\w+) =", "".join(bodies.tables))

    write(bodies_h, "#ifndef PARVIS_BODIES_H\n#define PARVIS_BODIES_H\n\n#include \"http/request.h\"\n\n" + "\n".join(bodies.structs) + "\n" +
          "".join(f"extern const schema {name};\n" for name in schemas) + "\n#endif\n")
    write(bodies_c, "#include \"bodies.h\"\n\n#include <stddef.h>\n\n" + "\n".join(bodies.tables))
    kinds = (("admit", "admit_handler"), ("prepare", "prepare_handler"), ("handle", "handler"), ("again", "handler"))
    prototypes = "".join(dict.fromkeys(f"{kind} {row[key]};\n" for row in routes for key, kind in kinds if key in row))
    write(routes_h, "#ifndef PARVIS_ROUTES_H\n#define PARVIS_ROUTES_H\n\n#include \"bodies.h\"\n\nextern const route routes[];\n"
          "extern const size_t route_count;\n/** The API's own description, as JSON. */\nextern const str openapi_json;\n\n" + prototypes + "\n#endif\n")
    rows = "".join("    {" + ", ".join(f".{k} = {v}" for k, v in row.items()) + "},\n" for row in routes)
    write(routes_c, f"#include \"routes.h\"\n\nconst route routes[] = {{\n{rows}}};\nconst size_t route_count = sizeof routes / sizeof routes[0];\n")
    text = json.dumps(keyed_by_text(documents[0].tree), ensure_ascii=False, separators=(",", ":"))
    pieces = "\n".join("    " + c_text(text[at:at + 100]) for at in range(0, len(text), 100))
    write(openapi_json_c, f"#include \"routes.h\"\n\nstatic const char text[] =\n{pieces};\n\nconst str openapi_json = {{text, sizeof text - 1}};\n")
    for path, answers in zip((replies_h, replies_c), replies(documents[0].shapes)):
        write(path, answers)


try:
    main()
except Unknown as problem:
    sys.exit(f"gen_routes: {problem}")
