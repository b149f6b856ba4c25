/* The picture that stands for an organization. */
#include "domain/organization/logo.h"

#include "domain/shared/audit.h"
#include "ports/token.h"
#include "queries.h"

enum { DIGEST_BYTES = 16 };

err organization_look_get(txn *t, uuid id, organization_look *out)
{
    q_organization_look_row r;
    TRY(q_organization_look(t, &r, .organization_id = id));
    *out = (organization_look){.accent = r.accent, .logo = r.digest};
    return OK;
}

/* The digest of the logo that stands; STR_NONE without one. */
static err standing_logo(txn *t, uuid organization_id, str *digest)
{
    q_organization_logo_digest_row r;
    err e = q_organization_logo_digest(t, &r, .organization_id = organization_id);
    *digest = e == OK ? r.digest : STR_NONE;
    return e == ERR_NOT_FOUND ? OK : e;
}

static err note_change(txn *t, const actor *by, str before, str after)
{
    return audit(t, by, EVENT_ORGANIZATION_UPDATED, .subject_id = by->organization_id,
                 .before = {.logo = audit_given(before)}, .after = {.logo = audit_given(after)});
}

err organization_logo_set(txn *t, const actor *by, str png)
{
    str before;
    token_digest whole = token_hash(png);
    str digest = base64url_encode(t->a, str_slice(token_digest_str(&whole), 0, DIGEST_BYTES));
    TRY(standing_logo(t, by->organization_id, &before));
    if (str_eq(before, digest))
        return OK;
    TRY(q_organization_logo_set(t, .organization_id = by->organization_id, .digest = digest, .png = png));
    return note_change(t, by, before, digest);
}

err organization_logo_remove(txn *t, const actor *by)
{
    int64_t gone;
    str before;
    TRY(standing_logo(t, by->organization_id, &before));
    TRY(q_organization_logo_delete(t, &gone, .organization_id = by->organization_id));
    return gone ? note_change(t, by, before, STR_NONE) : ERR_NOT_FOUND;
}

err organization_logo_get(txn *t, uuid organization_id, str digest, str *png)
{
    q_organization_logo_get_row r;
    TRY(q_organization_logo_get(t, &r, .organization_id = organization_id, .digest = digest));
    *png = r.png;
    return OK;
}

str organization_logo_path(arena *a, uuid organization_id, str digest)
{
    char id[TYPEID_SIZE];
    if (!digest.p)
        return STR_NONE;
    return arena_join(a, S("/logos/"), typeid_format(ID_ORGANIZATION, organization_id, id), S("/"), digest);
}
