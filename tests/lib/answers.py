"""Every answer of the API that a test receives, held against what spec/openapi.yaml says of it."""

import functools
import json
import re
import sys

from lib.spec import ROOT, document

sys.path.insert(0, str(ROOT / "tools"))

from answer_schema import JSON, Shapes, mismatch  # noqa: E402 — the generator's own reading of the schemas

PROBLEM = "application/problem+json"


@functools.cache
def shapes():
    return Shapes(document("openapi.yaml"), "spec/openapi.yaml")


@functools.cache
def problem():
    return shapes().component({"$ref": "#/components/schemas/Problem"}, "problems")


@functools.cache
def patterns():
    """method → [(pattern of the path, its words, operation)]: words before parameters, as the router has them."""
    found = {}
    for path, item in document("openapi.yaml")["paths"].items():
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
        for method, operation in item.items():
            if method != "parameters":
                found.setdefault(method.upper(), []).append((pattern, path, operation))
    for rows in found.values():
        rows.sort(key=lambda row: row[1].count("{"))
    return found


@functools.lru_cache(maxsize=4096)
def expected(method, path):
    """(operation, status → media → schema) of what is called; None for what is no call of the API."""
    for pattern, _, operation in patterns().get(method, ()):
        if pattern.fullmatch(path):
            return operation["operationId"], shapes().answers(operation, operation["operationId"])
    return None


def check(method, target, answer):
    """Fails with the route and the field where an answer is not as its operation describes it."""
    media = (answer.headers.get("Content-Type") or "").split(";")[0]
    if media == PROBLEM:
        wrong = mismatch(problem(), json.loads(answer.body))
        assert wrong is None, f"{method} {target}: {answer.status}: {wrong}"
        return
    if not 200 <= answer.status < 300:
        return
    known = expected(method, target.split("?", 1)[0])
    if known is None:
        return
    name, answers = known
    here = f"{name} ({method} {target}), {answer.status}"
    assert answer.status in answers, f"{here}: no such answer is described"
    described = answers[answer.status]
    if not described:
        assert not answer.body, f"{here}: a body where none is described"
        return
    assert media in described, f"{here}: {media} where {', '.join(described)} is described"
    if media == JSON:
        wrong = mismatch(described[media], json.loads(answer.body))
        assert wrong is None, f"{here}: {wrong}"
