-- What an account may take along: its own rows, and no secret of them.

-- name: export_invitations :many
-- @global an account's own, in every organization, whatever the address was
SELECT i.organization_id, i.id, o.name, o.slug, i.email, i.role, i.state, i.message, i.created_at, i.accepted_at
  FROM invitation i JOIN organization o ON o.id = i.organization_id
 WHERE i.person_id = :person_id AND i.state = 'accepted'
 ORDER BY i.id LIMIT 1000;

-- name: export_events :many
-- @global what the account did itself, in every organization
SELECT e.organization_id, e.id, e.action, e.subject_kind, e.subject_id, e.source, e.before, e.after, d.detail
  FROM audit_event e LEFT JOIN audit_detail d ON d.organization_id = e.organization_id AND d.event_id = e.id
 WHERE e.actor_id = :actor_id ORDER BY e.id DESC LIMIT 1000;
