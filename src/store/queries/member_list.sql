-- The list of members. No page may cost more because the organization is larger, so there are several ways to the same rows;
-- src/domain/member_list.c chooses. All give and take the same.

-- Walks the sort's own index from the page's mark (:after) to :until, and asks of each row whether it is wanted: for
-- everybody, and for words that many have.
-- name: members_walk_{sort}_{dir} :many
-- as: member_page
-- column: is_secured bool
-- each: sort = joined|family|email; dir = asc|desc
-- let: {than} = asc:>|desc:<
-- let: {upto} = asc:<=|desc:>=
-- let: {beyond} = joined::after_key = :after_key AND m.id {than} :after AND :until_key = :until_key AND m.id {upto} :until|family:(m.family_key, m.id) {than} (:after_key, :after) AND (m.family_key, m.id) {upto} (:until_key, :until)|email:(m.email_key, m.id) {than} (:after_key, :after) AND (m.email_key, m.id) {upto} (:until_key, :until)
-- let: {order} = joined:|family:m.family_key {dir},|email:m.email_key {dir},
-- param: after_key text
-- param: after uuid
-- param: until_key text
-- param: until uuid
-- param: only_role text
-- param: only_state text
-- param: word1 text
-- param: word1_end text
-- param: word2 text
-- param: word2_end text
-- param: word3 text
-- param: word3_end text
-- param: word4 text
-- param: word4_end text
SELECT m.id, m.account_id, a.email, a.given_name, a.family_name, m.role, m.state, m.access_ends_at, m.entitlements, m.group_ids, m.joined_at, m.invited_by_id, m.last_active_at, m.family_key, m.email_key,
       CASE WHEN EXISTS (SELECT 1 FROM account_totp f WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL)
            OR EXISTS (SELECT 1 FROM passkey k WHERE k.account_id = a.id) THEN 1 ELSE 0 END AS is_secured
  FROM membership m JOIN account a ON a.id = m.account_id
 WHERE m.organization_id = :organization_id AND {beyond}
   AND (:only_role = '' OR m.role = :only_role)
   AND (:only_state = '' OR :only_state = CASE WHEN m.access_ends_at <= :now THEN 'suspended' ELSE m.state END)
   AND (:word1 = '' OR EXISTS (SELECT 1 FROM member_word w WHERE w.organization_id = :organization_id AND w.membership_id = m.id
                                  AND w.word >= :word1 AND w.word < :word1_end))
   AND (:word2 = '' OR EXISTS (SELECT 1 FROM member_word w2 WHERE w2.organization_id = :organization_id AND w2.membership_id = m.id
                                  AND w2.word >= :word2 AND w2.word < :word2_end))
   AND (:word3 = '' OR EXISTS (SELECT 1 FROM member_word w3 WHERE w3.organization_id = :organization_id AND w3.membership_id = m.id
                                  AND w3.word >= :word3 AND w3.word < :word3_end))
   AND (:word4 = '' OR EXISTS (SELECT 1 FROM member_word w4 WHERE w4.organization_id = :organization_id AND w4.membership_id = m.id
                                  AND w4.word >= :word4 AND w4.word < :word4_end))
 ORDER BY {order} m.id {dir} LIMIT :limit;

-- Walks the members of one role by the time they joined, in the index of roles: compared as pairs, since SQLite would take an
-- equal role as reason enough to walk through everybody.
-- name: members_ranked_{dir} :many
-- as: member_page
-- column: is_secured bool
-- each: dir = asc|desc
-- let: {than} = asc:>|desc:<
-- let: {upto} = asc:<=|desc:>=
-- param: after_key text
-- param: after uuid
-- param: until_key text
-- param: until uuid
-- param: only_role text
-- param: only_state text
-- param: word1 text
-- param: word1_end text
-- param: word2 text
-- param: word2_end text
-- param: word3 text
-- param: word3_end text
-- param: word4 text
-- param: word4_end text
SELECT m.id, m.account_id, a.email, a.given_name, a.family_name, m.role, m.state, m.access_ends_at, m.entitlements, m.group_ids, m.joined_at, m.invited_by_id, m.last_active_at, m.family_key, m.email_key,
       CASE WHEN EXISTS (SELECT 1 FROM account_totp f WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL)
            OR EXISTS (SELECT 1 FROM passkey k WHERE k.account_id = a.id) THEN 1 ELSE 0 END AS is_secured
  FROM membership m JOIN account a ON a.id = m.account_id
 WHERE m.organization_id = :organization_id AND :after_key = :after_key AND (m.role, m.id) {than} (:only_role, :after)
   AND :until_key = :until_key AND (m.role, m.id) {upto} (:only_role, :until)
   AND (:only_state = '' OR :only_state = CASE WHEN m.access_ends_at <= :now THEN 'suspended' ELSE m.state END)
   AND :word1 = :word1 AND :word1_end = :word1_end AND :word2 = :word2 AND :word2_end = :word2_end
   AND :word3 = :word3 AND :word3_end = :word3_end AND :word4 = :word4 AND :word4_end = :word4_end
 ORDER BY m.role {dir}, m.id {dir} LIMIT :limit;

-- Gathers everybody who has the first word (found) or a role that few have (rare), sorts them and cuts the page before
-- anything is joined. The key is an expression (the same text with nothing after it; nothing at all), because SQLite would
-- walk the index of a bare column through everybody instead.
-- name: members_gather_{source}_{sort}_{dir} :many
-- as: member_page
-- column: is_secured bool
-- each: source = found|rare; sort = joined|family|email|role; dir = asc|desc
-- let: {from} = rare:SELECT r.id FROM membership r WHERE r.organization_id = :organization_id AND r.role = :only_role|found:SELECT w.membership_id FROM member_word w WHERE w.organization_id = :organization_id AND w.word >= :word1 AND w.word < :word1_end
-- let: {than} = asc:>|desc:<
-- let: {key} = joined:substr(m.role, 1, 0)|family:m.family_key || ''|email:m.email_key || ''|role:CASE m.role WHEN 'owner' THEN '1' WHEN 'administrator' THEN '2' ELSE '3' END
-- let: {again} = joined:substr(page.role, 1, 0)|family:page.family_key|email:page.email_key|role:CASE page.role WHEN 'owner' THEN '1' WHEN 'administrator' THEN '2' ELSE '3' END
-- param: after_key text
-- param: after uuid
-- param: until_key text
-- param: until uuid
-- param: only_role text
-- param: only_state text
-- param: word1 text
-- param: word1_end text
-- param: word2 text
-- param: word2_end text
-- param: word3 text
-- param: word3_end text
-- param: word4 text
-- param: word4_end text
SELECT page.id, page.account_id, a.email, a.given_name, a.family_name, page.role, page.state, page.access_ends_at, page.entitlements, page.group_ids, page.joined_at, page.invited_by_id, page.last_active_at, page.family_key, page.email_key,
       CASE WHEN EXISTS (SELECT 1 FROM account_totp f WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL)
            OR EXISTS (SELECT 1 FROM passkey k WHERE k.account_id = a.id) THEN 1 ELSE 0 END AS is_secured
  FROM (SELECT m.id, m.account_id, m.role, m.state, m.access_ends_at, m.entitlements, m.group_ids, m.joined_at, m.invited_by_id, m.last_active_at, m.family_key, m.email_key
          FROM membership m
         WHERE m.organization_id = :organization_id
           AND ({key}, m.id) {than} (:after_key, :after) AND :until_key = :until_key AND :until = :until
           AND (:only_role = '' OR m.role = :only_role)
           AND (:only_state = '' OR :only_state = CASE WHEN m.access_ends_at <= :now THEN 'suspended' ELSE m.state END)
           AND :word1 = :word1 AND :word1_end = :word1_end
           AND (:word2 = '' OR EXISTS (SELECT 1 FROM member_word w2 WHERE w2.organization_id = :organization_id
                                          AND w2.membership_id = m.id AND w2.word >= :word2 AND w2.word < :word2_end))
           AND (:word3 = '' OR EXISTS (SELECT 1 FROM member_word w3 WHERE w3.organization_id = :organization_id
                                          AND w3.membership_id = m.id AND w3.word >= :word3 AND w3.word < :word3_end))
           AND (:word4 = '' OR EXISTS (SELECT 1 FROM member_word w4 WHERE w4.organization_id = :organization_id
                                          AND w4.membership_id = m.id AND w4.word >= :word4 AND w4.word < :word4_end))
           AND m.id IN ({from})
         ORDER BY {key} {dir}, m.id {dir} LIMIT :limit) AS page
  JOIN account a ON a.id = page.account_id
 ORDER BY {again} {dir}, page.id {dir};

-- Where a walk that begins at the page's mark stands after so many rows.
-- name: members_ahead_{sort}_{dir} :one
-- each: sort = joined|family|email; dir = asc|desc
-- let: {than} = asc:>|desc:<
-- let: {beyond} = joined::after_key = :after_key AND m.id {than} :after|family:(m.family_key, m.id) {than} (:after_key, :after)|email:(m.email_key, m.id) {than} (:after_key, :after)
-- let: {order} = joined:|family:m.family_key {dir},|email:m.email_key {dir},
-- param: after_key text
-- param: after uuid
-- param: rows int
SELECT m.id, m.family_key, m.email_key FROM membership m
 WHERE m.organization_id = :organization_id AND {beyond}
 ORDER BY {order} m.id {dir} LIMIT 1 OFFSET :rows;

-- How many rows of the index begin with a word, as far as :limit.
-- name: member_words_count :one
-- param: word text
-- param: word_end text
-- column: total int
SELECT COUNT(*) AS total
  FROM (SELECT w.membership_id FROM member_word w
         WHERE w.organization_id = :organization_id AND w.word >= :word AND w.word < :word_end LIMIT :limit) AS found;

-- name: members_count_{which} :one
-- each: which = role|state
-- let: {only} = role:m.role = :only_role AND (:only_state = '' OR :only_state = CASE WHEN m.access_ends_at <= :now THEN 'suspended' ELSE m.state END)|state::only_role = :only_role AND :only_state = CASE WHEN m.access_ends_at <= :now THEN 'suspended' ELSE m.state END
-- param: only_role text
-- param: only_state text
-- column: total int
SELECT COUNT(*) AS total
  FROM (SELECT m.id FROM membership m WHERE m.organization_id = :organization_id AND {only} LIMIT :limit) AS found;

-- name: members_count_found :one
-- param: only_role text
-- param: only_state text
-- param: word1 text
-- param: word1_end text
-- param: word2 text
-- param: word2_end text
-- param: word3 text
-- param: word3_end text
-- param: word4 text
-- param: word4_end text
-- column: total int
SELECT COUNT(*) AS total
  FROM (SELECT DISTINCT w.membership_id FROM member_word w
         WHERE w.organization_id = :organization_id AND w.word >= :word1 AND w.word < :word1_end
           AND (:word2 = '' OR EXISTS (SELECT 1 FROM member_word w2 WHERE w2.organization_id = :organization_id
                                          AND w2.membership_id = w.membership_id AND w2.word >= :word2 AND w2.word < :word2_end))
           AND (:word3 = '' OR EXISTS (SELECT 1 FROM member_word w3 WHERE w3.organization_id = :organization_id
                                          AND w3.membership_id = w.membership_id AND w3.word >= :word3 AND w3.word < :word3_end))
           AND (:word4 = '' OR EXISTS (SELECT 1 FROM member_word w4 WHERE w4.organization_id = :organization_id
                                          AND w4.membership_id = w.membership_id AND w4.word >= :word4 AND w4.word < :word4_end))
           AND ((:only_role = '' AND :only_state = '')
                OR EXISTS (SELECT 1 FROM membership m WHERE m.organization_id = :organization_id AND m.id = w.membership_id
                              AND (:only_role = '' OR m.role = :only_role) AND (:only_state = '' OR :only_state = CASE WHEN m.access_ends_at <= :now THEN 'suspended' ELSE m.state END)))
         LIMIT :limit) AS found;
