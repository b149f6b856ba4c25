"""What the generator of routes must refuse of slow, heavy and bulk ones, of answers and of organizations', and what it asks of the program."""
import os
import re
import subprocess
import sys

import pytest

GENERATOR = os.path.join(os.path.dirname(__file__), "../../tools/gen_routes.py")
HEAD = "openapi: 3.1.0\ninfo: {title: T, version: 1.0.0}\npaths:\n"


def run_generator(folder, api, console):
    """(the route table, the prototypes), or the refusal as an assertion's text."""
    (folder / "api.yaml").write_text(HEAD + api)
    (folder / "console.yaml").write_text(HEAD + console)
    (folder / "rights.yaml").write_text("things.make: [owner]\n")
    names = ["api.yaml", "console.yaml", "rights.yaml", "bodies.h", "bodies.c", "routes.h", "routes.c", "json.c", "replies.h", "replies.c"]
    done = subprocess.run([sys.executable, GENERATOR, *(str(folder / n) for n in names)], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    return (folder / "routes.c").read_text(), (folder / "routes.h").read_text()


@pytest.fixture
def generate(tmp_path):
    """What is made of an API of this one operation."""
    def run(operation, method="post", path="/thing", parameters="", responses="{204: {description: done}}", schemas="{}"):
        return run_generator(tmp_path, f"  {path}:\n    parameters: [{parameters}]\n"
                                       f"    {method}: {{operationId: make, {operation}, responses: {responses}}}\n"
                                       f"components: {{schemas: {schemas}}}\n",
                             "  /page: {get: {operationId: page, x-kind: read, x-access: public}}\n")
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


# ---- answers ----

WRITE = "x-kind: write, x-access: public"
THING = "{Thing: {type: object, description: A thing, additionalProperties: false, required: [id], properties: {%s}}}"
ANSWER = "{200: {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}}"


def refuses(generate, why, responses=ANSWER, schemas=THING % "id: {type: string}"):
    with pytest.raises(AssertionError, match=why):
        generate(WRITE, responses=responses, schemas=schemas)


def test_an_answer_that_has_its_schema(generate):
    generate(WRITE, responses=ANSWER, schemas=THING % "id: {type: string, x-prefix: thg}")
    generate(WRITE, responses="{202: {description: always, content: {}}}")
    generate(WRITE, responses="{200: {description: a file, content: {text/csv: {schema: {type: string}}}}}")


def test_an_answer_without_a_schema_does_not_build(generate):
    for status in (200, 201, 202):
        refuses(generate, "an answer has a schema", f"{{{status}: {{description: it}}}}", "{}")
    refuses(generate, "200 and 201 have a body", "{200: {description: it, content: {}}}", "{}")
    refuses(generate, "204 has no content", "{204: {description: it, content: {}}}", "{}")
    refuses(generate, "no answer is a success", "{404: {description: not-found}}", "{}")
    refuses(generate, "does not exist", schemas="{}")
    refuses(generate, "a JSON answer is a shared object",
            "{200: {description: it, content: {application/json: {schema: {type: array, items: {type: string}}}}}}", "{}")
    refuses(generate, "answer 200 has a description", "{200: {description: it, comma, content: {}}}", "{}")


def test_a_field_of_unknown_type_does_not_build(generate):
    for wrong in ("{type: number}", "{type: [string, integer]}", "{type: [string, integer, 'null']}", "{type: ['null', string]}", "{type: 3}"):
        refuses(generate, "Thing/id: unknown type", schemas=THING % f"id: {wrong}")
    for wrong in ("{}", "{enum: [a]}", "3"):
        refuses(generate, "Thing/id: an answer's schema has a type", schemas=THING % f"id: {wrong}")
    for wrong in ("{type: string, maxLength: 3}", "{type: integer, multipleOf: 2}", "{type: boolean, enum: [true]}"):
        refuses(generate, "Thing/id: unknown keys", schemas=THING % f"id: {wrong}")
    for wrong, why in (("{type: string, format: email}", "unknown format"), ("{type: string, enum: [a, null]}", "null is among the words"),
                       ("{type: [string, 'null'], enum: [a]}", "null is among the words"), ("{type: string, x-secret: true}", "a secret is null"),
                       ("{type: string, x-prefix: thg, format: date}", "a string is one thing"), ("{type: array}", "Thing/id/items"),
                       ("{type: array, items: {$ref: '#/components/schemas/Thing'}}", "Thing holds itself")):
        refuses(generate, why, schemas=THING % f"id: {wrong}")


def test_an_open_answer_does_not_build(generate):
    closed = THING % "id: {type: string}"
    refuses(generate, "is closed", schemas=closed.replace("additionalProperties: false, ", ""))
    refuses(generate, "an open object has a description", schemas=closed.replace("additionalProperties: false", "additionalProperties: true"))
    refuses(generate, "a shared object has a description", schemas=closed.replace("description: A thing, ", ""))
    refuses(generate, "required 'name' is not a property", schemas=closed.replace("required: [id]", "required: [id, name]"))
    refuses(generate, "Thing/name: what is not required says", schemas=THING % "id: {type: string}, name: {type: string}")


def test_a_schema_that_nobody_uses_does_not_build(generate):
    refuses(generate, "nobody uses #/components/schemas/Other", schemas=(THING % "id: {type: string}")[:-1] + ", Other: {type: string}}")
    refuses(generate, "nobody uses #/components/schemas/Thing", "{204: {description: done}}")


def test_the_structs_and_the_tables_that_write_an_answer(generate, tmp_path):
    fields = ("id: {type: string, x-prefix: thg}, at: {type: [string, 'null'], format: date-time}, n: {type: [integer, 'null']}, "
              "kind: {type: string, enum: [one]}, names: {type: array, items: {type: string}}, secret: {$ref: '#/components/schemas/Secret', description: once}")
    thing = (THING % fields).replace("required: [id]", "required: [id, at, n, kind, names]")
    generate(WRITE, responses=ANSWER, schemas=thing[:-1] + ", Secret: {type: [string, 'null'], x-secret: true}}")
    header, table = (tmp_path / "replies.h").read_text(), (tmp_path / "replies.c").read_text()
    assert "typedef struct reply_thing {\n    uuid id;\n    msec at;\n    int64_t n;\n    bool has_n;\n    reply_texts names;\n    str secret;\n}" in header
    row = dict(re.findall(r'S_INIT\("(\w+)"\), (.*)},\n', table))
    assert "REPLY_ID, .text = S_INIT(\"thg\")" in row["id"] and "REPLY_TIME" in row["at"] and "offsetof(reply_thing, has_n)" in row["n"]
    assert row["kind"] == '.has_offset = REPLY_ALWAYS, .kind = REPLY_WORD, .text = S_INIT("one")'
    assert "REPLY_SECRET, .optional = true" in row["secret"] and ".item = REPLY_TEXT" in row["names"]


def test_an_answer_field_that_has_no_schema_does_not_build(generate, tmp_path):
    """The program fills the struct of a schema: there is no place for anything else."""
    generate(WRITE, responses=ANSWER, schemas=THING % "id: {type: string}")
    struct = re.search(r"typedef struct reply_thing \{.*?\} reply_thing;", (tmp_path / "replies.h").read_text(), re.S)[0]

    def builds(field):
        source = f"typedef struct str {{ const char *p; unsigned long n; }} str;\n{struct}\nreply_thing made(str s);\nreply_thing made(str s)\n{{\n    return (reply_thing){{.{field} = s}};\n}}\n"
        return subprocess.run(["cc", "-fsyntax-only", "-x", "c", "-"], input=source, capture_output=True, text=True)
    assert builds("id").returncode == 0
    refused = builds("name")
    assert refused.returncode != 0 and "has no member named" in refused.stderr


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


@pytest.fixture
def console(tmp_path):
    """What is made of a console with these paths."""
    api = "  /api: {get: {operationId: api, x-kind: read, x-access: public, responses: {204: {description: done}}}}\n"
    return lambda paths: run_generator(tmp_path, api, paths)


TOKEN = "parameters: [{name: token, in: path, required: true, schema: {type: string}}]"
PAGE = "  /thing: {get: {operationId: page, x-kind: read, x-access: public}}\n"


def form(more="", path="/thing/new", parameters="parameters: []"):
    return f"  {path}: {{{parameters}, post: {{operationId: form, x-kind: write, x-access: public{more}}}}}\n"


def test_a_form_has_a_page_that_shows_it(console):
    table, _ = console("  /thing: {get: {operationId: page, x-kind: read, x-access: public}, post: {operationId: form, x-kind: write, x-access: public}}\n")
    assert ".handle = console_form, .page = &routes[1]" in table
    table, _ = console(PAGE + form(", x-shown-by: page"))
    assert ".handle = console_form, .page = &routes[1]" in table
    for wrong in ("", ", x-shown-by: nobody", ", x-shown-by: form", ", x-shown-by: {none: ''}", ", x-shown-by: {why: x}"):
        with pytest.raises(AssertionError, match="no page shows this form|x-shown-by"):
            console(PAGE + form(wrong))
    assert ".page" not in console(PAGE + form(", x-shown-by: {none: it is a switch}"))[0]


def test_a_form_that_shows_itself_has_a_function_for_it(console):
    table, prototypes = console(PAGE + form(", x-shown-by: page, x-again: true"))
    assert ".again = console_form_again" in table and "handler console_form_again;" in prototypes
    with pytest.raises(AssertionError, match="not shown again"):
        console(PAGE + form(", x-shown-by: {none: it is a switch}, x-again: true"))


def test_the_page_of_a_form_is_found_by_its_parameters(console):
    page = f"  /thing/{{token}}: {{{TOKEN}, get: {{operationId: page, x-kind: read, x-access: public}}}}\n"
    with pytest.raises(AssertionError, match="other parameters"):
        console(page + form(", x-shown-by: page"))
    assert ".page" in console(page + form(", x-shown-by: page", "/thing/{token}/new", TOKEN))[0]


def test_a_field_is_typed_in_one_way(console):
    body = ", x-shown-by: page, requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {code: {type: string, maxLength: 9, %s}}}}}}"
    assert console(PAGE + form(body % "x-code: true"))
    with pytest.raises(AssertionError, match="a text is one of"):
        console(PAGE + form(body % "x-code: true, x-secret: true"))
