-- Secrets that were used within the last minute.

-- name: spent_find :one
SELECT secret_hash, sent_hash, spent_at, account_id, made_id, is_factor FROM spent WHERE id = :id AND kind = :kind;

-- name: spent_successor :one
SELECT id, secret_hash, spent_at FROM spent WHERE account_id = :account_id AND kind = 'session' AND made_id = :made_id;

-- One that may be used again and again (an invitation that is sent anew) is spent anew.
-- name: spent_put :exec
INSERT INTO spent (id, kind, secret_hash, sent_hash, spent_at, account_id, made_id, is_factor)
VALUES (:id, :kind, :secret_hash, :sent_hash, :spent_at, :account_id, :made_id, :is_factor)
ON CONFLICT (id, kind) DO UPDATE SET secret_hash = excluded.secret_hash, sent_hash = excluded.sent_hash, spent_at = excluded.spent_at,
       account_id = excluded.account_id, made_id = excluded.made_id, is_factor = excluded.is_factor;

-- name: spent_end :exec
DELETE FROM spent WHERE id = :id AND kind = :kind;
