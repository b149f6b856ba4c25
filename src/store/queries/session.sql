-- name: session_open :one
SELECT s.account_id, s.secret_hash, s.created_at, s.expires_at, s.seen_at, s.stage, s.factor_at, s.idle, a.email, a.given_name, a.family_name, a.locale, a.time_zone, a.email_proved_at, a.confined_to_id
  FROM session s JOIN account a ON a.id = s.account_id
 WHERE s.id = :id;

-- Whose session it is, held until the end of the transaction: what ends ways into the account (ways_hold) waits for whoever
-- acts by one, and whoever comes after that finds theirs gone. Exclusive, since who asks for less never waits behind who asks for more.
-- name: session_hold_{how} :one
-- each: how = waits|tries
-- let: {lock} = waits:FOR NO KEY UPDATE OF a|tries:FOR NO KEY UPDATE OF a SKIP LOCKED
SELECT a.id FROM account a WHERE a.id = (SELECT s.account_id FROM session s WHERE s.id = :id) {lock};

-- name: session_insert :exec
INSERT INTO session (id, account_id, secret_hash, created_at, expires_at, seen_at, stage, factor_at, idle, user_agent, source)
VALUES (:id, :account_id, :secret_hash, :created_at, :expires_at, :seen_at, :stage, :factor_at, :idle, :user_agent, :source);

-- The strictest of the account's organizations: what a new session may last, and how long it may be idle.
-- name: session_bounds :one
-- @global an account's own memberships, across organizations
-- column: lifetime int?
-- column: idle int?
SELECT MIN(o.session_lifetime) AS lifetime, MIN(o.session_idle) AS idle
  FROM membership m JOIN organization o ON o.id = m.organization_id WHERE m.account_id = :account_id;

-- name: session_seen :exec
UPDATE session SET seen_at = :seen_at WHERE id = :id;

-- name: session_delete :changed
DELETE FROM session WHERE id = :id AND account_id = :account_id;

-- name: session_of_account :many
SELECT id, created_at, seen_at, expires_at, user_agent, source FROM session
 WHERE account_id = :account_id AND expires_at > :now
 ORDER BY seen_at DESC LIMIT 200;

-- The organization by its id or its slug, and the caller's place in it: with one question, since every request asks it.
-- name: organization_enter :one
-- @global the organization is what is looked for
-- param: id uuid?
-- param: slug text?
SELECT o.id, o.is_administrators_invite, o.second_factor, o.session_lifetime, o.session_idle, m.id AS membership_id, m.role, m.state, m.access_ends_at,
       m.last_active_at, m.entitlements, o.entitlement_keys, o.time_zone
  FROM organization o JOIN membership m ON m.organization_id = o.id AND m.account_id = :account_id
 WHERE o.id = coalesce(:id, (SELECT id FROM organization WHERE slug = :slug));

-- The seats of a member's organization: whoever writes there, one after the other.
-- name: organization_hold_{how} :one
-- @global the organization is what is looked for
-- each: how = waits|tries
-- let: {lock} = waits:FOR UPDATE OF s|tries:FOR UPDATE OF s SKIP LOCKED
-- param: id uuid?
-- param: slug text?
SELECT s.organization_id FROM organization_seat s
 WHERE s.organization_id = coalesce(:id, (SELECT id FROM organization WHERE slug = :slug))
   AND EXISTS (SELECT 1 FROM membership m WHERE m.organization_id = s.organization_id AND m.account_id = :account_id) {lock};

-- For the operator, who is no member, and to tell a stranger's organization from none.
-- name: organization_find :one
-- param: id uuid?
-- param: slug text?
SELECT id, entitlement_keys, time_zone FROM organization WHERE id = coalesce(:id, (SELECT id FROM organization WHERE slug = :slug));

-- The newest stay.
-- name: session_trim :changed
-- param: most int
DELETE FROM session WHERE account_id = :account_id AND id IN
  (SELECT o.id FROM session o WHERE o.account_id = :account_id ORDER BY o.id DESC LIMIT 100 OFFSET :most);
