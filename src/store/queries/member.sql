-- name: member_insert :changed
INSERT INTO membership (organization_id, id, account_id, role, state, joined_at, invited_by_id, family_key, email_key,
       entitlements, group_ids, access_ends_at, access_warn_at)
VALUES (:organization_id, :id, :account_id, :role, 'active', :joined_at, :invited_by_id, :family_key, :email_key,
       :entitlements, :group_ids, :access_ends_at, :access_warn_at)
ON CONFLICT (organization_id, account_id) DO NOTHING;

-- name: member_by_id :one
-- column: is_secured bool
SELECT m.id, m.account_id, a.email, a.given_name, a.family_name, m.role, m.state, m.access_ends_at, m.entitlements, m.group_ids, m.joined_at, m.invited_by_id, m.last_active_at,
       CASE WHEN EXISTS (SELECT 1 FROM account_totp f WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL)
            OR EXISTS (SELECT 1 FROM passkey k WHERE k.account_id = a.id) THEN 1 ELSE 0 END AS is_secured
  FROM membership m JOIN account a ON a.id = m.account_id
 WHERE m.organization_id = :organization_id AND m.id = :id;

-- name: member_lock :one
SELECT id, account_id, role, state, access_ends_at, access_warn_at, entitlements, group_ids FROM membership WHERE organization_id = :organization_id AND id = :id FOR NO KEY UPDATE;

-- name: member_of_account :one
SELECT id, role, state, access_ends_at FROM membership WHERE organization_id = :organization_id AND account_id = :account_id;

-- name: member_set :exec
UPDATE membership SET role = :role, state = :state, access_ends_at = :access_ends_at, access_warn_at = :access_warn_at,
       entitlements = :entitlements, group_ids = :group_ids,
       suspended_at = CASE WHEN :state = 'active' THEN NULL WHEN state = 'suspended' THEN suspended_at ELSE :now END
 WHERE organization_id = :organization_id AND id = :id;

-- name: member_active :exec
UPDATE membership SET last_active_at = :last_active_at
 WHERE organization_id = :organization_id AND id = :id AND (last_active_at IS NULL OR last_active_at < :last_active_at);

-- name: member_delete :exec
DELETE FROM membership WHERE organization_id = :organization_id AND id = :id;

-- name: member_sort_keys_set :exec
UPDATE membership SET family_key = :family_key, email_key = :email_key WHERE organization_id = :organization_id AND id = :id;

-- Those of name and address. Words of groups begin with U+001F, and stay.
-- name: member_words_delete :exec
DELETE FROM member_word WHERE organization_id = :organization_id AND membership_id = :membership_id AND word >= ' ';

-- name: member_word_insert :exec
INSERT INTO member_word (organization_id, word, membership_id) VALUES (:organization_id, :word, :membership_id)
ON CONFLICT (organization_id, word, membership_id) DO NOTHING;

-- name: member_warnings_due :many
-- @global the worker serves all organizations; each membership is then changed under its own
-- param: after_at time
-- param: after_id uuid
SELECT m.organization_id, m.id, m.access_warn_at FROM membership m
 WHERE m.access_warn_at IS NOT NULL AND m.access_warn_at <= :now AND m.access_warn_at >= :after_at
   AND (m.access_warn_at > :after_at OR m.id > :after_id)
 ORDER BY m.access_warn_at, m.id LIMIT :limit;

-- name: member_warned :exec
UPDATE membership SET access_warn_at = NULL WHERE organization_id = :organization_id AND id = :id;
