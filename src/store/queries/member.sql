-- name: member_insert :changed
INSERT INTO membership (organization_id, id, account_id, role, state, joined_at, invited_by_id, family_key, email_key)
VALUES (:organization_id, :id, :account_id, :role, 'active', :joined_at, :invited_by_id, :family_key, :email_key)
ON CONFLICT (organization_id, account_id) DO NOTHING;

-- name: member_by_id :one
SELECT m.id, m.account_id, a.email, a.given_name, a.family_name, m.role, m.state, m.joined_at, m.invited_by_id
  FROM membership m JOIN account a ON a.id = m.account_id
 WHERE m.organization_id = :organization_id AND m.id = :id;

-- name: member_lock :one
SELECT id, account_id, role, state FROM membership WHERE organization_id = :organization_id AND id = :id FOR NO KEY UPDATE;

-- name: member_of_account :one
SELECT id, role, state FROM membership WHERE organization_id = :organization_id AND account_id = :account_id;

-- name: member_role_set :exec
UPDATE membership SET role = :role WHERE organization_id = :organization_id AND id = :id;

-- name: member_delete :exec
DELETE FROM membership WHERE organization_id = :organization_id AND id = :id;

-- name: member_family_key_set :exec
UPDATE membership SET family_key = :family_key WHERE organization_id = :organization_id AND id = :id;

-- name: member_words_delete :exec
DELETE FROM member_word WHERE organization_id = :organization_id AND membership_id = :membership_id;

-- name: member_word_insert :exec
INSERT INTO member_word (organization_id, word, membership_id) VALUES (:organization_id, :word, :membership_id)
ON CONFLICT (organization_id, word, membership_id) DO NOTHING;

-- The lists: q_members(t, source, sort, dir, &rows, …). Everybody (all) walks the sort's own index; a search (found) or a
-- rare role is found first and then sorted: there the key is an expression (the same text with nothing after it; nothing at
-- all), because SQLite would walk the index of a bare column through everybody instead.
-- name: members_{source}_{sort}_{dir} :many
-- each: source = all|found|rare; sort = joined|family|email|role; dir = asc|desc
-- let: {from} = all:|rare:AND m.id IN (SELECT r.id FROM membership r WHERE r.organization_id = :organization_id AND r.role = :only_role)|found:AND m.id IN (SELECT w.membership_id FROM member_word w WHERE w.organization_id = :organization_id AND w.word >= :word1 AND w.word < :word1_end)
-- let: {than} = asc:>|desc:<
-- let: {own} = all:|*: || ''
-- let: {key} = joined:substr(m.role, 1, 0)|family:m.family_key{own}|email:m.email_key{own}|role:CASE m.role WHEN 'owner' THEN '1' WHEN 'administrator' THEN '2' ELSE '3' END
-- let: {beyond} = joined+all::after_key = :after_key AND m.id {than} :after|*:({key}, m.id) {than} (:after_key, :after)
-- let: {order} = joined+all:|*:{key} {dir},
-- param: after_key text
-- param: after uuid
-- param: only_role text
-- param: only_state text
-- param: word1 text
-- param: word1_end text
-- param: word2 text
-- param: word2_end text
-- param: word3 text
-- param: word3_end text
SELECT m.id, m.account_id, a.email, a.given_name, a.family_name, m.role, m.state, m.joined_at, m.invited_by_id, m.family_key, m.email_key
  FROM membership m JOIN account a ON a.id = m.account_id
 WHERE m.organization_id = :organization_id
   AND {beyond}
   AND (:only_role = '' OR m.role = :only_role)
   AND (:only_state = '' OR m.state = :only_state)
   AND :word1 = :word1 AND :word1_end = :word1_end
   AND (:word2 = '' OR EXISTS (SELECT 1 FROM member_word w2 WHERE w2.organization_id = :organization_id AND w2.membership_id = m.id
                                  AND w2.word >= :word2 AND w2.word < :word2_end))
   AND (:word3 = '' OR EXISTS (SELECT 1 FROM member_word w3 WHERE w3.organization_id = :organization_id AND w3.membership_id = m.id
                                  AND w3.word >= :word3 AND w3.word < :word3_end))
   {from}
 ORDER BY {order} m.id {dir} LIMIT :limit;

-- name: members_count :one
-- param: only_role text
-- param: only_state text
-- param: word1 text
-- param: word1_end text
-- param: word2 text
-- param: word2_end text
-- param: word3 text
-- param: word3_end text
-- column: total int
SELECT COUNT(*) AS total FROM membership m
 WHERE m.organization_id = :organization_id
   AND (:only_role = '' OR m.role = :only_role)
   AND (:only_state = '' OR m.state = :only_state)
   AND (:word1 = '' OR m.id IN (SELECT w.membership_id FROM member_word w
                 WHERE w.organization_id = :organization_id AND w.word >= :word1 AND w.word < :word1_end))
   AND (:word2 = '' OR EXISTS (SELECT 1 FROM member_word w2 WHERE w2.organization_id = :organization_id AND w2.membership_id = m.id
                                  AND w2.word >= :word2 AND w2.word < :word2_end))
   AND (:word3 = '' OR EXISTS (SELECT 1 FROM member_word w3 WHERE w3.organization_id = :organization_id AND w3.membership_id = m.id
                                  AND w3.word >= :word3 AND w3.word < :word3_end));
