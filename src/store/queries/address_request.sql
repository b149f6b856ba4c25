-- What was asked for addresses, until the worker has looked whose they are.

-- name: address_request_insert :exec
-- @global asked by nobody yet
INSERT INTO address_request (id, kind, sealed, source, request_id, turn_at, created_at)
VALUES (:id, :kind, :sealed, :source, :request_id, :turn_at, :created_at);

-- Taken: whoever looks at the same moment takes another.
-- name: address_request_take :one
-- @global the worker serves all organizations
-- param: after_at time
-- param: after_id uuid
DELETE FROM address_request WHERE id IN
  (SELECT id FROM address_request WHERE turn_at >= :after_at AND (turn_at > :after_at OR id > :after_id)
    ORDER BY turn_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, turn_at, kind, sealed, source, request_id;
