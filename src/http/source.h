/* Where a request comes from: the peer, or what a trusted proxy says. */
#ifndef PARVIS_HTTP_SOURCE_H
#define PARVIS_HTTP_SOURCE_H

#include "http/gate.h"

#include <netinet/in.h>

/** The other end of a connection. IPv4 is held as IPv4-mapped IPv6. */
typedef struct peer {
    str unix_path; /* of our listener, when it is a Unix socket; else STR_NONE */
    struct in6_addr address;
} peer;

/** From an accepted socket's address; false for families that are neither IP nor Unix. */
bool peer_of(const struct sockaddr *sa, peer *out);

typedef struct proxies proxies;

/**
 * Reads `trusted_proxies`: addresses, networks ("10.0.0.0/8"), "unix:" (any) or "unix:PATH". NULL when one is
 * malformed.
 */
const proxies *proxies_parse(arena *a, const str *items, size_t count);

/** True for a peer that trusted_proxies names. */
bool proxies_trust(const proxies *trusted, const peer *p);

/**
 * The client's address as text, in the arena; STR_NONE for a Unix socket's own clients. From a trusted peer, the
 * rightmost address of X-Forwarded-For (or, where that names none, Forwarded: RFC 7239) that is no trusted proxy. Empty
 * elements are none (RFC 9110, 5.6.1); a header with anything malformed up to there is ignored as a whole.
 */
str source_find(const proxies *trusted, const peer *from, const request_head *head, arena *a);

#endif
