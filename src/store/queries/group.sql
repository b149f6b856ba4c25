-- name: group_insert :changed
INSERT INTO member_group (organization_id, id, name, name_key, members, created_at)
VALUES (:organization_id, :id, :name, :name_key, 0, :created_at)
ON CONFLICT (organization_id, name_key) DO NOTHING;

-- name: group_rename :changed
UPDATE member_group SET name = :name, name_key = :name_key
 WHERE organization_id = :organization_id AND id = :id
   AND NOT EXISTS (SELECT 1 FROM member_group g WHERE g.organization_id = :organization_id AND g.name_key = :name_key AND g.id <> :id);

-- name: group_by_id :one
SELECT id, name, members, created_at FROM member_group WHERE organization_id = :organization_id AND id = :id;

-- name: group_page :many
-- param: after_key text
-- param: after uuid
SELECT id, name, name_key, members, created_at FROM member_group
 WHERE organization_id = :organization_id AND (name_key, id) > (:after_key, :after)
 ORDER BY name_key, id LIMIT :limit;

-- name: group_total :one
-- column: total int
SELECT COUNT(*) AS total FROM member_group WHERE organization_id = :organization_id;

-- name: group_members_add :exec
-- param: more int
UPDATE member_group SET members = members + :more WHERE organization_id = :organization_id AND id = :id;

-- Words of groups, one after the other: all of one length, U+001F and a TypeID.
-- name: group_words_insert :exec
-- param: words text
INSERT INTO member_word (organization_id, word, membership_id)
  WITH RECURSIVE piece (word, rest) AS
    (SELECT substr(:words, 1, 31), substr(:words, 32) UNION ALL SELECT substr(rest, 1, 31), substr(rest, 32) FROM piece WHERE rest <> '')
  SELECT :organization_id, word, :membership_id FROM piece WHERE word <> ''
ON CONFLICT (organization_id, word, membership_id) DO NOTHING;

-- name: group_words_delete :exec
-- param: words text
DELETE FROM member_word WHERE organization_id = :organization_id AND membership_id = :membership_id AND word IN
  (WITH RECURSIVE piece (word, rest) AS
    (SELECT substr(:words, 1, 31), substr(:words, 32) UNION ALL SELECT substr(rest, 1, 31), substr(rest, 32) FROM piece WHERE rest <> '')
  SELECT word FROM piece WHERE word <> '');

-- A group that goes: from its members, while its word still tells who they are, then from invitations.
-- name: group_leave_members :exec
-- param: text text
UPDATE membership SET group_ids = replace(group_ids, :text, '')
 WHERE organization_id = :organization_id
   AND id IN (SELECT w.membership_id FROM member_word w WHERE w.organization_id = :organization_id AND w.word = :word);

-- name: group_leave_words :exec
DELETE FROM member_word WHERE organization_id = :organization_id AND word = :word;

-- name: group_leave_invitations :exec
-- param: text text
UPDATE invitation SET group_ids = replace(group_ids, :text, '')
 WHERE organization_id = :organization_id AND group_ids <> replace(group_ids, :text, '');

-- name: group_delete :exec
DELETE FROM member_group WHERE organization_id = :organization_id AND id = :id;

-- name: group_ids :many
SELECT id FROM member_group WHERE organization_id = :organization_id ORDER BY id;
