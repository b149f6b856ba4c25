/* A mail as RFC 5322 and MIME (RFC 2045–2047) write it: multipart/alternative, both parts quoted-printable UTF-8. */
#include "ports/address.h"
#include "ports/mail_compose.h"
#include "ports/mail_unlink.h"
#include "ports/token.h"

#include <stdio.h>

enum {
    WORDS_OF_OURS_MAX = 100, /* an id, languages */
    LINE_MAX_OCTETS = 76,
    WORD_MAX = 39
}; /* 39 bytes are 52 of base64: "Reply-To: " and an encoded word stay under 76 */

static bool is_plain(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] < ' ' || (uint8_t)s.p[i] >= 0x7f)
            return false;
    return str_find(s, S("=?")) == s.n;
}

/* What the program itself puts into a header, in one line. */
static bool is_short_and_plain(str s)
{
    return is_plain(s) && s.n <= WORDS_OF_OURS_MAX;
}

static void add_base64(buf *out, str s)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        uint32_t b = (uint32_t)(uint8_t)s.p[i] << 16;
        b |= left > 1 ? (uint32_t)(uint8_t)s.p[i + 1] << 8 : 0;
        b |= left > 2 ? (uint8_t)s.p[i + 2] : 0;
        buf_byte(out, alphabet[b >> 18]);
        buf_byte(out, alphabet[b >> 12 & 63]);
        buf_byte(out, left > 1 ? alphabet[b >> 6 & 63] : '=');
        buf_byte(out, left > 2 ? alphabet[b & 63] : '=');
    }
}

/* RFC 2047 words, cut between characters, one a line. */
static void add_encoded(buf *out, str s)
{
    for (size_t at = 0; at < s.n;) {
        size_t end = at;
        while (end < s.n) {
            size_t next = end;
            str_next_codepoint(s, &next);
            if (next - at > WORD_MAX)
                break;
            end = next;
        }
        if (at > 0)
            buf_lit(out, "\r\n ");
        buf_lit(out, "=?UTF-8?B?");
        add_base64(out, str_slice(s, at, end));
        buf_lit(out, "?=");
        at = end;
    }
}

/* Unstructured text: a subject. */
static void add_text(buf *out, str s)
{
    if (is_plain(s) && s.n <= 900) /* RFC 5322, 2.1.1: 998 octets a line */
        buf_add(out, s);
    else
        add_encoded(out, s);
}

/* A display name: quoted, or encoded; a phrase may not hold bare specials. */
static void add_phrase(buf *out, str name)
{
    if (!is_plain(name) || name.n > 200) {
        add_encoded(out, name);
        return;
    }
    buf_byte(out, '"');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"' || name.p[i] == '\\')
            buf_byte(out, '\\');
        buf_byte(out, name.p[i]);
    }
    buf_byte(out, '"');
}

static void add_mailbox(buf *out, str header, str name, str address)
{
    buf_add(out, header);
    buf_lit(out, ": ");
    if (!str_empty(name)) {
        add_phrase(out, name);
        buf_lit(out, "\r\n ");
    }
    buf_printf(out, "<%.*s>\r\n", STR_FMT(address));
}

static void add_date(buf *out, msec when)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    civil c = clock_civil(when);
    buf_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[c.weekday], c.day, months[c.month - 1], c.year,
               c.hour, c.minute, c.second);
}

/* RFC 2045, 6.7. Lines end in CRLF; a dot at the beginning of a line is the transport's to double. */
static void add_quoted_printable(buf *out, str s)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t column = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        if (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
            continue;
        if (c == '\n') {
            buf_lit(out, "\r\n");
            column = 0;
            continue;
        }
        bool line_ends = i + 1 == s.n || s.p[i + 1] == '\n' || s.p[i + 1] == '\r';
        bool literal = (c > ' ' && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !line_ends);
        size_t width = literal ? 1 : 3;
        if (column + width > LINE_MAX_OCTETS - 1) {
            buf_lit(out, "=\r\n");
            column = 0;
        }
        if (literal) {
            buf_byte(out, (char)c);
        } else {
            buf_byte(out, '=');
            buf_byte(out, hex[c >> 4]);
            buf_byte(out, hex[c & 15]);
        }
        column += width;
    }
}

static void add_part(buf *out, str boundary, str type, str content)
{
    buf_printf(out,
               "--%.*s\r\nContent-Type: %.*s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
               STR_FMT(boundary), STR_FMT(type));
    add_quoted_printable(out, content);
    buf_lit(out, "\r\n"); /* belongs to the boundary that follows */
}

bool mail_sender_parse(str sender, str *name, str *address)
{
    sender = str_trim(sender);
    size_t open = str_find_byte(sender, '<');
    if (open == sender.n) {
        *name = STR_NONE;
        *address = sender;
    } else {
        if (sender.p[sender.n - 1] != '>')
            return false;
        *name = str_trim(str_slice(sender, 0, open));
        *address = str_trim(str_slice(sender, open + 1, sender.n - 1));
        if (name->n >= 2 && name->p[0] == '"' && name->p[name->n - 1] == '"')
            *name = str_slice(*name, 1, name->n - 1);
    }
    return str_find_byte(*address, '@') < address->n;
}

err mail_compose(const mail_message *m, str sender_name, str sender_address, buf *out)
{
    const str headers[] = {m->id,      m->recipient, m->sender_name, m->reply_name, m->reply_address,
                           m->subject, m->language,  sender_name,    sender_address};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (!mail_header_is_safe(headers[i])) /* refused, not repaired */
            return ERR_INVALID_REQUEST;
    ARENA_SCOPED a = arena_new(64 << 10);
    str from = address_wire(a, sender_address), to = address_wire(a, m->recipient);
    str reply = m->reply_address.p ? address_wire(a, m->reply_address) : STR_NONE;
    if (!from.p || !to.p || (m->reply_address.p && !reply.p) || !is_short_and_plain(m->id) ||
        !is_short_and_plain(m->language))
        return ERR_INVALID_REQUEST;

    token_digest digest =
        token_hash(m->id); /* the same boundary on every try, and never a line of quoted-printable: "=_" */
    str boundary = arena_join(a, S("=_"), base64url_encode(a, str_slice(token_digest_str(&digest), 0, 18)));
    BUF_SCOPED shown = {0}, answers = {0};
    mail_unlink(&shown, m->sender_name);
    mail_unlink(&answers, m->reply_name);
    add_mailbox(out, S("From"), m->sender_name.p ? buf_str(&shown) : sender_name, from);
    if (reply.p)
        add_mailbox(out, S("Reply-To"), buf_str(&answers), reply);
    add_mailbox(out, S("To"), STR_NONE, to);
    buf_lit(out, "Subject: ");
    add_text(out, m->subject);
    buf_lit(out, "\r\n");
    add_date(out, m->date);
    buf_printf(out, "Message-ID: <%.*s@%.*s>\r\n", STR_FMT(m->id),
               STR_FMT(str_slice(from, str_find_byte(from, '@') + 1, from.n)));
    buf_lit(out, "Auto-Submitted: auto-generated\r\n");
    if (!str_empty(m->language))
        buf_printf(out, "Content-Language: %.*s\r\n", STR_FMT(m->language));
    buf_printf(out, "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"%.*s\"\r\n\r\n",
               STR_FMT(boundary));
    add_part(out, boundary, S("text/plain"), m->text);
    add_part(out, boundary, S("text/html"), m->html);
    buf_printf(out, "--%.*s--\r\n", STR_FMT(boundary));
    return OK;
}
