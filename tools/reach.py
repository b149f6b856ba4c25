"""Which operations come to which words of the sources: from an operation's handler to what it names, what that names, and so on.

A name counts where it stands, called or handed on, in a function or in a table that is no function: what is reached is rather too much
than too little."""
import collections
import re

NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)
WORD = re.compile(r"\b[A-Za-z_]\w*")
AT_ITS_LEFT = re.compile(r"\n(?=[^\s{}])")  # clang-format sets nothing else there than what a definition begins with
MACRO = re.compile(r"#define (\w+)")
DEFINES = re.compile(r"(?:[\w\s*\[\]]|\(\w+\))*?\b(\w+)\s*(?:\[[^\]]*\]\s*)*(?:\(|=)")


class Reach:
    """The definitions of all sources and what each names. `sources`: {path: text}."""

    def __init__(self, sources):
        self.names = collections.defaultdict(set)  # (path, name): words
        self.shared = {}  # name: (path, name), of what is not static
        for path, text in sorted(sources.items()):
            for piece in AT_ITS_LEFT.split(NOISE.sub(" ", text)):
                macro = MACRO.match(piece)
                head = macro or DEFINES.match(piece)
                if head and (macro or "{" in piece):
                    self.names[path, head[1]].update(WORD.findall(piece[head.end():]))
                    if not piece.startswith("static"):
                        self.shared.setdefault(head[1], (path, head[1]))

    def words(self, names):
        """Every word that comes to be read where one begins at these functions."""
        todo, seen, found = [self.shared[name] for name in names if name in self.shared], set(), set()
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                found |= self.names[at]
                for word in self.names[at]:
                    own = (at[0], word)
                    if own in self.names or word in self.shared:
                        todo.append(own if own in self.names else self.shared[word])
        return found


def handlers(document, operation):
    """The functions that an operation of openapi.yaml ('api') or console.yaml ('console') begins at; gen_routes.py asks for them."""
    name = f"{document}_{operation['operationId']}"
    admit = operation.get("x-admit")
    return [name, name + "_prepare", f"admit_{admit}" if isinstance(admit, str) else name + "_admit"]
