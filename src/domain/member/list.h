/* Members as a list: searched, filtered, sorted, paged. */
#ifndef PARVIS_DOMAIN_MEMBER_LIST_H
#define PARVIS_DOMAIN_MEMBER_LIST_H

#include "domain/member/member.h"

typedef struct member_filter {
    str q;           /* beginnings of words of names and address, accents and case folded; up to 3 words */
    str role, state; /* STR_NONE: any */
    str group;       /* a TypeID; STR_NONE: any */
    str sort;        /* joined_at, family_name, email, role, with '-' in front for descending; STR_NONE: -joined_at */
} member_filter;
/** ERR_NOT_FOUND when there is no such group. */
err member_list(txn *t, uuid organization_id, const member_filter *f, page *p, member_view **out, size_t *count);

#endif
