/* Links of invitations to hand over, beside the mailed ones. */
#ifndef PARVIS_DOMAIN_INVITATION_LINK_H
#define PARVIS_DOMAIN_INVITATION_LINK_H

#include "domain/shared/actor.h"

typedef struct invitation_link_view {
    str email, url, code; /* code as shown, in two fives */
} invitation_link_view;
/** A link beside the mailed one, to hand over; an earlier copied link dies. Shown once. */
err invitation_link_make(txn *t, const actor *by, uuid id, invitation_link_view *out);
/** Links for all of a batch who have not answered. */
err batch_links(txn *t, const actor *by, uuid batch_id, invitation_link_view **out, size_t *count);
/**
 * The links as CSV (RFC 4180): address, link, code; cells that a spreadsheet would take for a formula begin with a
 * quote.
 */
str links_csv(arena *a, const invitation_link_view *links, size_t count);

#endif
