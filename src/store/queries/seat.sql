-- What lapsed holds no seat, though nobody has retired it yet. In a statement that reads organization_seat s.
-- share: {held} = s.held - (SELECT COUNT(*) FROM invitation i WHERE i.organization_id = s.organization_id AND i.state = 'pending' AND i.expires_at <= :now) AS held

-- name: seat_get :one
-- column: held int
-- param: now time
SELECT s.member_limit, s.used, {held} FROM organization_seat s WHERE s.organization_id = :organization_id;

-- name: seat_lock_{how} :one
-- each: how = waits|tries
-- let: {lock} = waits:FOR UPDATE|tries:FOR UPDATE SKIP LOCKED
SELECT member_limit, used, held FROM organization_seat WHERE organization_id = :organization_id {lock};

-- name: seat_save :exec
UPDATE organization_seat SET used = :used, held = :held WHERE organization_id = :organization_id;

-- name: seat_limit_set :exec
UPDATE organization_seat SET member_limit = :member_limit WHERE organization_id = :organization_id;

-- name: seat_insert :exec
INSERT INTO organization_seat (organization_id, member_limit, used, held) VALUES (:organization_id, :member_limit, 0, 0);

-- name: invitation_expire_lapsed :changed
UPDATE invitation SET state = 'expired', closed_at = :now, remind_at = NULL
 WHERE organization_id = :organization_id AND state = 'pending' AND expires_at <= :now;

-- name: invitation_lapse_one :changed
UPDATE invitation SET state = 'expired', closed_at = :now, remind_at = NULL
 WHERE organization_id = :organization_id AND id = :id AND state = 'pending';
