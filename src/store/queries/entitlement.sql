-- name: entitlements_all :many
SELECT key, slot, name_en, name_fr, is_default, roles FROM entitlement WHERE organization_id = :organization_id ORDER BY key;

-- name: entitlement_insert :exec
INSERT INTO entitlement (organization_id, key, slot, name_en, name_fr, is_default, roles)
VALUES (:organization_id, :key, :slot, :name_en, :name_fr, :is_default, :roles);

-- name: entitlement_set :exec
UPDATE entitlement SET name_en = :name_en, name_fr = :name_fr, is_default = :is_default, roles = :roles
 WHERE organization_id = :organization_id AND key = :key;

-- name: entitlement_delete :exec
DELETE FROM entitlement WHERE organization_id = :organization_id AND key = :key;

-- name: entitlement_keys_set :exec
UPDATE organization SET entitlement_keys = :entitlement_keys WHERE id = :id;

-- name: entitlement_keys_get :one
SELECT entitlement_keys FROM organization WHERE id = :id;

-- Takes a slot from whoever has it.
-- name: entitlement_take_{from} :exec
-- each: from = membership|invitation
-- param: kept int
-- param: bit int
UPDATE {from} SET entitlements = entitlements & :kept WHERE organization_id = :organization_id AND (entitlements & :bit) <> 0;
