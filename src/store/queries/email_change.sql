-- Addresses that an account may take: a new one that waits for its link, an old one that may come back.

-- name: email_change_insert :exec
INSERT INTO email_change (id, account_id, kind, email, email_key, secret_hash, created_at, expires_at, since_at)
VALUES (:id, :account_id, :kind, :email, :email_key, :secret_hash, :created_at, :expires_at, :since_at);

-- name: email_change_get :one
-- as: email_change
SELECT id, account_id, kind, email, email_key, secret_hash, created_at, expires_at, since_at, tried_at FROM email_change WHERE id = :id;

-- Whoever comes second waits, and finds nothing.
-- name: email_change_use :one
-- as: email_change
SELECT id, account_id, kind, email, email_key, secret_hash, created_at, expires_at, since_at, tried_at FROM email_change WHERE id = :id FOR UPDATE;

-- The newest of a kind that is still good.
-- name: email_change_standing :one
SELECT email, email_key, created_at, expires_at, since_at FROM email_change
 WHERE account_id = :account_id AND kind = :kind AND expires_at > :now ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: email_undos :many
SELECT email, expires_at, since_at FROM email_change
 WHERE account_id = :account_id AND kind = 'undo' AND expires_at > :now ORDER BY created_at, id LIMIT 100;

-- When the account last left an address that can still take it back.
-- name: email_change_home :one
SELECT created_at FROM email_change
 WHERE account_id = :account_id AND kind = 'undo' AND email_key = :email_key AND since_at IS NULL AND expires_at > :now
 ORDER BY created_at DESC, id DESC LIMIT 1;

-- Those made up to a moment are good until another at least.
-- name: email_change_outlive :exec
-- param: upto time
UPDATE email_change SET expires_at = :expires_at
 WHERE account_id = :account_id AND kind = 'undo' AND created_at <= :upto AND since_at IS NULL AND expires_at > :now AND expires_at < :expires_at;

-- When its address had another account, for the first time.
-- name: email_change_tried :exec
UPDATE email_change SET tried_at = :tried_at WHERE id = :id;

-- When the account last left an address, whichever.
-- name: email_change_newest :one
SELECT created_at FROM email_change WHERE account_id = :account_id AND kind = 'undo' ORDER BY created_at DESC, id DESC LIMIT 1;

-- What is younger gives from now on no account, but what came while its address had it: since the one before it was left.
-- name: email_change_lessen :exec
-- param: left_at time
UPDATE email_change SET since_at = (SELECT MAX(b.created_at) FROM email_change b
                                     WHERE b.account_id = :account_id AND b.kind = 'undo' AND b.created_at < email_change.created_at)
 WHERE account_id = :account_id AND kind = 'undo' AND created_at > :left_at AND since_at IS NULL;

-- name: email_change_end :exec
DELETE FROM email_change WHERE id = :id;

-- name: account_set_aside :exec
UPDATE account SET email = '', email_key = :email_key WHERE id = :id;

-- Addresses that the account had later go with what it gained there.
-- name: email_change_follow :exec
-- param: heir uuid
-- param: since time
-- param: until time
UPDATE email_change SET account_id = :heir
 WHERE account_id = :account_id AND kind = 'undo' AND created_at > :since AND created_at < :until;

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

-- Nobody changes the account between this and the end of the transaction.
-- name: account_kept :one
SELECT id, email, email_key, given_name, family_name, locale, time_zone, email_proved_at, closed_at, password_hash, password_set_at
  FROM account WHERE id = :id FOR UPDATE;

-- ---- what somebody gained under an address that they give back

-- name: memberships_gained :many
-- @global an account's own memberships, across organizations; but what came this very moment, with the address that is being taken
-- param: since time
-- param: until time
SELECT m.organization_id, m.id, o.name FROM membership m JOIN organization o ON o.id = m.organization_id
 WHERE m.account_id = :account_id AND COALESCE(m.moved_at, m.joined_at) >= :since AND COALESCE(m.moved_at, m.joined_at) < :until
   AND (m.moved_at IS NULL OR m.moved_at <> :now) ORDER BY m.organization_id;

-- What somebody gained stays gained when it was.
-- name: membership_move :exec
-- param: heir uuid
UPDATE membership SET account_id = :heir WHERE organization_id = :organization_id AND id = :id;

-- Nor do keys go along that its account made.
-- name: membership_keys_end :exec
DELETE FROM api_key WHERE organization_id = :organization_id AND membership_id = :membership_id;

-- It came with an address that was proved at this moment, whenever it joined.
-- name: membership_came :exec
UPDATE membership SET moved_at = :moved_at WHERE organization_id = :organization_id AND id = :id;

-- A person of their own, with the address they proved.
-- name: account_part :changed
INSERT INTO account (id, email, email_key, email_proved_at, given_name, family_name, locale, time_zone, password_hash, password_set_at, created_at)
VALUES (:id, :email, :email_key, :email_proved_at, :given_name, :family_name, :locale, :time_zone, :password_hash, :password_set_at, :created_at)
ON CONFLICT (email_key) DO NOTHING;
