-- With its second factors, which a sign-in asks for and one's own page shows.
-- name: account_by_id :one
-- column: totp int
-- column: passkeys int
-- column: recovery_codes int
SELECT id, email, email_key, given_name, family_name, locale, time_zone, email_proved_at, confined_to_id, created_at, closed_at, browsers, temporary_invitation_id,
       (SELECT COUNT(*) FROM account_totp f WHERE f.account_id = account.id AND f.confirmed_at IS NOT NULL) AS totp,
       (SELECT COUNT(*) FROM passkey p WHERE p.account_id = account.id) AS passkeys,
       (SELECT COUNT(*) FROM recovery_code r WHERE r.account_id = account.id AND r.used_at IS NULL) AS recovery_codes
  FROM account WHERE id = :id;

-- name: account_by_key :one
SELECT id, email, given_name, family_name, locale, email_proved_at, confined_to_id, created_at, temporary_invitation_id FROM account WHERE email_key = :email_key;

-- Those that wait without an address, and the end of the last link that gives one back.
-- name: accounts_waiting :many
-- @scan the operator's check reads everything
-- column: until_at time
SELECT a.id, COALESCE((SELECT MAX(u.expires_at) FROM email_change u WHERE u.account_id = a.id AND u.kind = 'undo'), 0) AS until_at
  FROM account a WHERE a.email = '' AND a.closed_at IS NULL ORDER BY a.id;

-- name: account_credential :one
SELECT id, password_hash, temporary_hash, browsers FROM account WHERE email_key = :email_key;

-- name: account_password :one
SELECT password_hash, email, given_name, family_name, locale FROM account WHERE id = :id;

-- Nobody changes the password between this and the end of the transaction.
-- name: account_password_kept :one
SELECT password_hash, temporary_hash, temporary_expires_at, temporary_used_at, temporary_invitation_id FROM account WHERE id = :id FOR UPDATE;

-- name: account_insert :changed
INSERT INTO account (id, email, email_key, email_proved_at, confined_to_id, given_name, family_name, locale, time_zone, password_hash, created_at)
VALUES (:id, :email, :email_key, :email_proved_at, :confined_to_id, :given_name, :family_name, :locale, :time_zone, :password_hash, :created_at)
ON CONFLICT (email_key) DO NOTHING;

-- name: account_names_set :exec
UPDATE account SET given_name = :given_name, family_name = :family_name, locale = :locale, time_zone = :time_zone WHERE id = :id;

-- A password of one's own ends the temporary one.
-- name: account_password_set :exec
UPDATE account SET password_hash = :password_hash, password_set_at = :password_set_at, temporary_hash = NULL, temporary_expires_at = NULL, temporary_used_at = NULL,
       temporary_invitation_id = NULL
 WHERE id = :id;

-- The same password, hashed anew at other costs.
-- name: account_password_rehash :exec
UPDATE account SET password_hash = :password_hash WHERE id = :id;

-- name: account_prove :exec
UPDATE account SET email_proved_at = :email_proved_at, confined_to_id = NULL WHERE id = :id AND email_proved_at IS NULL;

-- name: account_confine :exec
UPDATE account SET confined_to_id = :confined_to_id WHERE id = :id AND email_proved_at IS NULL;

-- name: account_memberships :many
-- @global an account's own memberships, across organizations; while its address is unproved, the one it is confined to
SELECT m.organization_id, m.id AS id, o.name, o.slug, m.role, m.joined_at, m.last_active_at, m.entitlements, o.entitlement_keys
  FROM membership m JOIN organization o ON o.id = m.organization_id JOIN account a ON a.id = m.account_id
 WHERE m.account_id = :account_id AND m.state = 'active' AND (m.access_ends_at IS NULL OR m.access_ends_at > :now)
   AND (a.confined_to_id IS NULL OR a.confined_to_id = m.organization_id)
 ORDER BY o.name, m.organization_id LIMIT 1000;

-- name: account_memberships_out :many
-- @global an account's own memberships that let it in no more, across organizations
SELECT m.organization_id, m.id AS id, o.name, o.slug, m.role, m.state, m.access_ends_at, m.suspended_at
  FROM membership m JOIN organization o ON o.id = m.organization_id JOIN account a ON a.id = m.account_id
 WHERE m.account_id = :account_id AND (m.state <> 'active' OR m.access_ends_at <= :now)
   AND (a.confined_to_id IS NULL OR a.confined_to_id = m.organization_id)
 ORDER BY o.name, m.organization_id LIMIT 1000;

-- Those that nobody else has are locked.
-- name: account_memberships_all_{how} :many
-- as: account_memberships_all
-- @global the places where an account's names are copied to
-- each: how = listed|held
-- let: {lock} = listed:|held:FOR NO KEY UPDATE SKIP LOCKED
SELECT organization_id, id FROM membership WHERE account_id = :account_id ORDER BY organization_id, id {lock};

-- name: account_places_later :exec
UPDATE account SET places_at = :places_at WHERE id = :id;

-- name: account_places_due :many
SELECT id, given_name, family_name, email_key FROM account
 WHERE places_at IS NOT NULL AND places_at <= :now ORDER BY places_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED;

-- name: account_token_insert :exec
INSERT INTO account_token (id, account_id, kind, secret_hash, tries, created_at, expires_at)
VALUES (:id, :account_id, :kind, :secret_hash, 0, :created_at, :expires_at);

-- name: account_token_get :one
-- as: account_token
SELECT account_id, kind, secret_hash, expires_at FROM account_token WHERE id = :id;

-- Used up: whoever comes second finds nothing.
-- name: account_token_use :one
-- as: account_token
SELECT account_id, kind, secret_hash, expires_at FROM account_token WHERE id = :id FOR UPDATE;

-- name: account_token_delete_kind :exec
DELETE FROM account_token WHERE account_id = :account_id AND kind = :kind;

-- name: account_token_of_kind :one
SELECT id, secret_hash, tries, expires_at FROM account_token WHERE account_id = :account_id AND kind = :kind ORDER BY id DESC LIMIT 1;

-- name: account_token_tried :exec
UPDATE account_token SET tries = tries + 1 WHERE id = :id;
