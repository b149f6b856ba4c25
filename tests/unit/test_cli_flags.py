"""Each flag of the command line is a field of the API by name, or by the table of other names: a refusal can then name the flag."""
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = yaml.safe_load((ROOT / "spec/commands.yaml").read_text("utf-8"))
# These never leave the command, or name what the path names, which is not found rather than refused as a field.
ITS_OWN = {"organization", "batch", "columns", "dry-run", "sheets", "yes", "from", "to"}


def names_in(node):
    """Of every property and parameter below."""
    if isinstance(node, list):
        return set().union(*map(names_in, node))
    if not isinstance(node, dict):
        return set()
    own = set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
    own |= {node["name"]} if "in" in node and isinstance(node.get("name"), str) else set()
    return own.union(*map(names_in, node.values()))


def other_names():
    """(field, flag) of the table in say.c."""
    table = re.search(r"} other_names\[\] = \{(.*?)\};", (ROOT / "src/cli/say.c").read_text("utf-8"), re.S).group(1)
    return re.findall(r'\{S_INIT\("([^"]+)"\),\s*S_INIT\("([^"]+)"\)\}', table)


def test_every_flag_is_a_field():
    fields = {name.replace("_", "-") for name in names_in(yaml.safe_load((ROOT / "spec/openapi.yaml").read_text("utf-8")))}
    others = other_names()
    assert others and not [field for field, _ in others if field not in fields]
    known = fields | {flag for _, flag in others} | ITS_OWN
    flags = {flag for row in COMMANDS.values() for flag in row.get("flags") or {}}
    nested = {flag for flag in flags if any(flag == f"{a}-{b}" for a in fields for b in fields)}  # --name-fr: /name/fr
    assert flags - known - nested == set()
    assert ITS_OWN <= flags
