-- name: silence_insert :exec
INSERT INTO invitation_silence (organization_id, address_hash, invitation_id, created_at)
VALUES (:organization_id, :address_hash, :invitation_id, :created_at)
ON CONFLICT (organization_id, address_hash) DO NOTHING;

-- name: silence_by :one
SELECT created_at FROM invitation_silence WHERE organization_id = :organization_id AND address_hash = :address_hash;

-- name: silence_delete :changed
DELETE FROM invitation_silence WHERE organization_id = :organization_id AND address_hash = :address_hash;

-- name: silences_own :many
-- @global whoever proved the address silenced several organizations
SELECT s.organization_id, s.created_at, o.name, o.slug FROM invitation_silence s JOIN organization o ON o.id = s.organization_id
 WHERE s.address_hash = :address_hash ORDER BY o.name, s.organization_id LIMIT 1000;
