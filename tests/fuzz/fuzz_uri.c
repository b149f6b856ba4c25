/*
 * Addresses of mail servers with a password in them: taken or refused with a reason, and never shown whole. Any bytes
 * as the words of a mail server: one line of UTF-8.
 */
#include "ports/config.h"
#include "ports/mail.h"

#include <stdlib.h>

static str percent_encoded(arena *a, str text)
{
    BUF_SCOPED out = {0};
    for (size_t i = 0; i < text.n; i++)
        buf_printf(&out, "%%%02x", (uint8_t)text.p[i]);
    return arena_str(a, buf_str(&out));
}

static bool opens(str uri, str sender)
{
    mail_transport *t = NULL;
    const char *why = NULL;
    err e = mail_transport_open(uri, sender, 0, &t, &why);
    if ((e == OK) != (t != NULL) || (e == OK) != (why == NULL))
        abort();
    mail_transport_close(t);
    return e == OK;
}

static void check_mask(arena *a, str uri)
{
    settings s = {.mail = uri, .database = uri};
    str shown = S("smtp://olive:***@mail.example.org:25");
    if (!str_eq(setting_text(a, &s, SETTING_MAIL), shown) || !str_eq(setting_text(a, &s, SETTING_DATABASE), shown))
        abort();
}

static void check_reply(str text)
{
    char out[MAIL_REPLY_SIZE];
    mail_reply(out, text);
    str said = str_of(out);
    if (said.n >= MAIL_REPLY_SIZE || !str_is_utf8(said) || str_has_control(said))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 2048)
        return 0;
    ARENA_SCOPED a = arena_new(1 << 20);
    str text = {(const char *)data, size}, sender = text, uri = str_cut(&sender, '\n');
    opens(uri, sender.p ? sender : S("Parvis <parvis@example.org>"));
    bool plain = true;
    for (size_t i = 0; i < size; i++)
        plain = plain && data[i] >= ' ' && data[i] != 0x7f;
    str host = S("@mail.example.org:25"), start = S("smtp://olive:");
    if (opens(arena_join(a, start, percent_encoded(a, text), host), S("parvis@example.org")) != plain)
        abort();
    check_mask(a, arena_join(a, start, text, host));
    check_reply(text);
    return 0;
}
