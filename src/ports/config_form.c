/* What single settings ask of their text, by a table; how a URI is taken apart for it. */
#include "ports/config_form.h"

#include "ports/address.h"
#include "ports/mail.h"
#include "ports/mail_compose.h"
#include "ports/network.h"
#include "ports/zone.h"

#include <string.h>
#include <sys/un.h>

/* A socket's address ends with a NUL; the data folder holds sockets, the longest name of which is "/command.sock". */
enum {
    SOCKET_PATH_MOST = sizeof((struct sockaddr_un *)0)->sun_path - 1,
    DATA_MOST = SOCKET_PATH_MOST - (sizeof "/command.sock" - 1),
    MAIL_MOST = 4096 /* with the sender it fits into a transport */
};

/* What stands between "://" and the first of '/', '?', '#'; STR_NONE without "://". */
static str uri_authority(str uri)
{
    size_t at = str_find(uri, S("://"));
    if (at == uri.n)
        return STR_NONE;
    str rest = str_slice(uri, at + 3, uri.n);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#')
        end++;
    return str_slice(rest, 0, end);
}

static size_t last_byte(str s, char c)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == c)
            return i - 1;
    return s.n;
}

str uri_host(str uri)
{
    str authority = uri_authority(uri);
    size_t at = last_byte(authority, '@');
    if (at < authority.n)
        authority = str_slice(authority, at + 1, authority.n);
    if (authority.n && authority.p[0] == '[')
        return str_slice(authority, 1, str_find_byte(authority, ']'));
    return str_slice(authority, 0, str_find_byte(authority, ':'));
}

static bool is_port(str text, bool zero)
{
    uint64_t port;
    return str_to_u64(text, 65535, &port) && (zero || port > 0);
}

static bool is_host_and_port(str s)
{
    size_t colon = last_byte(s, ':');
    str host = str_slice(s, 0, colon);
    if (colon == s.n || colon == 0 || !is_port(str_slice(s, colon + 1, s.n), true))
        return false;
    if (host.p[0] != '[')
        return str_find_byte(host, ':') == host.n && str_find_byte(host, '/') == host.n;
    struct in6_addr six;
    bool is_four;
    str bare = str_slice(host, 1, host.n - 1);
    bare = str_slice(bare, 0, str_find_byte(bare, '%')); /* the zone: which card a local address is on */
    return str_ends(host, S("]")) && network_address(bare, &six, &is_four) && !is_four;
}

static bool is_socket_path(str path)
{
    return path.n > 0 && path.n <= SOCKET_PATH_MOST;
}

static bool form_listen(str s)
{
    return str_starts(s, S("unix:")) ? is_socket_path(str_slice(s, 5, s.n)) : is_host_and_port(s);
}

static bool form_trusted_proxies(str s)
{
    network net;
    return network_parse(s, &net) && (str_empty(net.unix_path) || is_socket_path(net.unix_path));
}

/* An origin: links are made by adding a path to it, so it has none of its own. */
static bool form_public_url(str s)
{
    if (str_empty(s))
        return true;
    if (!str_starts(s, S("http://")) && !str_starts(s, S("https://")))
        return false;
    str authority = uri_authority(s), host = uri_host(s);
    size_t start = (size_t)(authority.p - s.p);
    bool whole = start + authority.n == s.n || (start + authority.n + 1 == s.n && s.p[s.n - 1] == '/');
    if (!whole || str_empty(host) || str_find_byte(authority, '@') < authority.n)
        return false;
    for (size_t i = 0; i < host.n; i++)
        if ((unsigned char)host.p[i] <= ' ' || (unsigned char)host.p[i] > '~' || strchr("<>\"'\\%", host.p[i]))
            return false;
    str port = str_slice(authority, host.n + (str_starts(authority, S("[")) ? 2 : 0), authority.n);
    return port.n == 0 || (str_starts(port, S(":")) && is_port(str_slice(port, 1, port.n), false));
}

/*
 * A password belongs before the @, where it is masked; libpq unescapes names, too, so that one could hide behind a %.
 */
static bool query_has_password(str query)
{
    while (query.p) {
        str value = str_cut(&query, '&'), name = str_cut(&value, '=');
        if (str_find_byte(name, '%') < name.n || str_ends(name, S("password")))
            return true;
    }
    return false;
}

/* A file's path, and none of the forms that other programs put there: they would be names of files of their own. */
static bool is_path(str s)
{
    size_t query = str_find_byte(s, '?');
    str after = str_slice(s, query, s.n);
    bool has_query = str_find_byte(after, '=') < after.n && str_find_byte(after, '/') == after.n;
    bool has_host = str_starts(s, S("//")) && !str_starts(s, S("///"));
    return s.n && s.p[0] != ' ' && !has_query && !has_host && !str_starts(s, S(":")) && !str_starts(s, S("file:"));
}

static bool form_database(str s)
{
    if (str_starts(s, S("sqlite:")))
        return is_path(str_slice(s, S("sqlite:").n, s.n));
    bool postgres = str_starts(s, S("postgresql://")) || str_starts(s, S("postgres://"));
    str query = s;
    str_cut(&query, '?');
    return postgres && !query_has_password(query);
}

static bool form_mail(str s)
{
    return !mail_uri_fault(s);
}

static bool form_mail_from(str s)
{
    ARENA_SCOPED a = arena_new(64 * 1024);
    str name, sender;
    return s.n <= 320 && mail_sender_parse(arena_str(a, s), &name, &sender) && address_wire(a, sender).p;
}

static bool form_given(str s)
{
    return !str_empty(s);
}

static const struct {
    setting_id id;
    bool (*holds)(str value);
    str allowed;
    size_t most; /* bytes; 0: as many as one likes */
} forms[] = {
    {SETTING_LISTEN, form_listen, S_INIT("127.0.0.1:8080, [::1]:8080, unix:/run/parvis.sock")},
    {SETTING_PUBLIC_URL, form_public_url, S_INIT("https://parvis.example.org")},
    {SETTING_DATABASE, form_database,
     S_INIT("sqlite:/var/lib/parvis/parvis.db, postgresql://parvis@db.example/parvis")},
    {SETTING_MAIL, form_mail, S_INIT("smtp://user:password@host:port, smtps://…, file:/var/lib/parvis/mail"),
     MAIL_MOST},
    {SETTING_MAIL_FROM, form_mail_from, S_INIT("Parvis <parvis@example.org>")},
    {SETTING_TIME_ZONE, zone_exists, S_INIT("UTC, Europe/Paris")},
    {SETTING_TRUSTED_PROXIES, form_trusted_proxies, S_INIT("192.0.2.7, 10.0.0.0/8, 2001:db8::/32, unix:")},
    {SETTING_DATA, form_given, S_INIT("/var/lib/parvis"), DATA_MOST},
    {SETTING_KEY_FILE, form_given, S_INIT("/etc/parvis/key")},
};

const char *setting_fault(arena *a, setting_id id, str value, str *allowed)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (forms[i].id != id)
            continue;
        if (forms[i].most && value.n > forms[i].most) {
            *allowed = arena_printf(a, "%zu", forms[i].most);
            return "too_long";
        }
        if (!forms[i].holds(value)) {
            *allowed = forms[i].allowed;
            return "bad_form";
        }
    }
    return NULL;
}

str uri_masked(arena *a, str uri)
{
    size_t start = str_find(uri, S("://"));
    size_t at = last_byte(uri, '@');
    if (start == uri.n || at == uri.n || at < start)
        return uri;
    start += 3;
    str user = str_slice(uri, start, at);
    size_t colon = str_find_byte(user, ':');
    if (colon == user.n)
        return uri;
    return arena_join(a, str_slice(uri, 0, start + colon + 1), S("***"), str_slice(uri, at, uri.n));
}
