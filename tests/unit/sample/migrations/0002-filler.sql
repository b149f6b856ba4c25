-- Rows that take room.
CREATE TABLE filler (
    id BLOB PRIMARY KEY NOT NULL,
    bulk BLOB NOT NULL
) STRICT;
