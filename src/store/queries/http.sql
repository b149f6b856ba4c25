-- Answers kept for Idempotency-Key.

-- name: idempotency_get :one
SELECT body_hash, status, body, created_at FROM idempotency
 WHERE holder_id = :holder_id AND caller_id = :caller_id AND key = :key AND route = :route;

-- Where several write at once: whoever comes second waits for the first one's end. Status 0: no answer is kept yet.
-- name: idempotency_claim :exec
INSERT INTO idempotency (holder_id, caller_id, key, route, body_hash, status, body, created_at)
VALUES (:holder_id, :caller_id, :key, :route, :body_hash, 0, :body, :created_at)
ON CONFLICT (holder_id, caller_id, key, route) DO UPDATE SET status = idempotency.status;

-- No answer will be.
-- name: idempotency_unclaim :exec
DELETE FROM idempotency WHERE holder_id = :holder_id AND caller_id = :caller_id AND key = :key AND route = :route AND status = 0;

-- name: idempotency_put :exec
INSERT INTO idempotency (holder_id, caller_id, key, route, body_hash, status, body, created_at)
VALUES (:holder_id, :caller_id, :key, :route, :body_hash, :status, :body, :created_at)
ON CONFLICT (holder_id, caller_id, key, route) DO UPDATE SET body_hash = excluded.body_hash, status = excluded.status, body = excluded.body, created_at = excluded.created_at;

-- What a caller's pages left before their last ones. Chosen without a lock: only those that go are waited for.
-- name: idempotency_prune :exec
-- param: sign text
-- param: most int
DELETE FROM idempotency WHERE (holder_id, caller_id, key, route) IN
  (SELECT holder_id, caller_id, key, route FROM idempotency
    WHERE holder_id = :holder_id AND caller_id = :caller_id AND substr(key, 1, 1) = :sign
    ORDER BY created_at DESC LIMIT 100 OFFSET :most);

-- What the programs of one account were answered before their last answers, of so many bytes together. A key and a route stand in
-- the index on time, too; around: what else there is of a row. PostgreSQL reads no body for its length; SQLite reads all of them,
-- which are not much more than :most.
-- name: idempotency_fit :exec
-- param: sign text
-- param: around int
-- param: most int
DELETE FROM idempotency WHERE (holder_id, caller_id, key, route) IN
  (SELECT holder_id, caller_id, key, route FROM idempotency
    WHERE holder_id = :holder_id AND substr(key, 1, 1) <> :sign AND created_at <=
          (SELECT max(s.created_at)
             FROM (SELECT created_at, sum(length(body) + 2 * (length(key) + length(route)) + :around)
                            OVER (ORDER BY created_at DESC) AS total
                     FROM idempotency WHERE holder_id = :holder_id AND substr(key, 1, 1) <> :sign) AS s
            WHERE s.total > :most)
      FOR UPDATE SKIP LOCKED);

-- name: idempotency_forget :exec
-- param: before_at time
DELETE FROM idempotency WHERE (holder_id, caller_id, key, route) IN
  (SELECT holder_id, caller_id, key, route FROM idempotency WHERE created_at < :before_at LIMIT 200);
