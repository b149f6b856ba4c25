-- What was asked for addresses, until the worker has looked whose they are.

-- name: address_request_insert :exec
-- @global asked by nobody yet
INSERT INTO address_request (id, kind, sealed, source, request_id, created_at)
VALUES (:id, :kind, :sealed, :source, :request_id, :created_at);

-- Taken: whoever looks at the same moment takes another.
-- name: address_request_take :one
-- @scan the first of what came within the last second, in the order of the key
-- @global the worker serves all organizations
-- param: after uuid
DELETE FROM address_request WHERE id IN (SELECT id FROM address_request WHERE id > :after ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, sealed, source, request_id;
