-- name: throttle_get :one
SELECT failures, until_at, updated_at FROM throttle WHERE throttle_key = :throttle_key;

-- Where several write at once: tries of one kind come one after the other.
-- name: throttle_claim :exec
INSERT INTO throttle (throttle_key, failures, until_at, updated_at) VALUES (:throttle_key, 0, 0, :updated_at)
ON CONFLICT (throttle_key) DO UPDATE SET failures = throttle.failures;

-- The rows of a key that is known by its beginning; locked, as soon as may be or as far as nobody else has them.
-- name: throttle_rows_{of}_{how} :many
-- as: throttle_rows
-- param: from_key blob
-- param: to_key blob
-- each: of = tries|rates; how = listed|free|waits
-- let: {table} = tries:throttle|rates:rate_window
-- let: {lock} = listed:|free:FOR UPDATE SKIP LOCKED|waits:FOR UPDATE
SELECT throttle_key FROM {table} WHERE throttle_key BETWEEN :from_key AND :to_key ORDER BY throttle_key {lock};

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
