/* Mails to a real server (aiosmtpd, started here), and to files. */
#include "ports/mail.h"
#include "ports/mail_compose.h"
#include "ports/mail_unlink.h"
#include "mail_server.h"

#include <dirent.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

typedef struct server {
    mail_server process;
    mail_transport *transport;
    mail_line *line;
    int mails;
} server;

static void start_server_at(server *s, const char *mode, const char *sign_in, const char *host)
{
    char uri[128];
    const char *why = NULL;
    *s = (server){0};
    mail_server_start(&s->process, mode);
    snprintf(uri, sizeof uri, "smtp://%s%s:%d", sign_in, host, s->process.port);
    assert_int_equal(mail_transport_open(str_of(uri), S("Parvis <parvis@example.org>"), 2000, &s->transport, &why), OK);
    s->line = mail_line_open(s->transport);
}

static void start_server(server *s, const char *mode, const char *sign_in)
{
    start_server_at(s, mode, sign_in, "127.0.0.1");
}

static void stop_server(server *s)
{
    mail_line_close(s->line);
    mail_transport_close(s->transport);
    mail_server_stop(&s->process);
}

static mail_message message_to(const char *recipient)
{
    return (mail_message){.id = S("mai_01h455vb4pex5vsknk084sn02q"),
                          .date = 1795253400123,
                          .recipient = str_of(recipient),
                          .sender_name = S("Olive « OM » Martin, par Parvis"),
                          .reply_name = S("Olive \"O\" Martin"),
                          .reply_address = S("olive@example.org"),
                          .subject = S("Olive Martin vous invite à rejoindre l’Association des amis de la très longue "
                                       "dénomination de Ploumanac’h"),
                          .language = S("fr"),
                          .text = S("Bonjour,\n\nOlive vous invite.\n.\n.seul = point\nfin de ligne \nÀ bientôt — une "
                                    "ligne qui n’en finit pas, et qui n’en finit vraiment pas, vraiment.\n"),
                          .html = S("<p style=\"x\">Bonjour &amp; bienvenue — été</p>")};
}

static delivery sent_to(server *s, const char *recipient, char reply[MAIL_REPLY_SIZE])
{
    mail_message m = message_to(recipient);
    return mail_send(s->line, &m, reply);
}

static json_t *received(server *s)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%d.json", s->process.folder, ++s->mails);
    json_error_t error;
    json_t *mail = json_load_file(path, 0, &error);
    assert_non_null(mail);
    return mail;
}

static const char *text_of(const json_t *mail, const char *key)
{
    const json_t *headers = json_object_get(mail, "headers"), *v = json_object_get(headers, key);
    return json_string_value(v ? v : json_object_get(mail, key));
}

static void test_whole_mail(void **state)
{
    server s;
    char reply[MAIL_REPLY_SIZE];
    (void)state;
    start_server(&s, "plain", "");
    assert_int_equal(sent_to(&s,
                             "Zoe@B\xc3\xbc"
                             "cher.example",
                             reply),
                     DELIVERY_SENT);
    assert_string_equal(reply, "250 2.0.0 Kept as number 7");
    json_t *m = received(&s);
    mail_message want = message_to("");
    assert_string_equal(text_of(m, "from"), "parvis@example.org");
    assert_string_equal(text_of(m, "to"), "Zoe@xn--bcher-kva.example");
    assert_string_equal(text_of(m, "Subject"), want.subject.p);
    assert_string_equal(text_of(m, "From"), "\"Olive « OM » Martin, par Parvis\" <parvis@example.org>");
    assert_string_equal(text_of(m, "Reply-To"), "\"Olive \\\"O\\\" Martin\" <olive@example.org>");
    assert_string_equal(text_of(m, "Message-ID"), "<mai_01h455vb4pex5vsknk084sn02q@example.org>");
    assert_string_equal(text_of(m, "Date"), "Sat, 21 Nov 2026 09:30:00 +0000");
    assert_string_equal(text_of(m, "Auto-Submitted"), "auto-generated");
    assert_string_equal(text_of(m, "Content-Language"), "fr");
    assert_string_equal(text_of(m, "text"), want.text.p);
    assert_true(str_starts(str_of(text_of(m, "html")), want.html));
    assert_int_equal(json_array_size(json_object_get(m, "defects")), 0);
    assert_true(json_integer_value(json_object_get(m, "longest")) <= 78);
    assert_true(json_is_false(json_object_get(m, "bare")));
    json_decref(m);
    for (int i = 0; i < 20; i++) /* one connection serves them all */
        assert_int_equal(sent_to(&s, "ann@example.org", reply), DELIVERY_SENT);
    s.mails = 20;
    m = received(&s);
    assert_int_equal(json_integer_value(json_object_get(m, "connection")), 1);
    json_decref(m);
    stop_server(&s);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *recipient, *reply;
        delivery outcome;
    } cases[] = {
        {"unknown@example.org", "550 5.1.1 No such person here", DELIVERY_FAILED},
        {"busy@example.org", "450 4.2.0 Come back later", DELIVERY_DEFERRED},
        {"closing@example.org", "421 4.3.2 Shutting down", DELIVERY_DEFERRED},
        {"late@example.org", "554 5.7.1 Not with these words", DELIVERY_FAILED},
        {"later@example.org", "451 4.3.0 Disk full", DELIVERY_DEFERRED},
        {"long@example.org", "250 éé", DELIVERY_SENT},
        {"cut@example.org", "", DELIVERY_DEFERRED},
        {"slow@example.org", "", DELIVERY_DEFERRED},
        {"not an address", "this mail cannot be written", DELIVERY_FAILED},
    };
    server s;
    (void)state;
    start_server(&s, "plain", "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char reply[MAIL_REPLY_SIZE];
        msec start = clock_monotonic();
        delivery outcome = sent_to(&s, cases[i].recipient, reply);
        if (outcome != cases[i].outcome || !str_starts(str_of(reply), str_of(cases[i].reply)) || !reply[0])
            fail_msg("%s: outcome %d, reply \"%s\"", cases[i].recipient, outcome, reply);
        assert_true(str_is_utf8(str_of(reply)) && !str_has_control(str_of(reply)));
        assert_true(clock_monotonic() - start < 4000);
        assert_int_equal(sent_to(&s, "ann@example.org", reply), DELIVERY_SENT); /* and the line is still good */
    }
    kill(s.process.pid, SIGKILL);
    waitpid(s.process.pid, NULL, 0);
    char reply[MAIL_REPLY_SIZE];
    assert_int_equal(sent_to(&s, "ann@example.org", reply), DELIVERY_DEFERRED);
    assert_true(reply[0] != '\0');
    stop_server(&s);
}

static void *break_soon(void *line)
{
    usleep(300000);
    mail_line_break(line);
    return NULL;
}

/* The answer to what was broken off comes after a second: it is not taken for one about the next mail. */
static void test_after_one_that_was_broken_off(void **state)
{
    server s;
    char reply[MAIL_REPLY_SIZE];
    pthread_t other;
    (void)state;
    start_server(&s, "plain", "");
    assert_int_equal(pthread_create(&other, NULL, break_soon, s.line), 0);
    assert_int_equal(sent_to(&s, "tardy@example.org", reply), DELIVERY_DEFERRED);
    assert_true(str_starts(str_of(reply), S("broken off")));
    assert_int_equal(pthread_join(other, NULL), 0);
    mail_line_mend(s.line);
    assert_int_equal(sent_to(&s, "ann@example.org", reply), DELIVERY_SENT);
    stop_server(&s);
}

static void test_tls_and_sign_in(void **state)
{
    server s;
    char reply[MAIL_REPLY_SIZE];
    (void)state;
    start_server(&s, "starttls", "");
    assert_int_equal(sent_to(&s, "ann@example.org", reply), DELIVERY_SENT);
    json_t *m = received(&s);
    assert_true(json_is_true(json_object_get(m, "tls")));
    json_decref(m);
    stop_server(&s);

    start_server(&s, "auth", "parvis%40mail:p%3As%2Fs%20%25@");
    assert_int_equal(sent_to(&s, "ann@example.org", reply), DELIVERY_SENT);
    m = received(&s);
    assert_string_equal(text_of(m, "user"), "parvis@mail");
    json_decref(m);
    stop_server(&s);

    start_server(&s, "auth", "parvis:wrong@");
    assert_int_equal(sent_to(&s, "ann@example.org", reply), DELIVERY_DEFERRED);
    assert_true(str_starts(str_of(reply), S("535")));
    assert_true(str_find(str_of(reply), S("wrong")) == strlen(reply));
    stop_server(&s);
}

/* A name that is not this machine's (RFC 6761 lets any name under .localhost lead here): TLS or nothing. */
static void test_tls_is_required(void **state)
{
    static const char *const modes[] = {"plain", "starttls"}; /* none offered; a certificate that nobody signed */
    (void)state;
    for (int i = 0; i < 2; i++) {
        server s;
        char reply[MAIL_REPLY_SIZE], path[128];
        start_server_at(&s, modes[i], "", "mail.localhost");
        assert_int_equal(sent_to(&s, "ann@example.org", reply), DELIVERY_DEFERRED);
        assert_true(str_find(str_of(reply), i == 0 ? S("SSL level") : S("certificate")) < strlen(reply));
        snprintf(path, sizeof path, "%s/1.json", s.process.folder);
        assert_int_not_equal(access(path, F_OK), 0);
        stop_server(&s);
    }
}

static void test_files(void **state)
{
    char folder[] = "/tmp/parvis-kept-XXXXXX", uri[64], path[600], reply[MAIL_REPLY_SIZE];
    const char *why = NULL;
    mail_transport *t = NULL;
    struct stat about;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(uri, sizeof uri, "file:%s/mail", folder);
    assert_int_equal(mail_transport_open(str_of(uri), S("parvis@localhost"), 0, &t, &why), OK);
    assert_true(mail_transport_keeps(t));
    mail_line *l = mail_line_open(t);
    mail_message m = message_to("ann@example.org");
    for (int i = 0; i < 2; i++) { /* a second try makes no second file */
        assert_int_equal(mail_send(l, &m, reply), DELIVERY_KEPT);
        assert_string_equal(reply, "20261121T093000.123Z-mai_01h455vb4pex5vsknk084sn02q.eml");
    }
    snprintf(path, sizeof path, "%s/mail/%s", folder, reply);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    int files = 0;
    snprintf(path, sizeof path, "%s/mail", folder);
    DIR *d = opendir(path);
    for (struct dirent *e; (e = readdir(d));)
        files += e->d_name[0] != '.';
    closedir(d);
    assert_int_equal(files, 1);
    snprintf(path, sizeof path, "rm -rf %s && : > %s", folder,
             folder); /* a file where the folder was: no space, no right … */
    assert_int_equal(system(path), 0);
    assert_int_equal(mail_send(l, &m, reply), DELIVERY_DEFERRED);
    unlink(folder);
    mail_line_close(l);
    mail_transport_close(t);
}

static void test_names_that_are_no_links(void **state)
{
    static const struct {
        const char *given, *sent;
    } cases[] = {
        {"Bonjour.Je viens", "Bonjour.\u2060Je viens"},
        {"Fin. Voilà.", "Fin. Voilà."},
        {"evil.example", "evil.\u2060example"},
        {"J.R.R. Martin", "J.\u2060R.\u2060R. Martin"},
        {"http://evil", "http:\u2060/\u2060/\u2060evil"},
        {"a@b.c", "a@\u2060b.\u2060c"},
        {"evil\u3002example", "evil\u3002\u2060example"},
        {"evil\uFF0Eexample", "evil\uFF0E\u2060example"},
        {"\\\\srv\\x", "\\\\\u2060srv\\\u2060x"},
        {"1 : 2 / 3", "1 : 2 / 3"},
        {".", "."},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_SCOPED once = {0}, twice = {0};
        mail_unlink(&once, str_of(cases[i].given));
        mail_unlink(&twice, buf_str(&once));
        if (!str_eq(buf_str(&once), str_of(cases[i].sent)))
            fail_msg("%s became %.*s", cases[i].given, STR_FMT(buf_str(&once)));
        assert_true(str_eq(buf_str(&once), buf_str(&twice)));
        assert_true(mail_header_is_safe(buf_str(&once)));
    }
    assert_false(mail_header_is_safe(S("a\u2060\r\nb")));
    assert_false(mail_header_is_safe(S("a\u2061")));
}

static void test_injection(void **state)
{
    static const str bad[] = {S_INIT("a\r\nBcc: x@y.z"), S_INIT("a\nb"), S_INIT("a\rb"), {"a\0b", 3},
                              S_INIT("a\x7f"),           S_INIT("\xff")};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (int field = 0; field < 8; field++) {
            mail_message m = message_to("ann@example.org");
            str *fields[] = {&m.id,      &m.recipient, &m.sender_name, &m.reply_name, &m.reply_address,
                             &m.subject, &m.language};
            BUF_SCOPED out = {0};
            if (field < 7)
                *fields[field] = bad[i];
            assert_int_equal(mail_compose(&m, S("P"), S("p@example.org"), &out), field < 7 ? ERR_INVALID_REQUEST : OK);
        }
    }
}

static void test_settings(void **state)
{
    static const char *const bad[] = {
        "",      "smtp://",         "http://x",        "smtp://host:0",    "smtp://host:99999", "smtp://ho st",
        "file:", "smtp://u%zz:p@h", "smtp://u:p%0a@h", "smtp://host/path", "smtp://[::1"};
    mail_transport *t = NULL;
    const char *why = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why = NULL;
        if (mail_transport_open(str_of(bad[i]), S("p@example.org"), 0, &t, &why) == OK)
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(why);
    }
    assert_int_equal(mail_transport_open(S("smtp://h"), S("Parvis"), 0, &t, &why), ERR_INVALID_REQUEST);
    assert_int_equal(mail_transport_open(S("smtps://u:p@[::1]:465/"), S("\"P, V\" <p@example.org>"), 0, &t, &why), OK);
    assert_false(mail_transport_keeps(t));
    mail_transport_close(t);
    mail_transport_close(NULL);
    mail_line_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_names_that_are_no_links),
        cmocka_unit_test(test_injection),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_whole_mail),
        cmocka_unit_test(test_tls_and_sign_in),
        cmocka_unit_test(test_tls_is_required),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_after_one_that_was_broken_off),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
