-- Temporary passwords: the accounts that wait behind them.

-- Makes the account, or gives the one that waits already a new password. No row: the address has an account of its own, or one
-- that waits for another organization.
-- name: temporary_put :one
INSERT INTO account (id, email, email_key, confined_to_id, given_name, family_name, locale, created_at,
       temporary_hash, temporary_expires_at, temporary_invitation_id)
VALUES (:id, :email, :email_key, :confined_to_id, :given_name, :family_name, :locale, :created_at,
       :temporary_hash, :temporary_expires_at, :temporary_invitation_id)
ON CONFLICT (email_key) DO UPDATE SET email = excluded.email, confined_to_id = excluded.confined_to_id,
       given_name = excluded.given_name, family_name = excluded.family_name, locale = excluded.locale,
       temporary_hash = excluded.temporary_hash, temporary_expires_at = excluded.temporary_expires_at, temporary_used_at = NULL,
       temporary_invitation_id = excluded.temporary_invitation_id
 WHERE account.temporary_hash IS NOT NULL
   AND (account.confined_to_id = excluded.confined_to_id OR account.temporary_expires_at <= :created_at)
RETURNING id;

-- name: temporary_hold :one
SELECT a.id FROM account a
 WHERE a.email_key = (SELECT i.email_key FROM invitation i WHERE i.organization_id = :organization_id AND i.id = :id)
   AND a.temporary_hash IS NOT NULL FOR NO KEY UPDATE OF a;

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

-- The same for all that one inviter sent; before the invitations are revoked, for afterwards nothing tells which they were.
-- name: temporary_sent_by_end :exec
UPDATE account SET temporary_hash = NULL WHERE id IN
  (SELECT a.id FROM invitation i JOIN account a ON a.email_key = i.email_key AND a.temporary_invitation_id = i.id
    WHERE i.organization_id = :organization_id AND i.state = 'pending' AND i.expires_at > :now
      AND i.invited_by_id = :invited_by_id AND i.method = 'temporary_password');

-- name: temporary_sent_by_sessions :exec
DELETE FROM session WHERE account_id IN
  (SELECT a.id FROM invitation i JOIN account a ON a.email_key = i.email_key AND a.temporary_invitation_id = i.id
    WHERE i.organization_id = :organization_id AND i.state = 'pending' AND i.expires_at > :now
      AND i.invited_by_id = :invited_by_id AND i.method = 'temporary_password');

-- name: temporary_sent_by_forget :exec
DELETE FROM account WHERE id IN
  (SELECT a.id FROM invitation i JOIN account a ON a.email_key = i.email_key AND a.temporary_invitation_id = i.id
    WHERE i.organization_id = :organization_id AND i.state = 'pending' AND i.expires_at > :now
      AND i.invited_by_id = :invited_by_id AND i.method = 'temporary_password');
