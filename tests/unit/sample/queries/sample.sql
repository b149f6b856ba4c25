-- name: organization_add :exec
INSERT INTO organization (id, name) VALUES (:id, :name);

-- name: organization_count :one
-- @scan a test counts
-- column: total int
SELECT count(*) AS total FROM organization;

-- name: thing_add :exec
INSERT INTO thing (organization_id, id, label, note, seal, secret, owner_id, amount, is_open, made_at, closed_at)
VALUES (:organization, :id, :label, :note, :seal, :secret, :owner, :amount, :is_open, :made_at, :closed_at);

-- name: thing_get :one
SELECT id, label, note, seal, secret, owner_id, amount, is_open, made_at, closed_at
  FROM thing
 WHERE organization_id = :organization AND id = :id;

-- name: thing_nulls :one
-- how many columns of a row are NULL
-- column: nulls int
SELECT CASE WHEN note IS NULL THEN 1 ELSE 0 END + CASE WHEN secret IS NULL THEN 1 ELSE 0 END
     + CASE WHEN owner_id IS NULL THEN 1 ELSE 0 END + CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END AS nulls
  FROM thing WHERE organization_id = :organization AND id = :id
 FOR UPDATE;

-- name: thing_by_{sort}_{dir} :many
-- as: thing_page
-- each: sort = label|id; dir = asc|desc
SELECT id, label, amount FROM thing WHERE organization_id = :organization ORDER BY {sort} {dir} LIMIT :limit;

-- name: thing_raise :changed
-- param: by int
UPDATE thing SET amount = amount + :by WHERE organization_id = :organization AND amount < 1000000;

-- name: thing_take :one
-- @sqlite
UPDATE thing SET amount = amount - 1 WHERE organization_id = :organization AND id = :id RETURNING amount;
-- @postgres
UPDATE thing SET amount = amount - 1 WHERE id = :id AND organization_id = :organization RETURNING amount;

-- name: thing_hold_{how} :one
-- each: how = waits|tries
-- let: {lock} = waits:FOR NO KEY UPDATE|tries:FOR NO KEY UPDATE SKIP LOCKED
SELECT id FROM thing WHERE organization_id = :organization AND id = :id {lock};

-- name: filler_add :exec
INSERT INTO filler (id, bulk) VALUES (:id, :bulk);

-- name: filler_count :one
-- @scan a test counts
-- column: total int
SELECT count(*) AS total FROM filler;
