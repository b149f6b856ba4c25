-- name: passkey_by_credential :one
SELECT id, account_id, algorithm, public_key FROM passkey WHERE credential = :credential;

-- Held until the end of the transaction: of two that use it, the second sees the first one's count.
-- name: passkey_for_use :one
SELECT account_id, sign_count, is_alone FROM passkey WHERE id = :id FOR UPDATE;

-- name: passkey_used :exec
UPDATE passkey SET sign_count = :sign_count, last_used_at = :last_used_at, is_alone = :is_alone WHERE id = :id;

-- name: passkey_of_account :many
SELECT id, credential, name, is_discoverable, transports, created_at, last_used_at FROM passkey
 WHERE account_id = :account_id ORDER BY id LIMIT 100;

-- name: passkey_count :one
-- column: total int
SELECT COUNT(*) AS total FROM passkey WHERE account_id = :account_id;

-- Those that open the account by themselves.
-- name: passkey_alone_count :one
-- column: total int
SELECT COUNT(*) AS total FROM passkey WHERE account_id = :account_id AND is_alone = 1;

-- name: passkey_insert :changed
INSERT INTO passkey (id, account_id, credential, algorithm, public_key, sign_count, name, is_discoverable, transports, aaguid, created_at)
VALUES (:id, :account_id, :credential, :algorithm, :public_key, :sign_count, :name, :is_discoverable, :transports, :aaguid, :created_at)
ON CONFLICT (credential) DO NOTHING;

-- name: passkey_name_set :changed
UPDATE passkey SET name = :name WHERE id = :id AND account_id = :account_id;

-- name: passkey_delete :changed
DELETE FROM passkey WHERE id = :id AND account_id = :account_id;

-- Whoever comes second with the same challenge waits for the first and changes nothing.
-- name: challenge_use :changed
INSERT INTO challenge_used (id, used_at) VALUES (:id, :used_at) ON CONFLICT (id) DO NOTHING;

-- name: challenge_sweep :changed
-- @scan once an hour
-- param: before_at time
DELETE FROM challenge_used WHERE id IN (SELECT id FROM challenge_used WHERE used_at < :before_at LIMIT 500);
