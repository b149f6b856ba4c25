-- Second factors of an account. Codes are tried one after the other: the row is held.
-- name: totp_kept :one
SELECT secret, confirmed_at, last_step FROM account_totp WHERE account_id = :account_id FOR UPDATE;

-- One that was confirmed stays.
-- name: totp_put :changed
INSERT INTO account_totp (account_id, secret, last_step) VALUES (:account_id, :secret, 0)
ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE account_totp.confirmed_at IS NULL;

-- name: totp_confirm :exec
UPDATE account_totp SET confirmed_at = :confirmed_at, last_step = :last_step WHERE account_id = :account_id;

-- name: totp_used :exec
UPDATE account_totp SET last_step = :last_step WHERE account_id = :account_id;

-- name: totp_delete :changed
DELETE FROM account_totp WHERE account_id = :account_id;

-- name: recovery_code_insert :exec
INSERT INTO recovery_code (account_id, code_hash, created_at) VALUES (:account_id, :code_hash, :created_at);

-- Of two at the same moment, one finds it unused.
-- name: recovery_code_use :changed
UPDATE recovery_code SET used_at = :used_at WHERE account_id = :account_id AND code_hash = :code_hash AND used_at IS NULL;

-- name: recovery_code_delete_all :exec
DELETE FROM recovery_code WHERE account_id = :account_id;

-- How many organizations ask the account for a second factor.
-- name: factor_demands :one
-- @global an account's own memberships, across organizations
-- column: total int
SELECT COUNT(*) AS total FROM membership m JOIN organization o ON o.id = m.organization_id
 WHERE m.account_id = :account_id AND (o.second_factor = 'all' OR (o.second_factor = 'administrators' AND m.role <> 'member'));

-- Under a new id, the same sign-in.
-- name: session_continue :exec
UPDATE session SET created_at = :created_at, expires_at = :expires_at WHERE id = :id;

-- name: session_factor_shown :exec
UPDATE session SET factor_at = :factor_at WHERE id = :id;

-- Whether a person could show one at all: asked for keys, which show none themselves, where an organization demands it.
-- name: factor_total :one
-- param: account_id uuid
-- column: total int
SELECT (SELECT COUNT(*) FROM account_totp f WHERE f.account_id = :account_id AND f.confirmed_at IS NOT NULL)
       + (SELECT COUNT(*) FROM passkey p WHERE p.account_id = :account_id) AS total;
