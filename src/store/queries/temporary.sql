-- Temporary passwords: the accounts that wait behind them.

-- Makes the account that waits. None: the address has one already. An upsert would lock that one, whosever it is.
-- name: temporary_insert :changed
INSERT INTO account (id, email, email_key, confined_to_id, given_name, family_name, locale, created_at,
       temporary_hash, temporary_expires_at, temporary_invitation_id)
VALUES (:id, :email, :email_key, :confined_to_id, :given_name, :family_name, :locale, :created_at,
       :temporary_hash, :temporary_expires_at, :temporary_invitation_id)
ON CONFLICT (email_key) DO NOTHING;

-- The one that waits at an address, for this organization or for nobody any more.
-- name: temporary_standing :one
-- param: now time
SELECT id FROM account WHERE email_key = :email_key AND temporary_hash IS NOT NULL
   AND (confined_to_id = :confined_to_id OR temporary_expires_at <= :now);

-- Gives it a new password.
-- name: temporary_renew :changed
UPDATE account SET email = :email, confined_to_id = :confined_to_id, given_name = :given_name, family_name = :family_name,
       locale = :locale, temporary_hash = :temporary_hash, temporary_expires_at = :temporary_expires_at, temporary_used_at = NULL,
       temporary_invitation_id = :temporary_invitation_id
 WHERE id = :id AND email_key = :email_key AND temporary_hash IS NOT NULL;

-- Who waits behind the temporary password of an invitation's address.
-- name: temporary_waiting :one
SELECT a.id FROM account a
 WHERE a.email_key = (SELECT i.email_key FROM invitation i WHERE i.organization_id = :organization_id AND i.id = :id)
   AND a.temporary_hash IS NOT NULL;

-- name: temporary_use :exec
UPDATE account SET temporary_used_at = :temporary_used_at WHERE id = :id;

-- The password dies first: that locks the row, and no sign-in comes between.
-- name: temporary_end :one
UPDATE account SET temporary_hash = NULL WHERE email_key = :email_key AND temporary_invitation_id = :temporary_invitation_id
RETURNING id;

-- name: temporary_give_way :one
UPDATE account SET temporary_hash = NULL WHERE email_key = :email_key AND temporary_hash IS NOT NULL RETURNING id;

-- name: temporary_forget :exec
DELETE FROM account WHERE id = :id AND temporary_invitation_id IS NOT NULL;

-- Who waits behind what one inviter sent, or a batch holds; and of these, held, whom nobody else has.
-- name: temporary_of_{whose}_{how} :many
-- as: temporary_of
-- param: of uuid
-- each: whose = inviter|batch; how = listed|held
-- let: {theirs} = inviter:i.invited_by_id = :of AND i.state = 'pending'|batch:i.batch_id = :of AND i.state IN ('pending', 'expired')
-- let: {lock} = listed:|held:FOR NO KEY UPDATE OF a SKIP LOCKED
SELECT a.id FROM invitation i JOIN account a ON a.email_key = i.email_key
 WHERE i.organization_id = :organization_id AND {theirs} AND a.temporary_hash IS NOT NULL
 ORDER BY a.id {lock};

-- The same for all that one inviter sent; before the invitations are revoked, for afterwards nothing tells which they were.
-- name: temporary_sent_by_end :exec
UPDATE account SET temporary_hash = NULL WHERE id IN
  (SELECT a.id FROM invitation i JOIN account a ON a.email_key = i.email_key AND a.temporary_invitation_id = i.id
    WHERE i.organization_id = :organization_id AND i.state = 'pending' AND i.invited_by_id = :invited_by_id);

-- name: temporary_sent_by_sessions :exec
DELETE FROM session WHERE account_id IN
  (SELECT a.id FROM invitation i JOIN account a ON a.email_key = i.email_key AND a.temporary_invitation_id = i.id
    WHERE i.organization_id = :organization_id AND i.state = 'pending' AND i.invited_by_id = :invited_by_id);

-- name: temporary_sent_by_forget :exec
DELETE FROM account WHERE id IN
  (SELECT a.id FROM invitation i JOIN account a ON a.email_key = i.email_key AND a.temporary_invitation_id = i.id
    WHERE i.organization_id = :organization_id AND i.state = 'pending' AND i.invited_by_id = :invited_by_id);
