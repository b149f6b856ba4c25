-- name: installation_key :one
SELECT key_fingerprint FROM installation WHERE id = :id;

-- name: installation_note :exec
INSERT INTO installation (id, key_fingerprint, created_at) VALUES (:id, :key_fingerprint, :created_at)
ON CONFLICT (id) DO NOTHING;

-- name: installation_lock :one
SELECT id FROM installation WHERE id = :id FOR UPDATE;
