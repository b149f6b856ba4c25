"""What keeps statements and tables fit for every engine that speaks PostgreSQL's protocol, sharded ones included."""
import re

# What a distributed engine lacks, does at a price, or does on one node alone.
LONELY = re.compile(r"\b(pg_(try_)?advisory\w*|(un)?listen|notify|pg_notify|nextval|currval|setval|lock\s+table|ctid|xmin|tableoid"
                    r"|create\s+temp\w*)\b", re.I)
LONELY_DDL = re.compile(r"\b(create\s+(or\s+replace\s+)?(trigger|sequence|function|procedure|rule|extension|domain|type)|(big|small)?serial\d?"
                        r"|generated\s+(always|by\s+default)\s+as\s+identity|autoincrement|deferrable|exclude\s+using|inherits"
                        r"|without\s+oids|unlogged)\b", re.I)
WHY = "“{}” is not for every engine that speaks PostgreSQL's protocol"


def alone(plain, text):
    """The first line of a migration that makes what only a single PostgreSQL has: (number, why); None when there is none.
    `plain` empties strings and comments."""
    for number, line in enumerate(text.splitlines(), 1):
        line = plain(line + "\n")
        found = LONELY_DDL.search(line) or LONELY.search(line)
        if found:
            return number, WHY.format(found[0])
    return None


def excused(table, files):
    """A table that says -- @global and why, right before it is made."""
    wanted = rf"^--\s*@global\s+\S.*\n(--.*\n)*CREATE TABLE {table}\b"
    return any(re.search(wanted, text, re.I | re.M) for _, text in files)


def place_of(table, files):
    return next((path, number) for path, text in files for number, line in enumerate(text.splitlines(), 1)
                if re.search(rf"\bCREATE TABLE {table}\b", line, re.I))


def unsharded(schema, tenant, files):
    """A tenant's table can be sharded by its organization: its key begins with it, whatever is unique holds it, and what it
    points at in another tenant's table is its own organization's. (place, why) of the first that is otherwise; None."""
    rows = schema.db.rows
    for table in sorted(schema.tenants):
        if excused(table, files):
            continue
        place = place_of(table, files)
        if rows(f"SELECT name FROM pragma_table_info('{table}') WHERE pk = 1") != [[tenant]]:
            return place, f"the key of {table} does not begin with {tenant}: let it, or say -- @global and why"
        for (index,) in rows(f"SELECT name FROM pragma_index_list('{table}') WHERE \"unique\" = 1"):
            if [tenant] not in rows(f"SELECT name FROM pragma_index_info('{index}')"):
                return place, f"{table} has something unique ({index}) without {tenant}: no shard can see to that"
        for number, target in rows(f"SELECT DISTINCT id, \"table\" FROM pragma_foreign_key_list('{table}')"):
            pairs = rows(f"SELECT \"from\", \"to\" FROM pragma_foreign_key_list('{table}') WHERE id = {number}")
            if target in schema.tenants and [tenant, tenant] not in pairs:
                return place, f"{table} points at {target} without its {tenant}"
    return None
