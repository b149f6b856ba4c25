"""What stands in spec/ and locale/, read once: tests are generated from it."""

import functools
import pathlib

import polib
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


@functools.cache
def document(name):
    return yaml.load((ROOT / "spec" / name).read_text("utf-8"), Loader=yaml.CSafeLoader)


@functools.cache
def problems():
    """code → HTTP status."""
    return document("problems.yaml")


@functools.cache
def permissions():
    """permission → roles that hold it."""
    return document("permissions.yaml")


@functools.cache
def texts(language):
    """msgid → text."""
    return {e.msgid: e.msgstr for e in polib.pofile(str(ROOT / "locale" / f"{language}.po"))}


class Route:
    def __init__(self, path, method, row, params):
        self.path = path
        self.method = method.upper()
        self.name = row["operationId"]
        self.kind = row["x-kind"]
        self.is_page = False
        self.stages = row.get("x-stage", [])
        self.access = row.get("x-access")
        self.permission = row.get("x-permission")
        self.effect_free = bool(row.get("x-effect-free"))
        self.instance_key = bool(row.get("x-instance-key"))
        self.has_body = "requestBody" in row
        content = (row.get("requestBody") or {}).get("content", {})
        media = next((kind for kind in ("application/json", "image/png", "multipart/form-data") if kind in content), None)
        self.media = media
        self.body = content[media]["schema"] if media else None
        self.headers = {"Content-Type": media} if media == "image/png" else {}
        self.is_multipart = media == "multipart/form-data"
        self.params = params
        self.query = [p for p in row.get("parameters", []) if p.get("in") == "query"]

    def __repr__(self):
        return self.name


@functools.cache
def routes(name="openapi.yaml"):
    found = []
    for path, item in document(name)["paths"].items():
        for method in ("get", "post", "patch", "put", "delete"):
            if method in item:
                found.append(Route(path, method, item[method], item.get("parameters", [])))
                found[-1].is_page = name == "console.yaml"
    return found


DEFAULT_BODY = 64 * 1024  # tools/gen_routes.py


def largest_body():
    """(bytes, pattern): the most that any route takes."""
    return max((row.get("x-max-body", DEFAULT_BODY), pattern) for name in ("openapi.yaml", "console.yaml")
               for pattern, item in document(name)["paths"].items() for method, row in item.items() if method != "parameters")


def route(name):
    return next(r for r in routes() if r.name == name)
