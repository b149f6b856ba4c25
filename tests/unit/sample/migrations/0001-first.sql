-- A schema as small as a store's test needs.
CREATE TABLE organization (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE thing (
    organization_id BLOB NOT NULL REFERENCES organization (id),
    id BLOB NOT NULL,
    label TEXT NOT NULL,
    note TEXT,
    seal BLOB NOT NULL,
    secret BLOB,
    owner_id BLOB,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    is_open INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    closed_at INTEGER,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, label)
) STRICT, WITHOUT ROWID;
