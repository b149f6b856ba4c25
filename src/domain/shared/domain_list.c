/* Lists of mail domains. */
#include "domain/shared/domain_list.h"
#include "ports/address.h"

static bool list_takes(str list, str domain)
{
    while (list.n) {
        str entry = str_cut(&list, ' ');
        if (str_eq(entry, domain))
            return true;
        str below = str_slice(entry, 1, entry.n); /* ".example.org" */
        if (entry.p[0] == '*' && domain.n > below.n && str_eq(str_slice(domain, domain.n - below.n, domain.n), below))
            return true;
    }
    return false;
}

bool organization_takes_domain(str allowed, str refused, str email_key)
{
    str domain = str_slice(email_key, str_find_byte(email_key, '@') + 1, email_key.n);
    return !list_takes(refused, domain) && (!allowed.n || list_takes(allowed, domain));
}
