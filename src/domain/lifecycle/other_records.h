/* What the record says of one account, and names another by an address: of those that parted. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_OTHER_RECORDS_H
#define PARVIS_DOMAIN_LIFECYCLE_OTHER_RECORDS_H

#include "domain/lifecycle/email_share.h"

/**
 * Notes where the record of the account names the heir, since their first address asked for it: by the address they
 * have, or by one whose link followed them, however it was typed. What was noted for the account of these addresses is
 * the heir's.
 */
err other_records_note(txn *t, const email_share *s, uuid heir);
/** Takes the addresses of an account that closes from where they were noted; the rest stays. */
err other_records_blank(txn *t, uuid account_id);

#endif
