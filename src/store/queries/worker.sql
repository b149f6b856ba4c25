-- What the worker asks between its jobs, and what it sweeps away.

-- name: worker_due :one
-- @global the worker serves all organizations
-- column: mails int
-- column: reminders int
-- column: requests int
-- column: warnings int
-- column: places int
-- @scan of address_request: what came within the last second
SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM mail WHERE next_at IS NOT NULL AND next_at <= :now LIMIT 1) AS m) AS mails,
       (SELECT COUNT(*) FROM (SELECT 1 FROM invitation WHERE remind_at IS NOT NULL AND remind_at <= :now LIMIT 1) AS r) AS reminders,
       (SELECT COUNT(*) FROM (SELECT 1 FROM membership WHERE access_warn_at IS NOT NULL AND access_warn_at <= :now LIMIT 1) AS e) AS warnings,
       (SELECT COUNT(*) FROM (SELECT 1 FROM account WHERE places_at IS NOT NULL AND places_at <= :now LIMIT 1) AS a) AS places,
       (SELECT COUNT(*) FROM (SELECT 1 FROM address_request LIMIT 1) AS q) AS requests;

-- name: worker_sweep_idempotency :changed
-- param: before_at time
DELETE FROM idempotency WHERE (holder_id, caller_id, key, route) IN
  (SELECT holder_id, caller_id, key, route FROM idempotency WHERE created_at < :before_at LIMIT 500);

-- name: worker_sweep_throttle :changed
-- param: before_at time
DELETE FROM throttle WHERE throttle_key IN (SELECT throttle_key FROM throttle WHERE updated_at < :before_at LIMIT 500);

-- name: worker_sweep_rate_window :changed
-- param: before_at time
DELETE FROM rate_window WHERE (throttle_key, window_at) IN
  (SELECT throttle_key, window_at FROM rate_window WHERE window_at < :before_at LIMIT 500);

-- name: worker_sweep_session :changed
-- @scan once an hour; a session is used far more often than it ends, so an index on expires_at would cost more
-- param: before_at time
DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at < :before_at LIMIT 500);

-- name: worker_sweep_signup :changed
-- @scan once an hour
-- param: before_at time
DELETE FROM signup WHERE id IN (SELECT id FROM signup WHERE expires_at < :before_at LIMIT 500);

-- name: worker_sweep_spent :changed
-- @scan once an hour
-- param: before_at time
DELETE FROM spent WHERE (id, kind) IN (SELECT id, kind FROM spent WHERE spent_at < :before_at LIMIT 500);

-- name: worker_sweep_account_token :changed
-- @scan once an hour
-- param: before_at time
DELETE FROM account_token WHERE id IN (SELECT id FROM account_token WHERE expires_at < :before_at LIMIT 500);

-- Accounts that nobody took over while their temporary password was good. One that is made anew meanwhile stays.
-- name: worker_sweep_temporary_sessions :exec
-- param: before_at time
DELETE FROM session WHERE account_id IN
  (SELECT id FROM account WHERE temporary_expires_at < :before_at ORDER BY temporary_expires_at LIMIT 500
   FOR UPDATE SKIP LOCKED);

-- name: worker_sweep_temporary :changed
-- param: before_at time
DELETE FROM account WHERE temporary_expires_at < :before_at AND id IN
  (SELECT id FROM account WHERE temporary_expires_at < :before_at AND NOT EXISTS
     (SELECT 1 FROM session WHERE session.account_id = account.id)
    ORDER BY temporary_expires_at LIMIT 500 FOR UPDATE SKIP LOCKED);
