-- What ends when an account is closed.

-- Where the account belongs, what it holds there, and whether nobody else who can act owns the place.
-- name: closing_places :many
-- @global an account's own memberships, across organizations
-- column: last_owner int
-- column: api_keys int
-- column: pending_invitations int
SELECT m.organization_id, m.id, o.name, o.slug, m.role,
       CASE WHEN m.role = 'owner' AND NOT EXISTS (SELECT 1 FROM membership x JOIN account a ON a.id = x.account_id
             WHERE x.organization_id = m.organization_id AND x.role = 'owner' AND x.state = 'active' AND x.id <> m.id AND a.email <> '')
            THEN 1 ELSE 0 END AS last_owner,
       (SELECT COUNT(*) FROM api_key k WHERE k.organization_id = m.organization_id AND k.membership_id = m.id) AS api_keys,
       (SELECT COUNT(*) FROM invitation i WHERE i.organization_id = m.organization_id AND i.state = 'pending'
           AND i.expires_at > :now AND i.invited_by_id = m.account_id) AS pending_invitations
  FROM membership m JOIN organization o ON o.id = m.organization_id
 WHERE m.account_id = :account_id ORDER BY m.organization_id;

-- The id stays; a key that nobody can type holds the place of the address, which is free again.
-- name: account_erase :exec
UPDATE account SET email = '', email_key = :email_key, email_proved_at = NULL, confined_to_id = NULL, given_name = '', family_name = '',
       locale = NULL, time_zone = NULL, password_hash = NULL, temporary_hash = NULL, temporary_expires_at = NULL, temporary_used_at = NULL,
       temporary_invitation_id = NULL, closed_at = :closed_at
 WHERE id = :id;

-- ---- whose a trace is, and what is erased: domain/closing.h

-- Where what lapsed at an address still holds a seat.
-- name: invitation_lapsed_at :many
-- @global a mailbox's traces, in every organization
-- param: now time
SELECT organization_id, id FROM invitation WHERE email_key = :email_key AND state = 'pending' AND expires_at <= :now
 ORDER BY organization_id;

-- What ended at an address, and nobody accepted, is of the account that had proved it. Whatever is taken already stays taken.
-- name: invitation_claim :exec
-- @global a mailbox's traces, in every organization
UPDATE invitation SET person_id = :person_id
 WHERE email_key = :email_key AND state <> 'pending' AND person_id IS NULL;

-- What went to the address before it had an account, and invited nobody: codes of sign-ups.
-- name: mail_claim :exec
-- @global a mailbox's traces
UPDATE mail SET account_id = :account_id, recipient_key = NULL WHERE recipient_key = :recipient_key;

-- Invitations that were accepted under an address go with it.
-- name: invitation_follow :exec
-- @global an account's traces, in every organization
-- param: heir uuid
-- param: since time
-- param: until time
UPDATE invitation SET person_id = :heir, accepted_by_id = :heir
 WHERE person_id = :person_id AND accepted_at >= :since AND accepted_at < :until;

-- What was taken at an address goes to whom the address goes, or who has its link; and so do the mails that went there.
-- name: invitation_claimed_follow :exec
-- @global a mailbox's traces, in every organization
-- param: heir uuid
UPDATE invitation SET person_id = :heir
 WHERE person_id = :person_id AND accepted_by_id IS NULL
   AND (email_key = :email_key OR email_key IN (SELECT c.email_key FROM email_change c WHERE c.account_id = :heir AND c.kind = 'undo'));

-- name: mail_follow :exec
-- @global an account's traces
-- param: heir uuid
UPDATE mail SET account_id = :heir
 WHERE account_id = :account_id
   AND (lower(recipient) = lower(:recipient) OR lower(recipient) IN (SELECT lower(c.email) FROM email_change c WHERE c.account_id = :heir AND c.kind = 'undo'));

-- What the record says of an account since a moment may name whoever parted from it, too: by the keys of these addresses.
-- name: email_change_keys :many
SELECT DISTINCT email_key FROM email_change WHERE account_id = :account_id AND kind = 'undo';

-- name: audit_details_since :many
-- @global an account's traces, in every organization
-- param: since uuid
SELECT organization_id, event_id, detail FROM audit_detail WHERE about_id = :about_id AND event_id >= :since;

-- name: audit_detail_share :exec
INSERT INTO audit_detail_also (account_id, organization_id, event_id, email_key)
VALUES (:account_id, :organization_id, :event_id, :email_key) ON CONFLICT DO NOTHING;

-- What was noted of an address goes to who has it.
-- name: audit_detail_also_follow :exec
-- @global an account's traces, in every organization
-- param: heir uuid
UPDATE audit_detail_also SET account_id = :heir WHERE account_id = :account_id AND email_key = :email_key;

-- In what is another's record, the address alone goes.
-- name: audit_detail_also_keys :many
-- @global a closed account's traces, in every organization
SELECT DISTINCT email_key FROM audit_detail_also WHERE account_id = :account_id;

-- name: audit_detail_also_lines :many
-- @global a closed account's traces, in every organization
SELECT d.organization_id, d.event_id, d.detail FROM audit_detail d
 WHERE (d.organization_id, d.event_id) IN (SELECT x.organization_id, x.event_id FROM audit_detail_also x WHERE x.account_id = :account_id);

-- name: audit_detail_put :exec
UPDATE audit_detail SET detail = :detail WHERE organization_id = :organization_id AND event_id = :event_id;

-- name: audit_detail_also_forget :exec
-- @global a closed account's traces, in every organization
DELETE FROM audit_detail_also WHERE account_id = :account_id;

-- What the record says of the person beside the events: of the account, and of the invitations it was invited by.
-- name: audit_detail_erase :exec
-- @global a closed account's traces, in every organization
DELETE FROM audit_detail
 WHERE about_id = :account_id OR about_id IN (SELECT i.id FROM invitation i WHERE i.person_id = :account_id);

-- name: mail_recipient_erase :exec
-- @global a closed account's traces, in every organization
UPDATE mail SET recipient = '', recipient_key = NULL, sealed = NULL, next_at = NULL,
       state = CASE WHEN state IN ('queued', 'deferred') THEN 'withdrawn' ELSE state END
 WHERE account_id = :account_id OR invitation_id IN (SELECT i.id FROM invitation i WHERE i.person_id = :account_id);

-- name: invitation_person_erase :exec
-- @global a closed account's traces, in every organization
UPDATE invitation SET email = '', email_key = '', given_name = NULL, family_name = NULL, message = NULL
 WHERE person_id = :person_id AND state <> 'pending';

-- Kept answers may hold names.
-- name: idempotency_erase :exec
DELETE FROM idempotency WHERE holder_id = :holder_id;
