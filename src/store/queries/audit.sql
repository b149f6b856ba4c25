-- name: audit_insert :exec
INSERT INTO audit_event (organization_id, id, actor_kind, actor_id, action, subject_kind, subject_id, source, request_id, before, after)
VALUES (:organization_id, :id, :actor_kind, :actor_id, :action, :subject_kind, :subject_id, :source, :request_id, :before, :after);

-- name: audit_detail_insert :exec
INSERT INTO audit_detail (organization_id, event_id, about_id, salt, detail) VALUES (:organization_id, :event_id, :about_id, :salt, :detail);
