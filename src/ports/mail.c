/* Handing mails over: SMTP by libcurl (RFC 5321), or files. */
#include "ports/mail.h"
#include "ports/mail_compose.h"

#include "base/log.h"
#include "ports/address.h"
#include "ports/network.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE = 4 * MSEC_MINUTE, CONNECT_PATIENCE = 30 * MSEC_SECOND, IDLE_SECONDS = 60 };

struct mail_transport {
    arena *a;
    const char *folder; /* file: */
    const char *server; /* "smtp://host:port", without the sign-in */
    const char *user, *password;
    str sender_name, sender_address;
    msec patience;
    bool local; /* this machine: TLS is used when offered, its certificate not looked at */
};

/* How far the exchange went, by the last command that was sent. */
typedef enum stage { STAGE_GREETING, STAGE_SENDER, STAGE_RECIPIENT, STAGE_CONTENT } stage;

struct mail_line {
    const mail_transport *transport;
    CURL *curl;
    stage stage;
    bool over;                   /* QUIT was sent */
    bool strange;                /* the server said what is no reply of SMTP's */
    char words[MAIL_REPLY_SIZE]; /* the server's last reply */
    str content;                 /* of the mail under way */
    size_t sent;
    long opened;        /* how many connections the exchange made: none where one was kept */
    atomic_bool broken; /* by mail_line_break */
};

/* ---- opening ---- */

static void curl_once(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
}

static int hex_digit(str s, size_t at)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *hit = at < s.n && s.p[at] ? strchr(digits, s.p[at]) : NULL;
    return !hit ? -1 : hit - digits < 16 ? (int)(hit - digits) : (int)(hit - digits) - 6;
}

/* Percent-decoded, NUL-terminated; NULL when malformed. */
static const char *decoded(arena *a, str s)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int value = (uint8_t)s.p[i];
        if (s.p[i] == '%') {
            int high = hex_digit(s, i + 1), low = hex_digit(s, i + 2);
            if (high < 0 || low < 0)
                return NULL;
            value = high * 16 + low;
            i += 2;
        }
        if (value < ' ' || value == 0x7f)
            return NULL;
        out[n++] = (char)value;
    }
    return out;
}

static const char *parse_server(mail_transport *t, str uri, size_t scheme)
{
    str rest = str_slice(uri, scheme, uri.n);
    while (!str_empty(rest) && rest.p[rest.n - 1] == '/')
        rest.n--;
    size_t at = rest.n;
    while (at > 0 && rest.p[at - 1] != '@')
        at--;
    if (at > 0) {
        str sign_in = str_slice(rest, 0, at - 1), password = sign_in;
        str user = str_cut(&password, ':');
        t->user = decoded(t->a, user);
        t->password = decoded(t->a, password);
        if (!t->user || !t->password)
            return "the user or password of the mail server is not percent-encoded";
        rest = str_slice(rest, at, rest.n);
    }
    bool bracket = !str_empty(rest) && rest.p[0] == '[';
    size_t end = bracket ? str_find_byte(rest, ']') + 1 : str_find_byte(rest, ':');
    str host = str_slice(rest, 0, end), port = str_slice(rest, end, rest.n);
    uint64_t number;
    if (str_empty(host) || end > rest.n || str_has_control(rest) || str_find_byte(rest, '/') < rest.n ||
        str_find_byte(rest, ' ') < rest.n)
        return "the mail server's name is missing or malformed";
    if (!str_empty(port) &&
        (port.p[0] != ':' || !str_to_u64(str_slice(port, 1, port.n), 65535, &number) || number == 0))
        return "the mail server's port is not a number from 1 to 65535";
    t->local = host_is_loopback(host);
    t->server = arena_cstr(t->a, arena_join(t->a, str_slice(uri, 0, scheme), rest));
    return NULL;
}

static const char *parse_uri(mail_transport *t, str uri)
{
    if (str_starts(uri, S("file:"))) {
        t->folder = arena_cstr(t->a, str_slice(uri, 5, uri.n));
        return *t->folder ? NULL : "file: needs a folder";
    }
    if (str_starts(uri, S("smtp://")))
        return parse_server(t, uri, 7);
    if (str_starts(uri, S("smtps://")))
        return parse_server(t, uri, 8);
    return "mail is smtp://…, smtps://… or file:FOLDER";
}

const char *mail_uri_fault(str uri)
{
    ARENA_SCOPED a = arena_new(64 << 10);
    return uri.n > 8 << 10 ? "it is too long" : parse_uri(&(mail_transport){.a = a}, uri);
}

err mail_transport_open(str uri, str sender, msec patience, mail_transport **out, const char **why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_once);
    arena *a = arena_new(64 << 10);
    if (uri.n + sender.n > 8 << 10) {
        *why = "it is too long";
        arena_free(a);
        return ERR_INVALID_REQUEST;
    }
    mail_transport *t = arena_new_of(a, mail_transport);
    t->a = a;
    t->patience = patience ? patience : PATIENCE;
    *why = parse_uri(t, uri);
    if (!*why && (!mail_sender_parse(arena_str(a, sender), &t->sender_name, &t->sender_address) ||
                  !address_wire(a, t->sender_address).p))
        *why = "the sender is not an address";
    if (*why) {
        arena_free(a);
        return ERR_INVALID_REQUEST;
    }
    *out = t;
    return OK;
}

void mail_transport_close(mail_transport *t)
{
    if (t)
        arena_free(t->a);
}

bool mail_transport_keeps(const mail_transport *t)
{
    return t->folder != NULL;
}

/* ---- replies ---- */

void mail_reply(char out[MAIL_REPLY_SIZE], str words)
{
    size_t n = 0;
    words = str_trim(words);
    for (size_t i = 0; i < words.n && n < MAIL_REPLY_SIZE - 1; i++) {
        uint8_t c = (uint8_t)words.p[i];
        size_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        str one = str_slice(words, i, i + size);
        if (one.n == size && str_is_utf8(one) && !str_has_control(one)) {
            if (n + size > MAIL_REPLY_SIZE - 1)
                break;
            memcpy(out + n, one.p, size);
            n += size;
            i += size - 1;
        } else {
            out[n++] = c == '\t' ? ' ' : '?';
        }
    }
    out[n] = '\0';
}

/* RFC 5321, 4.2: three digits, and nothing, a space or a hyphen. */
static bool is_reply(str line)
{
    for (size_t i = 0; i < 3; i++)
        if (i >= line.n || line.p[i] < '0' || line.p[i] > '9')
            return false;
    return line.n == 3 || str_find_byte(S(" -\r\n"), line.p[3]) < 4;
}

/* libcurl takes what is no reply for the beginning of one, and would wait for its end. */
static size_t on_reply(char *data, size_t size, size_t count, void *context)
{
    mail_line *l = context;
    str line = {data, size * count};
    if (l->over) /* the answer to QUIT says nothing about the mail */
        return line.n;
    mail_reply(l->words, line);
    l->strange = !is_reply(line);
    return l->strange ? 0 : line.n;
}

/* libcurl tells nowhere else which command a refusal answers. Nothing of what passes here is kept. */
static int on_debug(CURL *curl, curl_infotype kind, char *data, size_t size, void *context)
{
    mail_line *l = context;
    str line = {data, size};
    (void)curl;
    if (kind != CURLINFO_HEADER_OUT)
        return 0;
    if (str_starts(line, S("MAIL ")))
        l->stage = STAGE_SENDER;
    else if (str_starts(line, S("RCPT ")))
        l->stage = STAGE_RECIPIENT;
    else if (str_starts(line, S("DATA")))
        l->stage = STAGE_CONTENT;
    else if (str_starts(line, S("QUIT")))
        l->over = true;
    return 0;
}

static size_t on_content(char *data, size_t size, size_t count, void *context)
{
    mail_line *l = context;
    size_t left = l->content.n - l->sent, n = size * count < left ? size * count : left;
    memcpy(data, l->content.p + l->sent, n);
    l->sent += n;
    return n;
}

/* ---- SMTP ---- */

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    mail_line *l = context;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&l->broken);
}

void mail_line_break(mail_line *l)
{
    atomic_store(&l->broken, true);
}

void mail_line_mend(mail_line *l)
{
    atomic_store(&l->broken, false);
}

/* A handle has one connection at a time, made with its first mail. */
static void make_handle(mail_line *l)
{
    const mail_transport *t = l->transport;
    CURL *c = l->curl = curl_easy_init();
    if (!c)
        abort();
    curl_easy_setopt(c, CURLOPT_URL, t->server);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(t->local ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, t->local ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, t->local ? 0L : 2L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(t->patience < CONNECT_PATIENCE ? t->patience : CONNECT_PATIENCE));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)t->patience);
    curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)((t->patience + MSEC_SECOND - 1) / MSEC_SECOND));
    curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS);
    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, on_content);
    curl_easy_setopt(c, CURLOPT_READDATA, l);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_reply);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, l);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_reply);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, l);
    curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(c, CURLOPT_DEBUGDATA, l);
    curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, l);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    if (t->user) {
        curl_easy_setopt(c, CURLOPT_USERNAME, t->user);
        curl_easy_setopt(c, CURLOPT_PASSWORD, t->password);
    }
}

mail_line *mail_line_open(const mail_transport *t)
{
    mail_line *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->transport = t;
    if (!t->folder)
        make_handle(l);
    return l;
}

void mail_line_close(mail_line *l)
{
    if (!l)
        return;
    curl_easy_cleanup(l->curl);
    free(l);
}

/*
 * After an exchange that did not end well nothing more is said on its connection: libcurl keeps one that was broken off
 * while the answer to the content was awaited, and would take that answer for one about the next mail. Cut first, since
 * libcurl says QUIT to what is open, and waits.
 */
static void abandon_connection(mail_line *l)
{
    curl_socket_t open = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(l->curl, CURLINFO_ACTIVESOCKET, &open) == CURLE_OK && open != CURL_SOCKET_BAD)
        shutdown(open, SHUT_RDWR);
    curl_easy_cleanup(l->curl);
    make_handle(l);
}

static CURLcode exchange(mail_line *l, const char *from, struct curl_slist *to)
{
    l->stage = STAGE_GREETING;
    l->over = false;
    l->strange = false;
    l->sent = 0;
    l->opened = 0;
    l->words[0] = '\0';
    curl_easy_setopt(l->curl, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(l->curl, CURLOPT_MAIL_RCPT, to);
    CURLcode result = curl_easy_perform(l->curl);
    curl_easy_setopt(l->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_easy_getinfo(l->curl, CURLINFO_NUM_CONNECTS, &l->opened);
    if (result != CURLE_OK)
        abandon_connection(l);
    return result;
}

static delivery judged(const mail_line *l, CURLcode result, char reply[MAIL_REPLY_SIZE])
{
    bool answered = result == CURLE_SEND_ERROR || result == CURLE_WEIRD_SERVER_REPLY || result == CURLE_LOGIN_DENIED ||
                    result == CURLE_USE_SSL_FAILED;
    bool refuses = answered && (l->words[0] == '4' || l->words[0] == '5');
    if (result != CURLE_OK && l->strange) {
        char said[MAIL_REPLY_SIZE + 32];
        snprintf(said, sizeof said, "not a reply of SMTP: %s", l->words);
        mail_reply(reply, str_of(said));
        return DELIVERY_DEFERRED;
    }
    mail_reply(reply, result == CURLE_ABORTED_BY_CALLBACK
                          ? S("broken off: the mail server took too long to answer")
                          : str_of(result == CURLE_OK || refuses ? l->words : curl_easy_strerror(result)));
    if (result == CURLE_OK)
        return DELIVERY_SENT;
    return refuses && l->words[0] == '5' && l->stage >= STAGE_RECIPIENT ? DELIVERY_FAILED : DELIVERY_DEFERRED;
}

/*
 * A kept connection may have died meanwhile: then once more, on a new one, unless the content was already on its way.
 */
static CURLcode exchange_twice(mail_line *l, const char *from, struct curl_slist *to)
{
    CURLcode result = exchange(l, from, to);
    bool broken = result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR || result == CURLE_GOT_NOTHING;
    bool leaving = str_starts(str_of(l->words), S("421"));
    bool stale = l->opened == 0 && l->stage < STAGE_RECIPIENT && (broken || leaving);
    return result != CURLE_OK && stale ? exchange(l, from, to) : result;
}

static delivery send_smtp(mail_line *l, arena *a, const mail_message *m, char reply[MAIL_REPLY_SIZE])
{
    const char *from = arena_cstr(a, address_wire(a, l->transport->sender_address));
    struct curl_slist *to = curl_slist_append(NULL, arena_cstr(a, address_wire(a, m->recipient)));
    if (!to)
        abort();
    delivery outcome = judged(l, exchange_twice(l, from, to), reply);
    curl_slist_free_all(to);
    return outcome;
}

/* ---- files ---- */

static bool write_whole(int fd, str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        s = str_slice(s, (size_t)n, s.n);
    }
    return fsync(fd) == 0;
}

/* "20261121T093000.123Z-ID.eml": sorts by time, and a second try writes the same file. */
static const char *file_name(arena *a, const mail_message *m)
{
    civil c = clock_civil(m->date);
    return arena_printf(a, "%04d%02d%02dT%02d%02d%02d.%03dZ-%.*s.eml", c.year, c.month, c.day, c.hour, c.minute,
                        c.second, (int)(m->date % MSEC_SECOND), STR_FMT(m->id))
        .p;
}

static delivery keep(const mail_line *l, arena *a, const mail_message *m, char reply[MAIL_REPLY_SIZE])
{
    if (mkdir(l->transport->folder, 0700) != 0 && errno != EEXIST) {
        mail_reply(reply, str_of(strerror(errno)));
        return DELIVERY_DEFERRED;
    }
    int folder = open(l->transport->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *name = file_name(a, m), *draft = arena_printf(a, ".%s.part", name).p;
    int fd = folder < 0 ? -1 : openat(folder, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool kept =
        fd >= 0 && write_whole(fd, l->content) && renameat(folder, draft, folder, name) == 0 && fsync(folder) == 0;
    mail_reply(reply, kept ? str_of(name) : str_of(strerror(errno)));
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !kept) /* a piece of a mail takes the room that is wanted */
        unlinkat(folder, draft, 0);
    if (folder >= 0)
        close(folder);
    return kept ? DELIVERY_KEPT : DELIVERY_DEFERRED;
}

delivery mail_send(mail_line *l, const mail_message *m, char reply[MAIL_REPLY_SIZE])
{
    const mail_transport *t = l->transport;
    BUF_SCOPED content = {0};
    ARENA_SCOPED a = arena_new(64 << 10);
    if (mail_compose(m, t->sender_name, t->sender_address, &content) != OK || str_find_byte(m->id, '/') < m->id.n) {
        mail_reply(reply, S("this mail cannot be written: a header or an address is not acceptable"));
        return DELIVERY_FAILED;
    }
    l->content = buf_str(&content);
    return t->folder ? keep(l, a, m, reply) : send_smtp(l, a, m, reply);
}
