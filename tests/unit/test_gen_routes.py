"""What the generator of routes must refuse of slow, heavy and bulk ones and of organizations', and what it asks of the program."""
import os
import subprocess
import sys

import pytest

GENERATOR = os.path.join(os.path.dirname(__file__), "../../tools/gen_routes.py")
HEAD = "openapi: 3.1.0\ninfo: {title: T, version: 1.0.0}\npaths:\n"


@pytest.fixture
def generate(tmp_path):
    """(the route table, the prototypes), or the refusal as an assertion's text."""
    def run(operation, method="post", path="/thing", parameters=""):
        (tmp_path / "api.yaml").write_text(HEAD + f"  {path}:\n    parameters: [{parameters}]\n"
                                           f"    {method}: {{operationId: make, {operation}}}\n")
        (tmp_path / "console.yaml").write_text(HEAD + "  /page: {get: {operationId: page, x-kind: read, x-access: public}}\n")
        (tmp_path / "rights.yaml").write_text("things.make: [owner]\n")
        names = ["api.yaml", "console.yaml", "rights.yaml", "bodies.h", "bodies.c", "routes.h", "routes.c", "json.c"]
        done = subprocess.run([sys.executable, GENERATOR, *(str(tmp_path / n) for n in names)], capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(done.stderr)
        return (tmp_path / "routes.c").read_text(), (tmp_path / "routes.h").read_text()
    return run


def test_a_slow_route_must_be_admitted(generate):
    table, prototypes = generate("x-kind: slow, x-access: public")
    assert ".admit = api_make_admit" in table and "admit_handler api_make_admit;" in prototypes
    table, prototypes = generate("x-kind: slow, x-access: public, x-admit: proof")
    assert ".admit = admit_proof" in table and "admit_handler admit_proof;" in prototypes


def test_nobody_asks_only_for_a_reason(generate):
    assert ".admit" not in generate("x-kind: slow, x-access: operator, x-admit: {none: the operator alone}")[0]
    for wrong in ("{none: ''}", "{none: }", "{}", "{why: x}", "'A B'", "3"):
        with pytest.raises(AssertionError, match="x-admit"):
            generate(f"x-kind: slow, x-access: public, x-admit: {wrong}")


def test_what_is_not_slow_is_not_admitted(generate):
    with pytest.raises(AssertionError, match="no admission"):
        generate("x-kind: write, x-access: public, x-admit: proof")


def test_heavy_reads_and_bulk_writes(generate):
    assert "ROUTE_HEAVY" in generate("x-kind: heavy, x-access: public", "get")[0]
    query = "parameters: [{name: q, in: query, schema: {type: string, maxLength: 9}}]"
    assert '.heavy_when = S_INIT("q")' in generate(f"x-kind: read, x-access: public, x-heavy-when: q, {query}", "get")[0]
    assert ".bulk = true" in generate("x-kind: write, x-access: public, x-bulk: true")[0]
    for wrong, method in ((f"x-kind: read, x-access: public, x-heavy-when: r, {query}", "get"),
                          ("x-kind: write, x-access: public, x-heavy-when: q", "post"), ("x-kind: read, x-access: public, x-bulk: true", "get"),
                          ("x-kind: heavy, x-access: public", "post")):
        with pytest.raises(AssertionError):
            generate(wrong, method)


def in_path(name, schema="type: string"):
    return {"path": f"/organizations/{{{name}}}/things", "parameters": f"{{name: {name}, in: path, required: true, schema: {{{schema}}}}}"}


ORGANIZATIONS = {"by its name in the house": in_path("org"), "written out": in_path("organization"),
                 "by its identifier": in_path("place", "type: string, x-prefix: org")}


@pytest.mark.parametrize("place", ORGANIZATIONS.values(), ids=ORGANIZATIONS.keys())
@pytest.mark.parametrize("access", ("public", "caller", "session"))
def test_an_organizations_route_is_its_members(generate, access, place):
    with pytest.raises(AssertionError, match=f"with x-access {access}: anybody would be let in"):
        generate(f"x-kind: write, x-access: {access}", **place)
    for none in ("''", "' '", "", "true"):
        with pytest.raises(AssertionError, match="x-stranger|anybody"):
            generate(f"x-kind: write, x-access: {access}, x-stranger: {none}", **place)
    assert "ACCESS_" + access.upper() in generate(f"x-kind: write, x-access: {access}, x-stranger: it is shown to all", **place)[0]


def test_members_and_the_operator_need_no_reason(generate):
    for who in ("x-permission: things.make", "x-access: member", "x-access: operator"):
        assert "api_make" in generate(f"x-kind: write, {who}", **in_path("org"))[0]
        with pytest.raises(AssertionError, match="x-stranger says why"):
            generate(f"x-kind: write, {who}, x-stranger: no need", **in_path("org"))
    with pytest.raises(AssertionError, match="x-stranger says why"):
        generate("x-kind: write, x-access: public, x-stranger: no organization here")
