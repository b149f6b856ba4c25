"""Answers' schemas (answer_schema.py) -> a struct for each object and the table that writes it: replies.h, replies.c."""
import re

from answer_schema import need

KEYWORDS = set("auto break case char const continue default do double else enum extern float for goto if inline int long register "
               "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool".split())
PLAIN = {"integer": ("REPLY_INTEGER", "int64_t"), "boolean": ("REPLY_BOOLEAN", "bool"), "open": ("REPLY_JSON", "str")}
FORMATS = {"date-time": ("REPLY_TIME", "msec"), "date": ("REPLY_DAY", "msec")}


def c_text(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def c_name(name, where):
    found = re.sub(r"[^a-z0-9_]", "_", re.sub(r"(?<=[a-z])([A-Z]+)", r"_\1", name).lower()) # clientDataJSON: client_data_json
    need(re.fullmatch(r"[a-z][a-z0-9_]*", found), where, f"{name!r} is no name for C")
    return found + "_" if found in KEYWORDS else found


def string_of(shape):
    """How a string is kept, and written."""
    if shape.prefix:
        return "REPLY_ID", "uuid"
    if shape.is_duration:
        return "REPLY_DURATION", "msec"
    return FORMATS.get(shape.format, ("REPLY_SECRET" if shape.is_secret else "REPLY_TEXT", "str"))


class Replies:
    def __init__(self):
        self.structs, self.tables, self.done = [], [], set()

    def struct(self, shape, name, where):
        """Declares `reply_NAME` and its table `shape_NAME`; what is inside comes first."""
        if name in self.done:
            return
        self.done.add(name)
        members, rows = [], []
        for key, inner in shape.fields.items():
            here = f"{where}/{key}"
            member, optional = c_name(key, here), key not in shape.required
            row = {"name": f"S_INIT({c_text(key)})", "has_offset": "REPLY_ALWAYS"}
            self.field(inner, name, member, row, members, here)
            if optional:
                row["optional"] = "true"
            if (optional or inner.nullable) and row["kind"] in ("REPLY_INTEGER", "REPLY_BOOLEAN", "REPLY_OBJECT", "REPLY_ARRAY", "REPLY_MAP"):
                need(not (optional and inner.nullable), here, "what may be null is not left out as well")
                members.append(f"    bool has_{member};")
                row["has_offset"] = f"offsetof(reply_{name}, has_{member})"
            rows.append("    {" + ", ".join(f".{k} = {v}" for k, v in row.items()) + "},")
        self.structs.append(f"typedef struct reply_{name} {{\n" + "\n".join(members or ["    char nothing;"]) + f"\n}} reply_{name};\n")
        self.tables.append(f"static const reply_field {name}_fields[] = {{\n" + "\n".join(rows) + "\n    {.name = {NULL, 0}},\n};\n"
                           f"const reply_shape shape_{name} = {{.fields = {name}_fields, .size = sizeof(reply_{name})}};\n")

    def field(self, shape, owner, member, row, members, where):
        if shape.kind == "null":
            row["kind"] = "REPLY_NOTHING"
            return
        if shape.words and len(shape.words) == 1 and not shape.nullable:
            row |= {"kind": "REPLY_WORD", "text": f"S_INIT({c_text(shape.words[0])})"}
            return
        row["offset"] = f"offsetof(reply_{owner}, {member})"
        if shape.kind == "object":
            inner = self.inner(shape, f"{owner}_{member}", where)
            row |= {"kind": "REPLY_OBJECT", "inner": f"&shape_{inner}"}
            members.append(f"    reply_{inner} {member};")
        elif shape.kind == "map":
            row["kind"] = "REPLY_MAP"
            members.append(f"    reply_flags {member};")
        elif shape.kind == "array":
            row["kind"] = "REPLY_ARRAY"
            members.append(f"    {self.items(shape.item, owner, member, row, where)} {member};")
        else:
            kind, type_ = PLAIN.get(shape.kind) or string_of(shape)
            row["kind"] = kind
            if shape.prefix:
                row["text"] = f"S_INIT({c_text(shape.prefix)})"
            members.append(f"    {type_} {member};")

    def items(self, item, owner, member, row, where):
        need(not item.nullable or item.is_secret, where, "items are not null")
        if item.kind == "object":
            inner = self.inner(item, f"{owner}_{member}", where)
            row |= {"item": "REPLY_OBJECT", "inner": f"&shape_{inner}"}
            return f"struct {{\n        const reply_{inner} *items;\n        size_t count;\n    }}"
        need(item.kind == "string", where, "items are objects or texts")
        row["item"] = "REPLY_SECRET" if item.is_secret else "REPLY_TEXT" # a TypeID among them, too, is a text
        return "reply_texts"

    def inner(self, shape, name, where):
        name = c_name(shape.name, where) if shape.name else name
        self.struct(shape, name, where)
        return name


def replies(shapes):
    """(replies.h, replies.c) without their heads, of every shared object."""
    made = Replies()
    for name, shape in shapes.named.items():
        if shape.kind == "object":
            made.struct(shape, c_name(name, shapes.path), f"{shapes.path}: {name}")
    externs = "".join(f"extern const reply_shape shape_{name};\n" for name in sorted(made.done))
    return ("#ifndef PARVIS_REPLIES_H\n#define PARVIS_REPLIES_H\n\n#include \"http/reply.h\"\n\n" + "\n".join(made.structs) + "\n" + externs + "\n#endif\n",
            "#include \"replies.h\"\n\n#include <stddef.h>\n\n" + "\n".join(made.tables))
