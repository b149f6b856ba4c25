-- name: throttle_get :one
SELECT failures, until_at, updated_at FROM throttle WHERE throttle_key = :throttle_key;

-- Where several write at once: tries of one kind come one after the other.
-- name: throttle_claim :exec
INSERT INTO throttle (throttle_key, failures, until_at, updated_at) VALUES (:throttle_key, 0, 0, :updated_at)
ON CONFLICT (throttle_key) DO UPDATE SET failures = throttle.failures;

-- name: throttle_put :exec
INSERT INTO throttle (throttle_key, failures, until_at, updated_at) VALUES (:throttle_key, :failures, :until_at, :updated_at)
ON CONFLICT (throttle_key) DO UPDATE SET failures = excluded.failures, until_at = excluded.until_at, updated_at = excluded.updated_at;

-- name: throttle_forget :exec
DELETE FROM throttle WHERE throttle_key = :throttle_key;

-- name: rate_get :one
SELECT count FROM rate_window WHERE throttle_key = :throttle_key AND window_at = :window_at;

-- Adds, and gives what there is then: where several write at once, nobody reads a number that another is changing.
-- name: rate_add :one
INSERT INTO rate_window (throttle_key, window_at, count) VALUES (:throttle_key, :window_at, :count)
ON CONFLICT (throttle_key, window_at) DO UPDATE SET count = rate_window.count + excluded.count RETURNING count;

-- name: rate_mark :changed
INSERT INTO rate_window (throttle_key, window_at, count) VALUES (:throttle_key, :window_at, 1)
ON CONFLICT (throttle_key, window_at) DO NOTHING;
