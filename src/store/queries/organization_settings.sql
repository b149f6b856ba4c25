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
