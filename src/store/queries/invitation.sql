-- name: batch_insert :exec
INSERT INTO invitation_batch (organization_id, id, created_by_id, created_at) VALUES (:organization_id, :id, :created_by_id, :created_at);

-- name: batch_by_id :one
SELECT id, created_by_id, created_at FROM invitation_batch WHERE organization_id = :organization_id AND id = :id;

-- name: batch_states :many
-- column: effective text
-- column: total int
SELECT CASE WHEN state = 'pending' AND expires_at <= :now THEN 'expired' ELSE state END AS effective, COUNT(*) AS total
  FROM invitation WHERE organization_id = :organization_id AND batch_id = :batch_id
 GROUP BY 1;

-- name: batch_unanswered :many
SELECT id FROM invitation
 WHERE organization_id = :organization_id AND batch_id = :batch_id AND state IN ('pending', 'expired')
 ORDER BY id LIMIT 1000;

-- name: invitation_insert :exec
INSERT INTO invitation (organization_id, id, batch_id, email, email_key, role, locale, message, given_name, family_name, entitlements, group_ids, access_ends_at,
       invited_by_id, created_at, expires_at, lifetime, secret_hash, code_hash, code_expires_at, sent_count, last_sent_at, mail_id, remind_at,
       method, password_delivery)
VALUES (:organization_id, :id, :batch_id, :email, :email_key, :role, :locale, :message, :given_name, :family_name, :entitlements, :group_ids, :access_ends_at,
       :invited_by_id, :created_at, :expires_at, :lifetime, :secret_hash, :code_hash, :code_expires_at, :sent_count, :last_sent_at, :mail_id, :remind_at,
       :method, :password_delivery);

-- All that inviting an address depends on, in one question: its account, that account's membership, what is pending. What an
-- account says of itself counts once its address is proved.
-- name: invitation_look :one
-- column: account_id uuid?
-- column: account_email text?
-- column: account_locale text?
-- column: account_proved_at time?
-- column: membership_id uuid?
-- column: role text?
-- column: pending_id uuid?
-- column: pending_until time?
-- column: waiting_id uuid?
-- column: waiting_for_id uuid?
-- column: waiting_until time?
-- column: is_asked bool
-- column: is_silenced bool
SELECT a.id AS account_id, a.email_proved_at AS account_proved_at,
       CASE WHEN a.email_proved_at IS NOT NULL THEN a.email END AS account_email,
       CASE WHEN a.email_proved_at IS NOT NULL THEN a.locale END AS account_locale,
       a.temporary_invitation_id AS waiting_id, a.confined_to_id AS waiting_for_id, a.temporary_expires_at AS waiting_until, m.id AS membership_id, m.role,
       i.id AS pending_id, i.expires_at AS pending_until,
       EXISTS (SELECT 1 FROM invitation x WHERE x.organization_id = :organization_id AND x.email_key = :email_key AND x.asked_at IS NOT NULL) AS is_asked,
       EXISTS (SELECT 1 FROM invitation_silence s WHERE s.organization_id = :organization_id AND s.address_hash = :address_hash) AS is_silenced
  FROM organization o
  LEFT JOIN account a ON a.email_key = :email_key
  LEFT JOIN membership m ON m.organization_id = :organization_id AND m.account_id = a.id
  LEFT JOIN invitation i ON i.organization_id = :organization_id AND i.email_key = :email_key AND i.state = 'pending'
 WHERE o.id = :organization_id;

-- name: invitation_asked_set :exec
UPDATE invitation SET asked_at = :asked_at, asked_count = asked_count + 1 WHERE organization_id = :organization_id AND id = :id;

-- A new one goes to the address: nobody waits for it any more.
-- name: invitation_asked_answered :exec
UPDATE invitation SET asked_at = NULL WHERE organization_id = :organization_id AND email_key = :email_key AND asked_at IS NOT NULL;

-- What waits for an answer: of everybody's, or of what one sent.
-- name: invitation_asks :many
-- param: since time
-- param: is_all bool
-- param: invited_by_id uuid?
SELECT id, email, given_name, family_name, asked_at FROM invitation
 WHERE organization_id = :organization_id AND asked_at IS NOT NULL AND asked_at > :since
   AND (:is_all = 1 OR invited_by_id = :invited_by_id)
 ORDER BY asked_at DESC, id LIMIT :limit;

-- name: invitation_pending_of :one
SELECT id, expires_at FROM invitation WHERE organization_id = :organization_id AND email_key = :email_key AND state = 'pending';

-- name: invitation_for_change :one
SELECT id, batch_id, email, email_key, role, state, locale, message, given_name, family_name, entitlements, group_ids, access_ends_at,
       invited_by_id, created_at, expires_at, lifetime,
       secret_hash, link_hash, sent_count, remind_at, reminded, mail_id, method, password_delivery, asked_at, asked_count
  FROM invitation WHERE organization_id = :organization_id AND id = :id FOR UPDATE;

-- name: invitation_close :exec
UPDATE invitation SET state = :state, closed_at = :closed_at, remind_at = NULL, asked_at = NULL, accepted_by_id = :accepted_by_id, accepted_at = :accepted_at,
       person_id = COALESCE(:accepted_by_id, person_id)
 WHERE organization_id = :organization_id AND id = :id;

-- name: invitation_renew :exec
-- param: invited_by_id uuid?
UPDATE invitation SET state = 'pending', closed_at = NULL, asked_at = NULL, person_id = NULL, invited_by_id = :invited_by_id, expires_at = :expires_at, secret_hash = :secret_hash, link_hash = NULL,
       code_hash = :code_hash, code_expires_at = :code_expires_at, link_code_hash = NULL, link_code_expires_at = NULL, method = :method, password_delivery = :password_delivery,
       sent_count = sent_count + 1, last_sent_at = :last_sent_at, mail_id = :mail_id, remind_at = :remind_at, reminded = 0
 WHERE organization_id = :organization_id AND id = :id;

-- name: invitation_remind :exec
UPDATE invitation SET secret_hash = :secret_hash, code_hash = :code_hash, code_expires_at = :code_expires_at,
       sent_count = sent_count + 1, last_sent_at = :last_sent_at, mail_id = :mail_id, remind_at = :remind_at, reminded = reminded + 1
 WHERE organization_id = :organization_id AND id = :id;

-- name: invitation_remind_at_set :exec
UPDATE invitation SET remind_at = :remind_at WHERE organization_id = :organization_id AND id = :id;

-- name: invitation_code_set :exec
UPDATE invitation SET code_hash = :code_hash, code_expires_at = :code_expires_at WHERE organization_id = :organization_id AND id = :id;

-- name: invitation_link_set :exec
UPDATE invitation SET link_hash = :link_hash, link_code_hash = :link_code_hash, link_code_expires_at = :link_code_expires_at,
       is_link_telling = :is_link_telling
 WHERE organization_id = :organization_id AND id = :id;

-- name: invitation_old_secret_insert :exec
INSERT INTO invitation_old_secret (organization_id, invitation_id, secret_hash, is_live)
VALUES (:organization_id, :invitation_id, :secret_hash, :is_live)
ON CONFLICT (organization_id, invitation_id, secret_hash) DO NOTHING;

-- name: invitation_old_secrets_kill :exec
UPDATE invitation_old_secret SET is_live = 0 WHERE organization_id = :organization_id AND invitation_id = :invitation_id;

-- Found by the hash itself, which nobody can steer: an invitation may have any number of dead links.
-- name: invitation_old_secret :one
SELECT secret_hash, is_live FROM invitation_old_secret
 WHERE organization_id = :organization_id AND invitation_id = :invitation_id AND secret_hash = :secret_hash;

-- name: invitation_reminders_due :many
-- @global the reminder job serves all organizations; each invitation is then changed under its own
-- param: after_at time
-- param: after_id uuid
SELECT i.organization_id, i.id, i.remind_at FROM invitation i
 WHERE i.remind_at IS NOT NULL AND i.remind_at <= :now AND i.remind_at >= :after_at AND (i.remind_at > :after_at OR i.id > :after_id)
 ORDER BY i.remind_at, i.id LIMIT :limit;

-- name: invitation_door :one
SELECT i.organization_id, i.id, i.email, i.email_key, i.role, i.state, i.locale, i.message, i.given_name, i.family_name, i.expires_at,
       i.secret_hash, i.link_hash, i.is_link_telling, i.asked_at, i.asked_count, i.invited_by_id, i.accepted_by_id, o.name AS organization_name, o.slug, o.locale AS organization_locale,
       o.existing_accounts, o.entitlement_keys, o.time_zone
  FROM invitation i JOIN organization o ON o.id = i.organization_id
 WHERE i.organization_id = :organization_id AND i.id = :id;

-- name: invitation_codes_{which} :many
-- @global a person types an address and a code, and may be invited by several organizations
-- each: which = pending|closed
-- let: {states} = pending:state = 'pending'|closed:state <> 'pending'
-- column: code_at time
-- column: link_code_at time
SELECT organization_id, id, code_hash, link_code_hash, coalesce(code_expires_at, 0) AS code_at, coalesce(link_code_expires_at, 0) AS link_code_at
  FROM invitation WHERE email_key = :email_key AND {states}
 ORDER BY id DESC LIMIT 100;

-- The last of each organization come first among its own.
-- name: invitations_at_{which} :many
-- @global somebody asks for what they were invited by, by several organizations perhaps
-- each: which = pending|closed
-- let: {states} = pending:state = 'pending'|closed:state <> 'pending'
SELECT organization_id, id, state, expires_at, mail_id FROM invitation WHERE email_key = :email_key AND {states}
 ORDER BY organization_id, id DESC LIMIT 100;

-- What waits for whoever proved the address, but where they belong already.
-- name: own_invitations :many
-- @global somebody is invited by several organizations
SELECT i.organization_id, i.id, i.role, i.created_at, i.expires_at, o.name, a.given_name AS inviter_given_name, a.family_name AS inviter_family_name
  FROM invitation i JOIN organization o ON o.id = i.organization_id LEFT JOIN account a ON a.id = i.invited_by_id
 WHERE i.email_key = :email_key AND i.state = 'pending' AND i.expires_at > :now
   AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.organization_id = i.organization_id AND m.account_id = :account_id)
 ORDER BY i.id DESC LIMIT 100;

-- name: invitations_sent_by_revoke :changed
UPDATE invitation SET state = 'revoked', closed_at = :now, remind_at = NULL
 WHERE organization_id = :organization_id AND state = 'pending' AND expires_at > :now AND invited_by_id = :invited_by_id;

-- Before their invitations are revoked: afterwards nothing tells which they were.
-- name: invitations_sent_by_withdraw :exec
UPDATE mail SET state = 'withdrawn', sealed = NULL, next_at = NULL, done_at = :now
 WHERE organization_id = :organization_id AND state IN ('queued', 'deferred')
   AND id IN (SELECT i.mail_id FROM invitation i
               WHERE i.organization_id = :organization_id AND i.state = 'pending' AND i.expires_at > :now
                 AND i.invited_by_id = :invited_by_id AND i.mail_id IS NOT NULL);

-- name: invitations_sent_by_count :one
-- column: total int
SELECT COUNT(*) AS total FROM invitation
 WHERE organization_id = :organization_id AND state = 'pending' AND expires_at > :now AND invited_by_id = :invited_by_id;

-- name: invitations_take_over :changed
-- param: heir uuid?
UPDATE invitation SET invited_by_id = :heir
 WHERE organization_id = :organization_id AND state = 'pending' AND expires_at > :now AND invited_by_id = :invited_by_id;

-- The views: q_invitations(t, which, &rows, …), newest first; `one` is the one whose id is :after. A mail server that repeats the
-- address does not say how an account spells it.
-- name: invitations_{which} :many
-- each: which = all|open|asked|batch|one
-- let: {only} = all:i.id < :after AND :batch_id IS NULL|open:i.id < :after AND i.state = 'pending' AND :batch_id IS NULL|asked:i.id < :after AND i.asked_at IS NOT NULL AND :batch_id IS NULL|batch:i.id < :after AND i.batch_id = :batch_id|one:i.id = :after AND :batch_id IS NULL
-- param: after uuid
-- param: batch_id uuid?
-- param: only_state text
-- param: only_asked bool
-- param: starts text
-- param: starts_end text
-- column: delivery_reply text?
SELECT i.id, i.batch_id, i.email, i.role, i.method, i.password_delivery, i.state, i.locale, i.message, i.given_name, i.family_name,
       i.entitlements, i.group_ids, i.access_ends_at, i.invited_by_id, a.given_name AS inviter_given_name, a.family_name AS inviter_family_name, i.created_at, i.expires_at, i.last_sent_at, i.sent_count,
       d.state AS delivery_state, replace(d.reply, d.recipient, i.email) AS delivery_reply, d.created_at AS delivery_created_at, d.done_at AS delivery_done_at,
       i.accepted_by_id, i.accepted_at, i.asked_at, i.asked_count, w.temporary_used_at, s.created_at AS silenced_at
  FROM invitation i LEFT JOIN account a ON a.id = i.invited_by_id
  LEFT JOIN account w ON w.email_key = i.email_key AND w.confined_to_id = i.organization_id AND w.temporary_invitation_id = i.id
  LEFT JOIN invitation_silence s ON s.organization_id = i.organization_id AND s.invitation_id = i.id
  LEFT JOIN mail d ON d.organization_id = i.organization_id AND d.id = i.mail_id
 WHERE i.organization_id = :organization_id AND {only}
   AND (:only_state = '' OR :only_state = CASE WHEN i.state = 'pending' AND i.expires_at <= :now THEN 'expired' ELSE i.state END)
   AND (:only_asked = 0 OR i.asked_at IS NOT NULL)
   AND (:starts = '' OR (i.email_key >= :starts AND i.email_key < :starts_end))
 ORDER BY i.id DESC LIMIT :limit;

-- name: invitations_count :one
-- param: batch_id uuid?
-- param: only_state text
-- param: only_asked bool
-- param: starts text
-- param: starts_end text
-- column: total int
SELECT COUNT(*) AS total FROM (SELECT i.id FROM invitation i
 WHERE i.organization_id = :organization_id
   AND (:batch_id IS NULL OR i.batch_id = :batch_id)
   AND (:only_state = '' OR :only_state = CASE WHEN i.state = 'pending' AND i.expires_at <= :now THEN 'expired' ELSE i.state END)
   AND (:only_asked = 0 OR i.asked_at IS NOT NULL)
   AND (:starts = '' OR (i.email_key >= :starts AND i.email_key < :starts_end))
 LIMIT :limit) AS found;
