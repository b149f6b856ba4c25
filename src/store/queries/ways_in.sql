-- What ends ways into an account: one statement a way of spec/ways_in.yaml. `since` 0 ends all of them.

-- Nobody acts as this account, or gets in, between this and the end of the transaction: session_hold and its like wait here.
-- name: ways_hold_{how} :one
-- each: how = waits|tries
-- let: {lock} = waits:FOR NO KEY UPDATE|tries:FOR NO KEY UPDATE SKIP LOCKED
SELECT id FROM account WHERE id = :account_id {lock};

-- name: ways_session :changed
-- param: since time
-- param: but uuid
DELETE FROM session WHERE account_id = :account_id AND created_at >= :since AND id <> :but;

-- name: ways_reset_link :changed
-- param: since time
DELETE FROM account_token WHERE account_id = :account_id AND kind <> 'proof' AND created_at >= :since;

-- name: ways_proof_code :changed
-- param: since time
DELETE FROM account_token WHERE account_id = :account_id AND kind = 'proof' AND created_at >= :since;

-- An earlier address outlives a later one; one that takes nothing older than `since` goes on, too.
-- name: ways_email_change :changed
-- param: since time
DELETE FROM email_change
 WHERE account_id = :account_id AND kind = :kind AND created_at >= :since AND (since_at IS NULL OR since_at < :since OR :since = 0);

-- name: ways_browser :changed
UPDATE account SET browsers = browsers + 1 WHERE id = :account_id;

-- name: ways_passkey :changed
-- param: since time
DELETE FROM passkey WHERE account_id = :account_id AND created_at >= :since;

-- name: ways_passkey_alone :changed
UPDATE passkey SET is_alone = 0 WHERE account_id = :account_id AND is_alone = 1;

-- name: ways_app :changed
-- param: since time
DELETE FROM account_totp WHERE account_id = :account_id AND (confirmed_at IS NULL OR confirmed_at >= :since);

-- name: ways_recovery_code :changed
-- param: since time
DELETE FROM recovery_code WHERE account_id = :account_id AND created_at >= :since;

-- name: ways_api_key :changed
-- @global an account's own keys, in every organization
-- param: since time
DELETE FROM api_key WHERE account_id = :account_id AND created_at >= :since;

-- name: ways_password :changed
UPDATE account SET password_hash = NULL WHERE id = :account_id AND password_hash IS NOT NULL;

-- name: ways_repeat :changed
DELETE FROM spent WHERE account_id = :account_id;

-- name: ways_temporary_password :changed
UPDATE account SET temporary_hash = NULL, temporary_expires_at = NULL, temporary_used_at = NULL, temporary_invitation_id = NULL
 WHERE id = :account_id AND temporary_hash IS NOT NULL;
