-- Addresses that an account may take: a new one that waits for its link, an old one that may come back.

-- name: email_change_insert :exec
INSERT INTO email_change (id, account_id, kind, email, email_key, secret_hash, created_at, expires_at)
VALUES (:id, :account_id, :kind, :email, :email_key, :secret_hash, :created_at, :expires_at);

-- name: email_change_get :one
-- as: email_change
SELECT id, account_id, kind, email, email_key, secret_hash, created_at, expires_at FROM email_change WHERE id = :id;

-- Whoever comes second waits, and finds nothing.
-- name: email_change_use :one
-- as: email_change
SELECT id, account_id, kind, email, email_key, secret_hash, created_at, expires_at FROM email_change WHERE id = :id FOR UPDATE;

-- name: email_change_delete_kind :exec
DELETE FROM email_change WHERE account_id = :account_id AND kind = :kind;

-- What came with or after one: an earlier address outlives a later one.
-- name: email_change_delete_from :exec
DELETE FROM email_change WHERE account_id = :account_id AND created_at >= :created_at;

-- name: email_change_delete_all :exec
DELETE FROM email_change WHERE account_id = :account_id;

-- name: account_domain_rules :many
-- @global an account's own organizations, whatever its state there
SELECT o.allowed_domains, o.refused_domains FROM membership m JOIN organization o ON o.id = m.organization_id
 WHERE m.account_id = :account_id AND (o.allowed_domains <> '' OR o.refused_domains <> '');

-- name: worker_sweep_email_change :changed
-- @scan once an hour
-- param: before_at time
DELETE FROM email_change WHERE id IN (SELECT id FROM email_change WHERE expires_at < :before_at LIMIT 500);

-- The address is the account's unless somebody else has it; the unique index decides between two at once.
-- name: account_email_set :changed
UPDATE account SET email = :email, email_key = :email_key, email_proved_at = :email_proved_at, confined_to_id = NULL
 WHERE id = :id AND NOT EXISTS (SELECT 1 FROM account o WHERE o.email_key = :email_key AND o.id <> :id);

-- name: account_password_clear :exec
UPDATE account SET password_hash = NULL WHERE id = :id;

-- Nobody changes the account between this and the end of the transaction.
-- name: account_kept :one
SELECT id, email, email_key, given_name, family_name, locale, email_proved_at, closed_at FROM account WHERE id = :id FOR UPDATE;
