-- name: audit_insert :exec
INSERT INTO audit_event (organization_id, id, actor_kind, actor_id, action, subject_kind, subject_id, source, request_id, before, after)
VALUES (:organization_id, :id, :actor_kind, :actor_id, :action, :subject_kind, :subject_id, :source, :request_id, :before, :after);

-- name: audit_detail_insert :exec
INSERT INTO audit_detail (organization_id, event_id, about_id, salt, detail) VALUES (:organization_id, :event_id, :about_id, :salt, :detail);

-- name: audit_gathering_find :one
SELECT event_id FROM audit_gathering WHERE action = :action AND source = :source AND since_at = :since_at;

-- Counts one more, and gives what there is then; the row is held until the commit.
-- name: audit_gather :one
INSERT INTO audit_gathering (action, source, since_at, event_id, count) VALUES (:action, :source, :since_at, :event_id, 1)
ON CONFLICT (action, source, since_at) DO UPDATE SET count = audit_gathering.count + 1 RETURNING event_id, count;

-- name: audit_gathered :one
SELECT actor_id, subject_id, after FROM audit_event WHERE organization_id = :organization_id AND id = :id;

-- name: audit_gathered_set :exec
UPDATE audit_event SET actor_id = :actor_id, subject_id = :subject_id, after = :after WHERE organization_id = :organization_id AND id = :id;

-- name: audit_gathering_sweep :changed
-- param: before_at time
DELETE FROM audit_gathering WHERE (action, source, since_at) IN
  (SELECT action, source, since_at FROM audit_gathering WHERE since_at < :before_at LIMIT 500);
