/* What a member is found and sorted by: names and address, folded. */
#include "domain/shared/member_index.h"

#include "ports/fold.h"
#include "queries.h"

str member_family_key(arena *a, str given_name, str family_name)
{
    return fold_text(a, arena_join(a, family_name, S("\x1F"), given_name)); /* U+001F sorts before every letter */
}

static err add_words(txn *t, uuid organization_id, uuid membership_id, str text)
{
    str words[FOLD_WORDS_MAX];
    size_t n = fold_words(t->a, fold_text(t->a, text), true, words);
    for (size_t i = 0; i < n; i++)
        TRY(q_member_word_insert(t, .organization_id = organization_id, .word = words[i],
                                 .membership_id = membership_id));
    return OK;
}

err member_index(txn *t, uuid organization_id, uuid membership_id, str given_name, str family_name, str email_key)
{
    str local = str_slice(email_key, 0, str_find_byte(email_key, '@')),
        domain = str_slice(email_key, local.n + 1, email_key.n);
    TRY(q_member_words_delete(t, .organization_id = organization_id, .membership_id = membership_id));
    TRY(add_words(t, organization_id, membership_id, given_name));
    TRY(add_words(t, organization_id, membership_id, family_name));
    TRY(add_words(t, organization_id, membership_id, local));
    TRY(q_member_word_insert(t, .organization_id = organization_id, .word = domain, .membership_id = membership_id));
    return q_member_word_insert(t, .organization_id = organization_id, .word = email_key,
                                .membership_id = membership_id);
}
