-- name: instance_key_open :one
SELECT secret_hash FROM instance_key WHERE id = :id;

-- name: instance_key_insert :exec
INSERT INTO instance_key (id, name, secret_hash, created_at) VALUES (:id, :name, :secret_hash, :created_at);

-- name: instance_key_delete :changed
DELETE FROM instance_key WHERE id = :id;

-- name: instance_key_page :many
-- param: after uuid
SELECT id, name, created_at FROM instance_key WHERE id < :after ORDER BY id DESC LIMIT :limit;
