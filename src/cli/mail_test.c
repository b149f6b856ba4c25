/*
 * mail test: one mail through the configured transport, from this process, so that the operator sees the server's
 * words.
 */
#include "base/typeid.h"
#include "commands.h"
#include "cli/table.h"
#include "ports/address.h"
#include "ports/mail.h"

/* One minute: somebody sits and waits. */
enum { PATIENCE = MSEC_MINUTE };

static const struct {
    mail_state state;
    const char *sentence;
} outcomes[] = {
    [DELIVERY_SENT] = {MAIL_STATE_SENT, "cli.mail_test.sent"},
    [DELIVERY_KEPT] = {MAIL_STATE_KEPT, "cli.mail_test.kept"},
    [DELIVERY_DEFERRED] = {MAIL_STATE_DEFERRED, "cli.mail_test.deferred"},
    [DELIVERY_FAILED] = {MAIL_STATE_FAILED, "cli.mail_test.failed"},
};

static delivery send_one(cli *c, const mail_transport *transport, str recipient, char reply[MAIL_REPLY_SIZE])
{
    char id[TYPEID_SIZE];
    msec now = clock_now();
    str text = plain_text(c, "cli.mail_test.text");
    mail_message m = {
        .id = typeid_format(ID_MAIL, uuid_new(now), id),
        .date = now,
        .recipient = recipient,
        .subject = plain_text(c, "cli.mail_test.subject"),
        .language = language_code(c->lang),
        .text = text,
        .html = arena_join(c->a, S("<p>"), text, S("</p>")),
    };
    mail_line *line = mail_line_open(transport);
    delivery result = mail_send(line, &m, reply);
    mail_line_close(line);
    return result;
}

static int report(cli *c, delivery result, str reply)
{
    bool good = result == DELIVERY_SENT || result == DELIVERY_KEPT;
    str sentence = SAID(c, outcomes[result].sentence, {"reply", printable(c->a, reply)}, {"mail", c->settings.mail});
    if (c->json) {
        json_t *out =
            json_pack("{s:s,s:s#}", "state", mail_state_text(outcomes[result].state).p, "reply", reply.p, (int)reply.n);
        json_print(out);
        json_decref(out);
    } else if (good) {
        say(sentence);
    }
    return good ? EXIT_DONE : refuse(EXIT_REFUSED, sentence);
}

int run_mail_test(cli *c)
{
    address to;
    const char *why = "";
    mail_transport *transport = NULL;
    char reply[MAIL_REPLY_SIZE] = "";

    if (!address_parse(c->a, argument(c, 0), &to))
        return refuse(EXIT_USAGE, SAID(c, "cli.mail_test.no_address", {"address", printable(c->a, argument(c, 0))}));
    if (mail_transport_open(c->settings.mail, c->settings.mail_from, PATIENCE, &transport, &why) != OK)
        return refuse(EXIT_REFUSED, SAID(c, "cli.mail_test.transport", {"reason", str_of(why)}));
    delivery result = send_one(c, transport, to.typed, reply);
    mail_transport_close(transport);
    return report(c, result, str_of(reply));
}
