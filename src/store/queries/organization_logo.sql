-- name: organization_logo_set :exec
INSERT INTO organization_logo (organization_id, digest, png) VALUES (:organization_id, :digest, :png)
ON CONFLICT (organization_id) DO UPDATE SET digest = excluded.digest, png = excluded.png;

-- name: organization_logo_delete :changed
DELETE FROM organization_logo WHERE organization_id = :organization_id;

-- name: organization_logo_digest :one
SELECT digest FROM organization_logo WHERE organization_id = :organization_id;

-- name: organization_logo_get :one
SELECT png FROM organization_logo WHERE organization_id = :organization_id AND digest = :digest;

-- What an organization's pages wear; public, so that those who are not in yet see it too.
-- name: organization_look :one
SELECT o.accent, l.digest FROM organization o LEFT JOIN organization_logo l ON l.organization_id = :organization_id WHERE o.id = :organization_id;
