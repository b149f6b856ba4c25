-- name: signup_insert :exec
INSERT INTO signup (id, sealed, password_hash, is_long, resend_at, expires_at)
VALUES (:id, :sealed, :password_hash, :is_long, :resend_at, :expires_at);

-- name: signup_get :one
SELECT sealed, is_long, resend_at, expires_at FROM signup WHERE id = :id;

-- Nobody else tries a code, or asks for another one, until the end of the transaction.
-- name: signup_open :one
SELECT sealed, password_hash, is_long, code_hash, code_expires_at, tries, resent, resend_at, expires_at FROM signup WHERE id = :id FOR UPDATE;

-- name: signup_tried :exec
UPDATE signup SET tries = tries + 1 WHERE id = :id;

-- name: signup_resent :exec
UPDATE signup SET resent = resent + 1, resend_at = :resend_at, is_long = :is_long WHERE id = :id;

-- name: signup_code_set :exec
UPDATE signup SET code_hash = :code_hash, code_expires_at = :code_expires_at, tries = 0 WHERE id = :id;

-- name: signup_delete :exec
DELETE FROM signup WHERE id = :id;
