"""Which sources an analyzer has to read again: those that changed since everything was last found clean, and those that
include what changed. tools/linted.txt names that commit (`make lint-all` writes it); where the history does not have it, that is
all of them.

A header reaches whoever includes it, over other headers, too. A generated one changes with nearly every feature and is read
nearly everywhere: it is made once more as it was, and reaches those that say a name which it declares otherwise now."""
import functools
import os
import pathlib
import re
import shutil
import subprocess

BUILD = pathlib.Path("build/fuzz")
THEN = BUILD / "then"  # the tree as it was
NOTE = pathlib.Path("tools/linted.txt")
HEAD = "# The last commit at which `make lint-all` found nothing, written by it: `make lint` analyzes what changed since then.\n"
# What decides how each source is read.
RULES = re.compile(r"\.clang-tidy|tools/(tidy|cppcheck|lint_sources)\.[a-z]+|(src/)?meson\.build|meson_options\.txt")
# Strings, which stay, and comments, which say nothing to an analyzer unless they are meant for it.
SAID = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)


def git(*args):
    return subprocess.run(["git", *args], capture_output=True, text=True)


def base():
    """The commit of the note, if this one comes after it."""
    words = NOTE.read_text().split() if NOTE.exists() else [""]
    return words[-1] if git("merge-base", "--is-ancestor", words[-1] or "none", "HEAD").returncode == 0 else None


def note():
    """Writes the note, for what is committed; False where something is not."""
    if git("status", "--porcelain").stdout:
        return False
    NOTE.write_text(HEAD + git("rev-parse", "HEAD").stdout)
    return True


def changed_since(commit):
    told = git("diff", "--name-only", "--no-renames", commit).stdout + git("ls-files", "--others", "--exclude-standard").stdout
    return set(told.splitlines())


@functools.cache
def text_of(path):
    return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")


@functools.cache
def words_of(path):
    return set(re.findall(r"\w+", text_of(path).lower()))


@functools.cache
def readers():
    """{end of a path as an #include spells it: the files that do}, of src/ and of what is generated."""
    found = {}
    for path in [*pathlib.Path("src").rglob("*.[ch]"), *(BUILD / "src/generated").rglob("*.h")]:
        for spelled in INCLUDE.findall(text_of(path)):
            found.setdefault(os.path.normpath(spelled).split("../")[-1], set()).add(str(path))
    return found


def who_reads(header):
    """Every file that includes it, over others, too."""
    reached, left = set(), [header]
    while left:
        path = left.pop()
        for spelled, files in readers().items():
            if path.endswith("/" + spelled):
                left += files - reached
                reached |= files
    return reached


def lay_out(commit):
    """The tree as it was, into its folder."""
    shutil.rmtree(THEN, ignore_errors=True)
    THEN.mkdir()
    subprocess.run(f"git archive {commit} | tar -x -C {THEN}", shell=True, check=True)


def bare(path):
    """A source's words, without comments; None where there is none."""
    def keep(found):
        return found[0] if found[0][0] in "\"'" or "NOLINT" in found[0] or "cppcheck-suppress" in found[0] else " "
    return SAID.sub(keep, text_of(path)).split() if os.path.exists(path) else None


def as_it_was(changed):
    """Makes the generated headers as they were, of which something may have changed; gives them."""
    here, there = str(pathlib.Path.cwd()), THEN / BUILD
    commands = {}
    for header in sorted((BUILD / "src/generated").rglob("*.h")):
        name = str(header.relative_to(BUILD))
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        said = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", name], capture_output=True, text=True, check=True).stdout
        commands.setdefault(said.splitlines()[-1], []).append(name)
    for command, names in commands.items():
        sources = {os.path.relpath(os.path.join(BUILD, word)) for word in command.split() if "/" in word}
        if any(path.startswith("tools/") or path in sources or sources & set(map(str, pathlib.Path(path).parents)) for path in changed):
            subprocess.run(command.replace(here + "/", f"{here}/{THEN}/"), shell=True, cwd=there, capture_output=True)
            yield from names


def declares(path):
    """What a header says, in pieces that can change by themselves: a paragraph, or a line of an enum."""
    if not path.exists():
        return set()
    plain = re.sub(r"/\*.*?\*/|\[\d+\]", "", path.read_text(encoding="utf-8"))  # where it came from, and its place in a table
    pieces = plain.split("\n\n")
    return {piece for p in pieces for piece in (p.splitlines() if re.search(r"\benum\b", p) else [p])}


def names_in(pieces):
    return {word for piece in pieces for word in re.findall(r"\b[a-z_]\w*", piece.lower())}


def said_otherwise(name):
    """Names of which a generated header says something else than it did; None: all that it says."""
    was, now = declares(THEN / BUILD / name), declares(BUILD / name)
    names = names_in(was ^ now) - names_in(was & now)
    # A macro may put a name together: REPLY(…, organization, …) speaks of reply_organization.
    return names | {name.split("_", 1)[1] for name in names if "_" in name} if was else None


def reached_by_generated(changed):
    for name in as_it_was(changed):
        otherwise = said_otherwise(name)
        for path in who_reads(str(BUILD / name)):
            if otherwise is None or otherwise & words_of(path):
                yield path


def affected():
    """The paths that an analyzer has to read, or None: all."""
    commit = base()
    changed = changed_since(commit) if commit else ()
    if not commit or any(RULES.fullmatch(path) for path in changed):
        return None
    lay_out(commit)
    reached = {path for path in changed if path.startswith("src/") and bare(path) != bare(THEN / path)}
    for path in list(reached):
        reached |= who_reads(path) if path.endswith(".h") else set()
    return reached | set(reached_by_generated(changed))
