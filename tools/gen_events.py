#!/usr/bin/env python3
"""spec/events.yaml -> event_table.h, event_table.c: every event of the record, and what a line of it says.

gen_events.py EVENTS.yaml EN.po FR.po SOURCES_FOLDER OUT.h OUT.c OUT.d

Each event becomes a name and a struct of its own, EVENT_EMAIL_CHANGED and EVENT_EMAIL_CHANGED_line, so that a line of another
event, or with a field that is not its own, does not compile. Refused are besides: an event without a sentence in either language, a
sentence without an event or with a placeholder that the event does not fill, and an event that no source writes."""
import os
import re
import sys

import polib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from write_anew import write_anew  # noqa: E402
from yaml_once import load  # noqa: E402

PLACES = ["before", "after", "detail"]
KEYS = {"subject", "by", "refusal", *PLACES}
KEY = "event."
RESERVED = set("auto break case char const continue default do double else enum extern float for goto if inline int long "
               "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while".split())


def constant(action):
    return "EVENT_" + action.upper().replace(".", "_")


def bare(field):
    return field.removesuffix("?")


def member(field):
    return bare(field) + "_" * (bare(field) in RESERVED)


def fields_of(spec, said):
    """The fields of a place, which says nothing, a shape's name or a list."""
    return spec["shapes"].get(said, []) if isinstance(said, str) else said or []


def kinds_of(spec, event):
    return [kind for name in event.get("by") or [] for kind in spec["actors"].get(name, [name])]


# ---- what does not build ----

def faults_of_fields(where, fields):
    for field in fields:
        if not re.fullmatch(r"[a-z][a-z_]*\??", str(field)):
            yield f"{where}: '{field}' is no field's name"
    names = [bare(str(field)) for field in fields]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{where}: {name} is said twice"


def faults_of_event(spec, action, event):
    if not re.fullmatch(r"[a-z_]+\.[a-z_]+", action):
        yield f"{action}: an event is called thing.what_became_of_it"
    for key in sorted(event.keys() - KEYS):
        yield f"{action}: knows no '{key}'"
    if event.get("subject") not in spec["subjects"]:
        yield f"{action}: about what? {event.get('subject')} is no subject"
    if not kinds_of(spec, event):
        yield f"{action}: by whom?"
    if event.get("refusal", True) is not True:
        yield f"{action}: refusal is true, or not said"
    for place in PLACES:
        said = event.get(place)
        if isinstance(said, str) and said not in spec["shapes"]:
            yield f"{action}: {place}: {said} is no shape"
        yield from faults_of_fields(f"{action}: {place}", fields_of(spec, said))


def faults_of_table(spec):
    for action, event in spec["events"].items():
        yield from faults_of_event(spec, action, event)
    for name, fields in spec["shapes"].items():
        yield from faults_of_fields(f"shape {name}", fields)
    shapes = {event.get(place) for event in spec["events"].values() for place in PLACES if isinstance(event.get(place), str)}
    for unused, what in ((spec["shapes"].keys() - shapes, "shape"), (set(spec["subjects"]) - {e.get("subject") for e in spec["events"].values()}, "subject")):
        for name in sorted(unused):
            yield f"no event has the {what} {name}"


def faults_of_sentence(spec, action, event, text):
    may = {"actor", "subject"}
    may |= {f"{place}.{field}" for place in PLACES for field in fields_of(spec, event.get(place)) if not field.endswith("?")}
    if set(kinds_of(spec, event)) <= {"system"}:
        may.discard("actor")
    for name in sorted(set(re.findall(r"\{([^}]*)\}", text)) - may):
        yield f"{action}: its sentence names {{{name}}}, which not every such event has"


def faults_of_sentences(spec, path):
    sentences = {entry.msgid.removeprefix(KEY): entry for entry in polib.pofile(path, encoding="utf-8")
                 if entry.msgid.startswith(KEY) and not entry.obsolete}
    for action, event in spec["events"].items():
        text = sentences[action].msgstr if action in sentences else ""
        if not text.strip():
            yield f"{action}: {path} has no sentence {KEY}{action}"
        yield from faults_of_sentence(spec, action, event, text)
    for action in sorted(sentences.keys() - spec["events"].keys()):
        yield f"{path}: {KEY}{action} is no event's"


def faults_of_use(spec, sources):
    used = set()
    for path in sources:
        with open(path, encoding="utf-8") as text:
            code = re.sub(r"/\*.*?\*/|//[^\n]*", "", text.read(), flags=re.S)
        used |= set(re.findall(r"\baudit\([^;]*?\b(EVENT_\w+)", code))
    for action in spec["events"]:
        if constant(action) not in used:
            yield f"{action}: no source writes {constant(action)}"


# ---- what is written ----

def struct_of(fields):
    return "struct { str " + ", ".join(map(member, fields)) + "; }"


def place_type(said):
    return f"said_{said}" if isinstance(said, str) else struct_of(said)


def header(spec):
    events = spec["events"]
    shapes = "".join(f"typedef {struct_of(fields)} said_{name};\n" for name, fields in spec["shapes"].items())
    lines = "".join(
        "typedef struct { EVENT_ABOUT " + "".join(f"{place_type(event[place])} {place}; " for place in PLACES if event.get(place))
        + f"}} {constant(action)}_line;\n" for action, event in events.items())
    return ("/* Generated from spec/events.yaml. */\n#ifndef PARVIS_EVENT_TABLE_H\n#define PARVIS_EVENT_TABLE_H\n\n"
            '#include "base/typeid.h"\n\n'
            "typedef enum audit_event {\n" + "".join(f"    {constant(action)},\n" for action in events) + "    EVENT_COUNT\n} audit_event;\n\n"
            "/* Which every line begins with. */\n"
            "#define EVENT_ABOUT uuid subject_id, organization_id, about; bool took_a_secret;\n"
            "typedef struct { EVENT_ABOUT } event_about;\n\n"
            "typedef struct event_field {\n    str name;\n    bool optional;\n} event_field;\n\n"
            "/* So many texts, one after the other, from `at` in the event's line. */\n"
            "typedef struct event_object {\n    const event_field *fields;\n    size_t count, at;\n} event_object;\n\n"
            "typedef struct event_row {\n    str action, subject;\n    unsigned by; /* a bit for each actor_kind */\n    bool refusal;\n"
            "    event_object before, after, detail;\n} event_row;\n\n"
            "extern const event_row event_table[EVENT_COUNT];\n\n" + shapes + "\n" + lines + "\n#endif\n")


def object_of(spec, action, place, said):
    fields = fields_of(spec, said)
    rows = ", ".join(f'{{S_INIT("{bare(f)}"), {str(f.endswith("?")).lower()}}}' for f in fields)
    return f".{place} = {{(const event_field[]){{{rows}}}, {len(fields)}, offsetof({constant(action)}_line, {place})}}"


def row_of(spec, action, event):
    by = " | ".join(f"1u << ACTOR_{kind.upper()}" for kind in kinds_of(spec, event))
    cells = [f'.action = S_INIT("{action}")', f'.subject = S_INIT("{event["subject"]}")', f".by = {by}"]
    cells += [".refusal = true"] * ("refusal" in event)
    cells += [object_of(spec, action, place, event[place]) for place in PLACES if event.get(place)]
    return f"    [{constant(action)}] = {{" + ",\n        ".join(cells) + "},\n"


def table(spec):
    return ('/* Generated from spec/events.yaml. */\n#include "domain/shared/actor.h"\n#include "event_table.h"\n\n'
            "const event_row event_table[EVENT_COUNT] = {\n" + "".join(row_of(spec, *pair) for pair in spec["events"].items()) + "};\n")


def main(events, en, fr, folder, header_path, table_path, depfile):
    spec = load(events)
    walked = sorted((where, sorted(names)) for where, _, names in os.walk(folder))
    sources = [os.path.join(where, name) for where, names in walked for name in names if name.endswith(".c")]
    found = list(faults_of_table(spec))
    found = found or [*faults_of_sentences(spec, en), *faults_of_sentences(spec, fr), *faults_of_use(spec, sources)]
    if found:
        sys.exit("\n".join(f"{events}: {fault}" for fault in found))
    write_anew(header_path, header(spec))
    write_anew(table_path, table(spec))
    write_anew(depfile, f"{header_path}: {' '.join([where for where, _ in walked] + sources)}\n")


main(*sys.argv[1:])
