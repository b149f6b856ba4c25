-- name: organization_by_id :one
SELECT id, slug, name, locale, created_at, existing_accounts, is_administrators_invite, invitation_lifetime, reminder_after, reminder_max,
       temporary_password_delivery, temporary_password_lifetime, password_min_length, session_lifetime, session_idle, second_factor,
       allowed_domains, refused_domains, accent, time_zone, entitlement_keys
  FROM organization WHERE id = :id;

-- name: organization_page_{whose} :many
-- @global the operator's list of all, and an account's own
-- each: whose = all|own
-- let: {from} = all:organization o|own:membership m JOIN organization o ON o.id = m.organization_id
-- let: {only} = all:(:account_id IS NULL OR :account_id IS NOT NULL)|own:m.account_id = :account_id AND m.state = 'active' AND (m.access_ends_at IS NULL OR m.access_ends_at > :now)
-- param: account_id uuid?
-- param: after uuid
-- param: only_organization uuid?
-- column: held int
SELECT o.id, o.slug, o.name, o.locale, o.created_at, s.member_limit, s.used, {held}
  FROM {from} JOIN organization_seat s ON s.organization_id = o.id
 WHERE {only} AND o.id < :after AND (:only_organization IS NULL OR o.id = :only_organization)
 ORDER BY o.id DESC LIMIT :limit;

-- name: organization_any :many
-- @scan stops at the first row
SELECT id FROM organization LIMIT 1;

-- name: organization_insert :changed
INSERT INTO organization (id, slug, name, locale, time_zone, created_at) VALUES (:id, :slug, :name, :locale, :time_zone, :created_at)
ON CONFLICT (slug) DO NOTHING;

-- name: organization_set :exec
UPDATE organization SET name = :name, locale = :locale WHERE id = :id;

-- name: organization_administering :many
SELECT id FROM membership WHERE organization_id = :organization_id AND role IN ('owner', 'administrator') AND state = 'active'
   AND (access_ends_at IS NULL OR access_ends_at > :now) LIMIT 2;

-- name: organization_contacts :many
SELECT a.id, a.email, a.given_name, a.family_name, a.locale, m.role
  FROM membership m JOIN account a ON a.id = m.account_id
 WHERE m.organization_id = :organization_id AND m.role IN ('owner', 'administrator') AND m.state = 'active'
   AND (m.access_ends_at IS NULL OR m.access_ends_at > :now)
 ORDER BY CASE m.role WHEN 'owner' THEN 0 ELSE 1 END, m.id LIMIT :limit;

-- name: owner_insert :exec
INSERT INTO organization_owner (organization_id, membership_id) VALUES (:organization_id, :membership_id);

-- name: owner_lock :one
SELECT membership_id FROM organization_owner WHERE organization_id = :organization_id FOR UPDATE;

-- name: owner_move :exec
UPDATE organization_owner SET membership_id = :membership_id WHERE organization_id = :organization_id;

-- One who can act: nobody gets into an account that waits without an address.
-- name: owner_other :one
-- param: but uuid
SELECT m.id FROM membership m JOIN account a ON a.id = m.account_id
 WHERE m.organization_id = :organization_id AND m.role = 'owner' AND m.state = 'active' AND m.id <> :but AND a.email <> ''
 ORDER BY m.id LIMIT 1;

-- name: recount_seats :many
-- @global the operator's check of all organizations
-- @scan the operator's check reads everything
-- column: members int
-- column: pending int
SELECT o.slug, s.member_limit, s.used, s.held,
       (SELECT COUNT(*) FROM membership m WHERE m.organization_id = o.id) AS members,
       (SELECT COUNT(*) FROM invitation i WHERE i.organization_id = o.id AND i.state = 'pending') AS pending
  FROM organization o JOIN organization_seat s ON s.organization_id = o.id;

-- name: recount_owners :many
-- @global the operator's check of all organizations
-- @scan the operator's check reads everything
SELECT o.slug FROM organization o
 WHERE NOT EXISTS (SELECT 1 FROM membership m WHERE m.organization_id = o.id AND m.role = 'owner' AND m.state = 'active');
