"""The project's statements as the generator reads them, and some that read well and leave their organization."""
import functools
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import gen_queries  # noqa: E402
import query_files  # noqa: E402
import tenant_probe  # noqa: E402

FOOLS = {
    "a row taken from another": ("exec", "UPDATE membership SET organization_id = :organization_id WHERE account_id = :account_id;"),
    "OR beside the condition": (
        "many", "SELECT id, role FROM membership WHERE organization_id = :organization_id OR account_id = :account_id;"),
    "NOT": ("many", "SELECT id, role FROM membership WHERE NOT organization_id = :organization_id AND id = :id;"),
    "a table in brackets": (
        "many", "SELECT m.id, i.email FROM invitation i, (membership) m WHERE i.organization_id = :organization_id AND m.id = :id AND i.id = m.id;"),
    "only a table in brackets": ("many", "SELECT id, role FROM (membership) WHERE :organization_id = :organization_id AND id = :id;"),
    "a LEFT JOIN": (
        "many", "SELECT m.id, m.role FROM organization o LEFT JOIN membership m ON m.id = :id"
        " LEFT JOIN invitation i ON i.organization_id = :organization_id AND i.id = m.id AND i.organization_id = m.organization_id"
        " WHERE o.id = :organization_id;"),
    "the condition on the wrong side of a LEFT JOIN": (
        "many", "SELECT k.id, k.name FROM api_key k LEFT JOIN membership m ON m.organization_id = :organization_id"
        " AND m.organization_id = k.organization_id AND m.id = k.membership_id WHERE k.account_id = :account_id;"),
    "a counter that counts all": (
        "one", "-- column: total int\nSELECT COUNT(*) AS total FROM member_word WHERE (organization_id = :organization_id) IS NOT NULL"
        " AND word = :word;"),
    "a deletion in two": ("exec", "DELETE FROM api_key WHERE organization_id = :organization_id AND id = :id OR membership_id = :membership_id;"),
    "something done because another has it": (
        "exec", "UPDATE membership SET state = 'suspended' WHERE organization_id = :organization_id AND id = :id AND EXISTS"
        " (SELECT 1 FROM (api_key) AS k WHERE k.membership_id = :id);"),
    "what is nobody's, by another's word": (
        "exec", "DELETE FROM session WHERE account_id IN (SELECT m.account_id FROM membership m WHERE m.organization_id = :organization_id"
        " OR m.id = :id);"),
}


@functools.cache
def project():
    """(the schema, every statement that must keep to its organization); what the generator refuses ends the test."""
    migrations = gen_queries.load_migrations(str(ROOT / "src/store/migrations"))
    schema = gen_queries.Schema([(path, text) for path, _, _, _, text in migrations])
    return schema, [q for q in gen_queries.load_queries(str(ROOT / "src/store/queries"), schema) if tenant_probe.is_tried(q)]


def fool(schema, folder, kind, sql):
    """The statement, as if it stood among the others; what its text says is taken for good."""
    (folder / "fool.sql").write_text(f"-- name: fool :{kind}\n-- @scan a test\n{sql}\n")
    (written,) = query_files.read_file(str(folder / "fool.sql"))
    return gen_queries.Query(written, schema)
