-- name: mail_insert :exec
INSERT INTO mail (id, organization_id, kind, invitation_id, membership_id, account_id, recipient, recipient_key, locale, sealed, state, next_at, turn_of, turn_at, created_at)
VALUES (:id, :organization_id, :kind, :invitation_id, :membership_id, :account_id, :recipient, :recipient_key, :locale, :sealed, 'queued', :next_at, :turn_of, :turn_at, :created_at);

-- name: mail_withdraw :exec
-- @global found by its own id, which only its organization's rows name
UPDATE mail SET state = 'withdrawn', sealed = NULL, next_at = NULL, done_at = :done_at
 WHERE id = :id AND state IN ('queued', 'deferred');

-- In turns, and nobody's whose carriers are many already.
-- name: mail_due :many
-- @global the worker serves all organizations
-- param: but int
-- param: nor int
-- param: neither int
SELECT id, turn_of, turn_at FROM mail
 WHERE next_at IS NOT NULL AND next_at <= :now AND turn_of <> :but AND turn_of <> :nor AND turn_of <> :neither
 ORDER BY turn_at LIMIT :limit FOR UPDATE SKIP LOCKED;

-- name: mail_lease :exec
-- @global the worker serves all organizations
UPDATE mail SET next_at = :next_at, attempts = attempts + 1 WHERE id = :id;

-- name: mail_put_off :exec
-- @global the worker serves all organizations
UPDATE mail SET next_at = :next_at, turn_at = :turn_at WHERE id = :id;

-- name: mail_for_delivery :one
-- @global the worker serves all organizations; the joins follow the mail's own organization
-- column: invitation_state text?
-- column: invitation_mail_id uuid?
-- column: existing int
-- column: time_zone text?
-- column: member_role text?
-- column: access_ends_at time?
SELECT d.id, d.organization_id, d.kind, d.state, d.recipient, d.locale, d.sealed, d.attempts, d.created_at, d.invitation_id, d.membership_id, d.account_id,
       i.state AS invitation_state, i.mail_id AS invitation_mail_id, i.email, i.role, i.message, i.expires_at,
       i.given_name AS invited_given_name, i.family_name AS invited_family_name,
       o.name AS organization_name, o.slug,
       b.given_name AS inviter_given_name, b.family_name AS inviter_family_name, b.email AS inviter_email,
       a.given_name AS account_given_name, a.family_name AS account_family_name, a.email AS account_email, coalesce(a.time_zone, k.time_zone, o.time_zone) AS time_zone,
       m.role AS member_role, m.access_ends_at, c.given_name AS member_given_name, c.family_name AS member_family_name,
       CASE WHEN k.id IS NULL OR k.email_proved_at IS NULL THEN 0 ELSE 1 END AS existing
  FROM mail d
  LEFT JOIN invitation i ON i.organization_id = d.organization_id AND i.id = d.invitation_id
  LEFT JOIN organization o ON o.id = d.organization_id
  LEFT JOIN account b ON b.id = i.invited_by_id
  LEFT JOIN account a ON a.id = d.account_id
  LEFT JOIN membership m ON m.organization_id = d.organization_id AND m.id = d.membership_id
  LEFT JOIN account c ON c.id = m.account_id
  LEFT JOIN account k ON k.email_key = i.email_key
 WHERE d.id = :id;

-- What was handed over was handed over, whoever has the lease by now. The last mail of a closed account forgets its address.
-- name: mail_done :exec
-- @global the worker serves all organizations
UPDATE mail SET state = :state, reply = :reply, sealed = NULL, next_at = NULL, done_at = :done_at,
       recipient = CASE WHEN kind = 'account_closed' THEN '' ELSE recipient END,
       recipient_key = CASE WHEN kind = 'account_closed' THEN NULL ELSE recipient_key END
 WHERE id = :id AND state IN ('queued', 'deferred', 'failed');

-- The number of the attempt is the lease: one that was taken up by another process meanwhile is not this one's to judge.
-- name: mail_failed :exec
-- @global the worker serves all organizations
UPDATE mail SET state = 'failed', reply = :reply, sealed = NULL, next_at = NULL, done_at = :done_at,
       recipient = CASE WHEN kind = 'account_closed' THEN '' ELSE recipient END,
       recipient_key = CASE WHEN kind = 'account_closed' THEN NULL ELSE recipient_key END
 WHERE id = :id AND attempts = :attempts AND state IN ('queued', 'deferred');

-- name: mail_deferred :exec
-- @global the worker serves all organizations
UPDATE mail SET state = 'deferred', reply = :reply, next_at = :next_at, turn_at = :turn_at, done_at = :done_at
 WHERE id = :id AND attempts = :attempts AND state IN ('queued', 'deferred');

-- name: mail_put_back :exec
-- @global the worker serves all organizations
UPDATE mail SET next_at = :now, attempts = attempts - 1
 WHERE id = :id AND attempts = :attempts AND state IN ('queued', 'deferred');

-- Whoever withdraws it has it meanwhile, in a large request perhaps.
-- name: mail_lock_free :one
-- @global the worker serves all organizations
SELECT id FROM mail WHERE id = :id FOR UPDATE SKIP LOCKED;

-- name: mail_there :one
-- @global the worker serves all organizations
SELECT id FROM mail WHERE id = :id;

-- name: mail_withdrawn_reply :exec
-- @global the worker serves all organizations
UPDATE mail SET reply = :reply WHERE id = :id AND state = 'withdrawn';

-- name: mail_release_leases :exec
-- @global at start, under the data folder's lock
UPDATE mail SET next_at = :now WHERE next_at IS NOT NULL AND next_at > :now AND state = 'queued';

-- name: mail_retry :changed
-- @global the operator's own
UPDATE mail SET next_at = :now WHERE next_at IS NOT NULL AND next_at > :now AND state = 'deferred';

-- An organization's own show an invited address as it was invited, and nothing of what its holder alone is told.
-- name: mail_page_{whose} :many
-- @global `all` is the operator's own
-- each: whose = own|all
-- let: {only} = own:d.organization_id = :organization_id AND d.kind NOT IN ('invitation_go_on', 'invitation_link', 'invitation_expired')|all:(d.organization_id = :organization_id OR d.organization_id <> :organization_id)
-- let: {recipient} = own:coalesce(i.email, d.recipient)|all:d.recipient
-- let: {reply} = own:replace(d.reply, d.recipient, coalesce(i.email, d.recipient))|all:d.reply
-- param: after uuid
-- column: recipient text
-- column: reply text?
SELECT d.id, d.organization_id, d.invitation_id, d.kind, {recipient} AS recipient, d.state, {reply} AS reply, d.attempts, d.created_at, d.done_at
  FROM mail d
  LEFT JOIN invitation i ON i.organization_id = d.organization_id AND i.id = d.invitation_id AND d.kind IN ('invitation', 'reminder', 'temporary_password')
 WHERE {only} AND d.id < :after ORDER BY d.id DESC LIMIT :limit;
