-- An organization's API keys. The second statement is asked with every request that shows one.
-- As session_hold.
-- name: api_key_hold_{how} :one
-- each: how = waits|tries
-- let: {lock} = waits:FOR NO KEY UPDATE OF a|tries:FOR NO KEY UPDATE OF a SKIP LOCKED
SELECT a.id FROM account a
 WHERE a.id = (SELECT k.account_id FROM api_key k WHERE k.organization_id = :organization_id AND k.id = :id) {lock};

-- name: api_key_open :one
SELECT k.account_id, k.secret_hash, k.permissions, k.expires_at, k.last_used_at, a.email, a.given_name, a.family_name, a.locale, a.time_zone, a.email_proved_at, a.confined_to_id
  FROM api_key k JOIN account a ON a.id = k.account_id
 WHERE k.organization_id = :organization_id AND k.id = :id;

-- name: api_key_insert :exec
INSERT INTO api_key (organization_id, id, membership_id, account_id, name, secret_hash, permissions, created_at, expires_at)
VALUES (:organization_id, :id, :membership_id, :account_id, :name, :secret_hash, :permissions, :created_at, :expires_at);

-- name: api_key_delete :changed
DELETE FROM api_key WHERE organization_id = :organization_id AND id = :id;

-- name: api_key_forget_expired :exec
-- param: before_at time
DELETE FROM api_key WHERE organization_id = :organization_id AND expires_at <= :before_at;

-- Of several requests that say so at the same moment, the first writes.
-- name: api_key_used :exec
-- param: day_at time
UPDATE api_key SET last_used_at = :day_at
 WHERE organization_id = :organization_id AND id = :id AND (last_used_at IS NULL OR last_used_at < :day_at);

-- A page of them, and one of them.
-- name: api_key_{which} :many
-- as: api_key_view
-- each: which = page|one
-- let: {than} = page:<|one:=
-- param: after uuid
SELECT k.id, k.membership_id, k.account_id, k.name, k.permissions, k.created_at, k.expires_at, k.last_used_at, a.email, a.given_name, a.family_name
  FROM api_key k JOIN account a ON a.id = k.account_id
 WHERE k.organization_id = :organization_id AND k.id {than} :after ORDER BY k.id DESC LIMIT :limit;

-- name: api_key_count :one
-- column: total int
SELECT COUNT(*) AS total FROM api_key WHERE organization_id = :organization_id AND membership_id = :membership_id;

-- name: api_key_total :one
-- column: total int
SELECT COUNT(*) AS total FROM api_key WHERE organization_id = :organization_id;
