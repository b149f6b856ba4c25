"""Reads the files of named statements: headers, what they share, one statement for each combination of `each`.

Knows nothing of the schema; gen_queries.py judges what was read. The format is told in src/store/queries/README.md.
"""
import itertools
import re

TYPES = {"uuid": "uuid", "text": "str", "blob": "str", "int": "int64_t", "time": "msec", "bool": "bool"}
KINDS = ("one", "many", "exec", "changed")
HEADER = re.compile(r"--\s*(name|as|param|column|each|let):\s*(.*)$|--\s*@(\w+)\b\s*(.*)$")
SHARE = re.compile(r"^-- share: \{(\w+)\} = (.+)$", re.M)
NAME = re.compile(r"[a-z][a-z0-9_]*$")


class Refused(Exception):
    """What is wrong, and where."""

    def __init__(self, where, why):
        super().__init__(f"{where[0]}:{where[1]}: {why}")


class Statement:
    """One statement as written: headers, and its text for each engine."""

    def __init__(self, where):
        self.where = where
        self.name = self.kind = self.family = self.shape = None
        self.params, self.columns, self.excuses = {}, {}, {}
        self.each, self.lets = [], []
        self.text = {"both": "", "sqlite": "", "postgres": ""}
        self.engine = "both"

    def started(self):
        return any(text.strip() for text in self.text.values())

    def ended(self):
        return self.text[self.engine].rstrip().endswith(";")


def typed(where, text):
    match = re.fullmatch(r"([a-z_][a-z0-9_]*)\s+(\w+)(\??)", text.strip())
    if not match or match[2] not in TYPES:
        raise Refused(where, f"“{text.strip()}”: write NAME TYPE, TYPE one of {' '.join(TYPES)}, ? after it when nullable")
    return match[1], (match[2], match[3] == "?")


def read_header(statement, where, match):
    word, rest = (match[1], match[2].strip()) if match[1] else ("@" + match[3], match[4].strip())
    if word == "name":
        name = re.fullmatch(r"([a-z][a-z0-9_{}]*)\s+:(\w+)", rest)
        if not name or name[2] not in KINDS:
            raise Refused(where, f"“{rest}”: write NAME :one, :many, :exec or :changed")
        if statement.name:
            raise Refused(where, f"{statement.name} has no statement")
        statement.name, statement.kind, statement.where = name[1], name[2], where
    elif word == "param":
        statement.params.update([typed(where, rest)])
    elif word == "column":
        statement.columns.update([typed(where, rest)])
    elif word == "each":
        for part in rest.split(";"):
            variable, _, values = part.partition("=")
            statement.each.append((variable.strip(), [value.strip() for value in values.split("|")]))
    elif word == "let":
        variable, _, values = rest.partition("=")
        pairs = [value.partition(":") for value in re.split(r"(?<!\|)\|(?!\|)", values)]
        statement.lets.append((variable.strip().strip("{}"), {key.strip(): text for key, _, text in pairs}))
    elif word == "as":
        if not NAME.match(rest):
            raise Refused(where, f"“{rest}” is not a name")
        statement.shape = rest
    elif word in ("@global", "@scan"):
        if not rest:
            raise Refused(where, f"{word} needs its reason")
        statement.excuses[word] = rest
    elif word in ("@sqlite", "@postgres"):
        statement.engine = word[1:]
    else:
        raise Refused(where, f"{word} is not a header")


def read_file(path):
    statement, found = None, []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        where, text = (path, number), line.strip()
        match = HEADER.match(text)
        variant = match and match[3] in ("sqlite", "postgres")
        if match and (statement is None or (statement.ended() and not variant)):
            statement = Statement(where)
            found.append(statement)
        if match:
            if statement.started() and not statement.ended():
                raise Refused(where, "the statement before this line has no ;")
            read_header(statement, where, match)
        elif text.startswith("--") or not text:
            continue
        elif statement is None or not statement.name or statement.ended():
            raise Refused(where, "a statement begins with -- name: NAME :KIND")
        else:
            statement.text[statement.engine] += line
    for statement in found:
        if not statement.name or not statement.started() or not statement.ended():
            raise Refused(statement.where, f"{statement.name or 'this'} has no whole statement, ended by ;")
    return found


def shares_of(paths):
    """{name: text} of what several statements have in common, wherever it stands."""
    shares = {}
    for path in paths:
        with open(path, encoding="utf-8") as text:
            for found in SHARE.finditer(text.read()):
                if found[1] in shares:
                    raise Refused((path, found.string.count("\n", 0, found.start()) + 1), f"{{{found[1]}}} is shared already")
                shares[found[1]] = found[2].strip()
    return shares


def with_shares(statement, shares):
    for name, text in shares.items():
        for engine in statement.text:
            statement.text[engine] = statement.text[engine].replace("{" + name + "}", text)
    return statement


def spread(statement):
    """A statement with `each` becomes one for every combination."""
    if not statement.each:
        if "{" in statement.name:
            raise Refused(statement.where, f"{statement.name} has braces and no each")
        return [statement]
    spreaded = []
    for values in itertools.product(*[values for _, values in statement.each]):
        chosen = dict(zip([variable for variable, _ in statement.each], values))
        for variable, dictionary in statement.lets:
            texts = [text for key, text in dictionary.items() if set(key.split("+")) <= set(values)]
            texts = texts or [text for key, text in dictionary.items() if key == "*"]
            if len(texts) != 1:
                raise Refused(statement.where, f"let {{{variable}}} has {len(texts)} texts for {' '.join(values)}")
            chosen[variable] = texts[0]

        def fill(text):
            for _ in chosen:  # a let may use another
                for variable, value in chosen.items():
                    text = text.replace("{" + variable + "}", value)
            return text
        one = Statement(statement.where)
        one.name, one.kind = fill(statement.name), statement.kind
        one.params, one.columns, one.excuses = statement.params, statement.columns, statement.excuses
        one.text = {engine: fill(text) for engine, text in statement.text.items()}
        one.family, one.shape = (re.sub(r"_?\{\w+\}", "", statement.name), statement.each), statement.shape
        spreaded.append(one)
    return spreaded
