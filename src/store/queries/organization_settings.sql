-- name: organization_settings_set :exec
UPDATE organization
   SET existing_accounts = :existing_accounts, is_administrators_invite = :is_administrators_invite,
       invitation_lifetime = :invitation_lifetime, reminder_after = :reminder_after, reminder_max = :reminder_max,
       temporary_password_delivery = :temporary_password_delivery, temporary_password_lifetime = NULLIF(:temporary_password_lifetime, 0),
       password_min_length = NULLIF(:password_min_length, 0), session_lifetime = NULLIF(:session_lifetime, 0), session_idle = NULLIF(:session_idle, 0),
       second_factor = :second_factor, allowed_domains = :allowed_domains, refused_domains = :refused_domains, accent = :accent,
       time_zone = :time_zone
 WHERE id = :id;

-- The strictest of an account's organizations and of one more, the one that invites.
-- name: password_bound :one
-- @global an account's own memberships, across organizations
-- param: account uuid?
-- param: inviting uuid?
-- column: least int?
SELECT MAX(bound) AS least FROM (
    SELECT o.password_min_length AS bound FROM membership m JOIN organization o ON o.id = m.organization_id WHERE m.account_id = :account
    UNION ALL
    SELECT o.password_min_length AS bound FROM organization o WHERE o.id = :inviting) AS bounds;
