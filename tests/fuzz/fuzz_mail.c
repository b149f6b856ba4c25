/*
 * Any bytes as the parts of a mail, 0xFF between them: refused, or one whose headers are the ones that were meant, in
 * lines that every mail server takes, and whose two parts decode to what was given.
 */
#include "ports/mail.h"
#include "ports/mail_compose.h"
#include "ports/mail_unlink.h"

#include <stdlib.h>

enum { LINE_LIMIT = 998 }; /* RFC 5322, 2.1.1 */

static str next(str *rest)
{
    str piece = rest->p ? str_cut(rest, (char)0xFF) : S("");
    return piece.p ? piece : S("");
}

/* Each header once, and nothing but what continues one. */
static void check_headers(str head)
{
    static const str names[] = {
        S_INIT("From: "),         S_INIT("Reply-To: "),        S_INIT("To: "),           S_INIT("Subject: "),
        S_INIT("Date: "),         S_INIT("Message-ID: "),      S_INIT("MIME-Version: "), S_INIT("Auto-Submitted: "),
        S_INIT("Content-Type: "), S_INIT("Content-Language: ")};
    size_t seen[sizeof names / sizeof *names] = {0}, known = 0, lines = 0;
    while (head.n) {
        str line = str_cut(&head, '\n');
        if (line.n && line.p[0] == ' ')
            continue;
        lines++;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (str_starts(line, names[i]) && ++known && seen[i]++)
                abort();
    }
    if (known != lines || !seen[0] || !seen[2] || !seen[3])
        abort();
}

static void check_lines(str mail)
{
    size_t start = 0;
    for (size_t i = 0; i < mail.n; i++) {
        uint8_t c = (uint8_t)mail.p[i];
        bool ends = c == '\r' && i + 1 < mail.n && mail.p[i + 1] == '\n';
        if (c == 0 || c >= 0x7f || (c == '\r' && !ends) || (c == '\n' && (i == 0 || mail.p[i - 1] != '\r')))
            abort();
        if (c == '\n')
            start = i + 1;
        else if (i - start > LINE_LIMIT)
            abort();
    }
}

static uint8_t digit(char c)
{
    return (uint8_t)(c >= 'A' ? c - 'A' + 10 : c - '0');
}

/* RFC 2045, 6.7 */
static void decode(str from, buf *out)
{
    for (size_t i = 0; i < from.n; i++) {
        if (from.p[i] != '=') {
            buf_byte(out, from.p[i]);
        } else if (i + 2 < from.n && from.p[i + 1] == '\r') {
            i += 2;
        } else if (i + 2 < from.n) {
            buf_byte(out, (char)(digit(from.p[i + 1]) << 4 | digit(from.p[i + 2])));
            i += 2;
        } else {
            abort();
        }
    }
}

static void with_line_ends(str from, buf *out)
{
    for (size_t i = 0; i < from.n; i++) {
        if (from.p[i] == '\n' && (i == 0 || from.p[i - 1] != '\r'))
            buf_byte(out, '\r');
        buf_byte(out, from.p[i]);
    }
}

/* The part of this type, decoded, is the text that was given. */
static void check_part(str mail, str type, str given)
{
    BUF_SCOPED read = {0};
    BUF_SCOPED wanted = {0};
    size_t at = str_find(mail, type);
    str part = str_slice(mail, at + type.n, mail.n);
    size_t head = str_find(part, S("\r\n\r\n"));
    part = str_slice(part, head + 4, part.n);
    size_t end = str_find(part, S("\r\n--=_"));
    if (at == mail.n || end == part.n)
        abort();
    decode(str_slice(part, 0, end), &read);
    with_line_ends(given, &wanted);
    if (!str_eq(buf_str(&read), buf_str(&wanted)))
        abort();
}

/*
 * A name stays itself but for word joiners, none of which breaks a header, and no dot of it stands between two words.
 */
static void check_unlinked(str name)
{
    BUF_SCOPED once = {0}, twice = {0};
    mail_unlink(&once, name);
    mail_unlink(&twice, buf_str(&once));
    if (!str_eq(buf_str(&once), buf_str(&twice)) || once.n < name.n)
        abort();
    if (str_is_utf8(name) && !str_has_control(name) && !mail_header_is_safe(buf_str(&once)))
        abort();
    for (size_t i = 1; i + 1 < once.n; i++)
        if (once.p[i] == '.' && (uint8_t)once.p[i - 1] > ' ' && (uint8_t)once.p[i + 1] > ' ' &&
            !str_starts(str_slice(buf_str(&once), i + 1, once.n), S("\u2060")))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 14)
        return 0;
    BUF_SCOPED out = {0};
    str rest = {(const char *)data, size}, sender_name, sender;
    mail_message m = {.id = S("mai_01h455vb4pex5vsknk084sn02q"), .date = 1764149400123};
    m.recipient = next(&rest);
    m.reply_name = next(&rest);
    m.reply_address = next(&rest);
    m.subject = next(&rest);
    m.language = next(&rest);
    m.text = next(&rest);
    m.html = next(&rest);
    if (!m.reply_address.n)
        m.reply_address = STR_NONE;
    if (!mail_sender_parse(next(&rest), &sender_name, &sender)) {
        sender_name = STR_NONE;
        sender = S("parvis@example.org");
    }
    check_unlinked(m.reply_name);
    if (mail_compose(&m, sender_name, sender, &out) != OK)
        return 0;
    str mail = buf_str(&out);
    check_lines(mail);
    size_t head = str_find(mail, S("\r\n\r\n")) + 2;
    str body = str_slice(mail, head, mail.n);
    check_headers(str_slice(mail, 0, head));
    check_part(body, S("Content-Type: text/plain; charset=utf-8"), m.text);
    check_part(body, S("Content-Type: text/html; charset=utf-8"), m.html);
    return 0;
}
