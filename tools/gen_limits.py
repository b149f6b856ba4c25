#!/usr/bin/env python3
"""spec/limits.yaml -> limits_table.h: every limit and lifetime as a constant, and docs/limits.md.

gen_limits.py LIMITS.yaml SRC OUT.h OUT.d   the header; SPEC's openapi.yaml, console.yaml and settings.yaml stand beside it
gen_limits.py --doc                         writes docs/limits.md
gen_limits.py --check                       whether docs/limits.md says what the spec does

A duration has a unit, a door is an operationId, a constant is used by the sources. The doors of what is asked (rates, tries) are those
whose handlers come to its constant, or to the words that the row names (asked_by); where one that comes there never asks it, not_at says
why. What does not hold fails the build."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from reach import Reach, handlers  # noqa: E402
from yaml_once import load  # noqa: E402

UNITS = {"s": ("MSEC_SECOND", "second"), "m": ("MSEC_MINUTE", "minute"), "h": ("MSEC_HOUR", "hour"), "d": ("MSEC_DAY", "day")}
KEYS = {  # section: (what a row must say, what it may)
    "rates": ({"every"}, {"most", "setting", "silent", "asked_by", "not_at", "tried"}),
    "tries": ({"free"}, {"longest", "source", "then", "not_at"}),
    "lifetimes": ({"lasts"}, set()),
    "counts": ({"most"}, {"fields"}),
    "bounds": ({"least"}, {"most"}),
}
EVERY_ROW = {"what", "per", "doors"}
DURATIONS = {"every", "longest", "lasts"}
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
WORD = re.compile(r"\b[A-Z][A-Z0-9_]+\b")


class Beside:
    """What stands beside the limits: operations with the schemas of their bodies, schemas that have a name, settings."""

    def __init__(self, folder):
        self.doors, self.schemas = {}, {}
        self.settings = load(os.path.join(folder, "settings.yaml"))
        for name, face in (("openapi.yaml", "api"), ("console.yaml", "console")):
            document = load(os.path.join(folder, name))
            parts = document.get("components", {})
            self.schemas.update(parts.get("schemas", {}))
            self.schemas.update({form: self.body(about) for form, about in parts.get("forms", {}).items()})
            for methods in document["paths"].values():
                for row in methods.values():
                    if isinstance(row, dict) and "operationId" in row:
                        self.doors[row["operationId"]] = handlers(face, row)
                        self.schemas[row["operationId"]] = self.body(row.get("requestBody") or {})

    @staticmethod
    def body(about):
        return next((media.get("schema", {}) for media in about.get("content", {}).values()), {})

    def most(self, field):
        """How many items or characters a field takes; None where there is no such field or bound."""
        first, *names = field.split(".")
        schema = self.schemas.get(first, {})
        for name in names:
            schema = schema.get("items", schema).get("properties", {}).get(name, {})
        return schema.get("maxItems", schema.get("maxLength"))


def duration(value):
    """(how many, unit), or None."""
    found = re.fullmatch(r"([1-9]\d*)([a-z]+)", str(value))
    return (int(found[1]), found[2]) if found and found[2] in UNITS else None


def number(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def constants(section, name):
    """What the sources call a row."""
    upper = name.upper()
    if section == "bounds":
        return [upper + "_LEAST", upper + "_MOST"]
    return [{"rates": "RATE_", "tries": "THROTTLE_"}.get(section, "") + upper]


def row_faults(spec, section, name, row, beside, used):
    must, may = KEYS[section]
    for key in sorted((must | EVERY_ROW) - set(row)):
        yield f"says no {key}"
    for key in sorted(set(row) - must - may - EVERY_ROW):
        yield f"knows no {key}"
    for key in sorted(set(row) & (must | may)):
        value = row[key]
        if key in DURATIONS and not duration(value) and not (key == "every" and value in spec["lifetimes"]):
            yield f"{key}: {value} is no duration"
        if key == "free" and not number(value) or key == "most" and section in ("rates", "counts") and not number(value):
            yield f"{key}: {value} is no number"
        if section == "bounds" and not duration(value) and not number(value):
            yield f"{key}: {value} is neither a number nor a duration"
    if section == "rates" and ("most" in row) == ("setting" in row):
        yield "says most, or a setting"
    if "setting" in row and row["setting"] not in beside.settings:
        yield f"{row['setting']} is no setting"
    if section == "tries" and ("longest" in row) == ("then" in row):
        yield "says the longest wait, or what then"
    if "then" in row and (row["then"] == name or row["then"] not in spec["tries"]):
        yield f"then: {row['then']} is no other row"
    if not row.get("doors"):
        yield "guards no door"
    for door in row.get("doors") or []:
        if door not in beside.doors:
            yield f"{door} is no operationId"
    for field in row.get("fields") or []:
        if beside.most(field) != row["most"]:
            yield f"{field} takes {beside.most(field)}"
    is_used = {name.upper() if section == "bounds" else "", *constants(section, name)} & used or row.get("fields")
    if not is_used:
        yield f"nobody uses {constants(section, name)[0]}"


def door_faults(section, name, row, reached):
    """`reached`: {operation: every word of the sources that it comes to}"""
    asks = set(row.get("asked_by") or constants(section, name))
    found = {door for door, words in reached.items() if words & asks}
    spared = [door for doors in (row.get("not_at") or {}).values() for door in doors]
    said = [*(row.get("doors") or []), *spared]
    for door in sorted(found - set(said)):
        yield f"{door} asks it, too: a door, or not_at says why not"
    for door in sorted(set(said) - found):
        yield f"{door} never comes to {', '.join(sorted(asks))}"
    for door in sorted({door for door in said if said.count(door) > 1}):
        yield f"{door} is said twice"
    for door in row.get("tried") or []:
        if door not in row["doors"]:
            yield f"tried: {door} is no door of it"


def faults(spec, beside, code):
    used = code.used
    reached = {door: code.reach.words(starts) for door, starts in beside.doors.items()}
    for section in KEYS.keys() ^ spec.keys():
        yield f"{section}: a section too many or too few"
    seen = {}
    for section in (known for known in KEYS if known in spec):
        for name, row in spec[section].items():
            for constant in constants(section, name):
                if constant in seen:
                    yield f"{section}.{name}: {constant} is {seen[constant]}'s"
                seen[constant] = f"{section}.{name}"
            for fault in row_faults(spec, section, name, row, beside, used):
                yield f"{section}.{name}: {fault}"
            for fault in door_faults(section, name, row, reached) if section in ("rates", "tries") else ():
                yield f"{section}.{name}: {fault}"


class Code:
    """The sources but for what is generated: every word in capitals (used), the files and folders looked at, what names what (reach)."""

    def __init__(self, source):
        self.used, self.looked, texts = set(), [], {}
        for folder, names, files in os.walk(source):
            names[:] = sorted(n for n in names if n != "generated")
            self.looked.append(folder)
            for path in (os.path.join(folder, name) for name in sorted(files) if name.endswith((".c", ".h"))):
                self.looked.append(path)
                with open(path, encoding="utf-8") as text:
                    texts[path] = text.read()
                self.used.update(WORD.findall(COMMENT.sub(" ", texts[path])))
        self.reach = Reach(texts)


# ---- the header

def c_value(value):
    found = duration(value)
    return f"({found[0]} * (msec){UNITS[found[1]][0]})" if found else str(value).upper()


def c_rates(rates):
    for name, row in rates.items():
        said = f'"{name}", {c_value(row["every"])}, '
        if "setting" in row:
            yield f"#define RATE_{name.upper()}(settings) ((rate_rule){{{said}(settings)->{row['setting']}}})"
        else:
            yield f"static const rate_rule RATE_{name.upper()} = {{{said}{row['most']}}};"


def c_tries(tries):
    yield "typedef enum throttle_kind {"
    for name, row in tries.items():
        yield f"    THROTTLE_{name.upper()}, /* {row['what']}: {row['per']} */"
    yield "} throttle_kind;"
    yield "/* Name, free tries, longest wait (0: none, they count under another kind then), whether the source counts, too. */"
    yield "#define THROTTLE_TABLE(name) static const pace name[] = { \\"
    for name, row in tries.items():
        longest = c_value(row["longest"]) if "longest" in row else "0"
        source = "true" if row.get("source") else "false"
        yield f'    [THROTTLE_{name.upper()}] = {{S_INIT("{name}"), {row["free"]}, {longest}, {source}}}, \\'
    yield "}"


def c_constants(spec):
    for name, row in spec["lifetimes"].items():
        yield f"#define {name.upper()} {c_value(row['lasts'])} /* {row['what']} */"
    yield ""
    for name, row in spec["counts"].items():
        yield f"enum {{ {name.upper()} = {row['most']} }}; /* {row['what']}: {row['per']} */"
    yield ""
    for name, row in spec["bounds"].items():
        for end in ("least", "most"):
            if end in row:
                yield f"#define {name.upper()}_{end.upper()} {c_value(row[end])}"


def header(spec):
    lines = ["/* Generated from spec/limits.yaml. */", "#ifndef PARVIS_LIMITS_TABLE_H", "#define PARVIS_LIMITS_TABLE_H", "",
             '#include "base/clock.h"', "", "/** One counter of a fixed window. */",
             "typedef struct rate_rule {", "    const char *name;", "    msec window;", "    int64_t most;", "} rate_rule;", "",
             *c_constants(spec), "", *c_rates(spec["rates"]), "", *c_tries(spec["tries"]), "", "#endif"]
    return "\n".join(lines) + "\n"


# ---- the document

def words(value):
    """'7d' as 7 days."""
    found = duration(value)
    if not found:
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{found[0]} {UNITS[found[1]][1]}{'s' if found[0] > 1 else ''}"


def silence(said):
    return f" (not refused: {'nothing more is sent' if said is True else said})" if said else ""


def doc_rate(row):
    most = f"`{row['setting']}`" if "setting" in row else words(row["most"])
    return f"{most} in {words(row['every'])}" + silence(row.get("silent"))


def doc_tries(row):
    then = f"then as `{row['then']}`" if "then" in row else f"then 1 s, 2 s, 4 s … {words(row['longest'])}"
    return f"{row['free']} free, {then}" + ("; the source's are counted, too" if row.get("source") else "")


def doc_bounds(row):
    return f"{words(row['least'])} to {words(row['most'])}" if "most" in row else f"at least {words(row['least'])}"


CHAPTERS = {
    "rates": ("How often", "Each counts in windows that begin on the hour or the day (UTC). Beyond it the answer is 429 with Retry-After, until the window "
              "ends. `rate_limits = off` lifts these, and no others.", "How many", doc_rate),
    "tries": ("Wrong tries", "A right try forgets them. Beyond the free ones the answer is 429 with Retry-After.", "How many", doc_tries),
    "lifetimes": ("How long", "", "How long", lambda row: words(row["lasts"])),
    "counts": ("How many", "", "How many", lambda row: words(row["most"])),
    "bounds": ("What can be chosen", "", "Between", doc_bounds),
}


def document(spec):
    yield "# Limits and lifetimes"
    yield ""
    yield "Made from `spec/limits.yaml` by `tools/gen_limits.py --doc`. Doors are the operations of the API's document and of the console."
    for section, (title, about, column, said) in CHAPTERS.items():
        yield f"\n## {title}\n"
        if about:
            yield about + "\n"
        yield f"| what | for each | {column.lower()} | name | doors |"
        yield "|---|---|---|---|---|"
        for name, row in spec[section].items():
            if row.get("every") in spec["lifetimes"]:
                row = {**row, "every": spec["lifetimes"][row["every"]]["lasts"]}
            doors = ", ".join(f"`{door}`" for door in row["doors"])
            yield f"| {row['what']} | {row['per']} | {said(row)} | `{name}` | {doors} |"


def checked(source, folder):
    spec = load(source)
    code = Code(folder)
    found = list(faults(spec, Beside(os.path.dirname(source)), code))
    for fault in found:
        print(f"{source}: {fault}", file=sys.stderr)
    if found:
        sys.exit(1)
    return spec, code.looked


def write_changed(path, text):
    """Nothing that includes it is built again where it says the same."""
    if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)


def main(arguments):
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    if arguments in (["--doc"], ["--check"]):
        spec, _ = checked(os.path.join(root, "spec/limits.yaml"), os.path.join(root, "src"))
        path, text = os.path.join(root, "docs/limits.md"), "\n".join(document(spec)) + "\n"
        if arguments == ["--doc"]:
            write_changed(path, text)
        elif open(path, encoding="utf-8").read() != text:
            sys.exit("docs/limits.md is not what spec/limits.yaml says: tools/gen_limits.py --doc")
        return
    source, folder, target, depfile = arguments
    spec, looked = checked(source, folder)
    write_changed(target, header(spec))
    with open(depfile, "w", encoding="utf-8") as out:
        out.write(f"{target}: {' '.join(looked)}\n")


main(sys.argv[1:])
