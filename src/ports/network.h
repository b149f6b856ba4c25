/* Addresses and networks as the settings and forwarding headers write them. IPv4 is held as IPv4-mapped IPv6. */
#ifndef PARVIS_PORTS_NETWORK_H
#define PARVIS_PORTS_NETWORK_H

#include "base/str.h"

#include <netinet/in.h>

/** Who may be trusted: a network, or the other end of a Unix socket of ours. */
typedef struct network {
    str unix_path; /* "" for any Unix listener; STR_NONE for a network */
    struct in6_addr address;
    unsigned bits;
} network;

/** An IPv4 address as IPv6 writes it. */
struct in6_addr network_mapped(struct in_addr four);
/** "1.2.3.4" or "2001:db8::1", nothing around; *is_four says which. False for anything else. */
bool network_address(str text, struct in6_addr *out, bool *is_four);
/** An address, a network ("10.0.0.0/8"), "unix:" (any) or "unix:PATH". Borrows from `text`. False for anything else. */
bool network_parse(str text, network *out);
/** True for an address of that network. */
bool network_holds(const network *net, const struct in6_addr *address);
/** True for localhost, 127.0.0.0/8 and ::1, with or without brackets. */
bool host_is_loopback(str host);

#endif
