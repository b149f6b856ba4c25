-- What was asked for addresses, until the worker has looked whose they are.

-- name: address_request_insert :exec
-- @global asked by nobody yet
INSERT INTO address_request (id, kind, sealed, source, request_id, created_at)
VALUES (:id, :kind, :sealed, :source, :request_id, :created_at);

-- Taken: whoever looks at the same moment takes others.
-- name: address_request_take :many
-- @scan the first of what came within the last second, in the order of the key
-- @global the worker serves all organizations
DELETE FROM address_request WHERE id IN (SELECT id FROM address_request ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING kind, sealed, source, request_id;
