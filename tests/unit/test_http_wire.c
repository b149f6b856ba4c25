/* The bytes before the library: sound streams pass in any portions, unsound messages do not pass at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "http/gate.h"
#include "http/wire.h"

#include <stdio.h>

#define GOOD "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST "POST /x HTTP/1.1\r\nHost:a\r\nContent-LENGTH: \t5 \r\nX-Empty:\r\n\r\na\0\n\rb"

/* How many bytes pass when they come in portions of `step`; *refusal tells why no more. */
static size_t pass(str stream, size_t step, err *refusal)
{
    wire w = {0};
    size_t passed = 0;
    for (size_t at = 0; at < stream.n && w.refusal == OK; at += step)
        passed += wire_scan(&w, str_slice(stream, at, at + step));
    *refusal = w.refusal;
    return passed;
}

static void sound_streams_pass(void **state)
{
    (void)state;
    static const str streams[] = {
        S_INIT(GOOD),
        S_INIT(GOOD GOOD POST GOOD),
        S_INIT("\r\n\r\n" GOOD "\r\n" POST "\r\n" GOOD),
        S_INIT("GET / HTTP/1.0\r\n\r\n"),
        S_INIT(POST POST "GET /caf\xc3\xa9 HTTP/1.1\r\nX: caf\xc3\xa9\tx\r\n\r\n"),
        S_INIT("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n" GOOD),
    };
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
        for (size_t step = 1; step <= streams[i].n; step++) {
            err refusal;
            if (pass(streams[i], step, &refusal) != streams[i].n || refusal != OK)
                fail_msg("row %zu in portions of %zu", i, step);
        }
}

static const str unsound[] = {
    S_INIT("GET / HTTP/1.1\nHost: a\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nHost: a\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nHost: a\n\n" GOOD),
    S_INIT("GET / HTTP/1.1\r\nHost:  a\n\r\n"), /* as long as a sound one */
    S_INIT("GET / HTTP/1.1\r\nHost: a\r\n\n"),
    S_INIT("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n"),
    S_INIT("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nContent-Length:\r\n 5\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\n: z\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nNothing\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nContent-Length: 5x\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nContent-Length: 9999999999999999\r\n\r\n"),
    S_INIT("GET / HTTP/1.1\r\nContent-Length:\r\n\r\n"),
    S_INIT("GET  / HTTP/1.1\r\n\r\n"),
    S_INIT("GET / x HTTP/1.1\r\n\r\n"),
    S_INIT("GET /\r\n\r\n"),
    S_INIT("GET\t/\tHTTP/1.1\r\n\r\n"),
    S_INIT("GET / HTTP/1.2\r\n\r\n"),
    S_INIT("GET / HTTP/2.0\r\n\r\n"),
    S_INIT("GET / http/1.1\r\n\r\n"),
    S_INIT("\x16\x03\x01\x02\x01\x00\r\n"),
    S_INIT("0\r\n\r\n" GOOD),
};

static void unsound_messages_do_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unsound / sizeof unsound[0]; i++) {
        err refusal;
        char stream[512];
        assert_int_equal(pass(unsound[i], unsound[i].n, &refusal), 0);
        if (refusal != ERR_BAD_REQUEST)
            fail_msg("row %zu passed", i);
        /* behind a sound request, and byte by byte: what came before passes, the end of the message never does */
        size_t before = sizeof(POST) - 1;
        memcpy(stream, POST, before);
        memcpy(stream + before, unsound[i].p, unsound[i].n);
        str whole = {stream, before + unsound[i].n};
        assert_int_equal(pass(whole, whole.n, &refusal), before);
        assert_true(pass(whole, 1, &refusal) < whole.n && refusal == ERR_BAD_REQUEST);
    }
}

static void heads_have_an_end(void **state)
{
    (void)state;
    static char big[HEADER_BYTES_MAX * 2];
    err refusal;
    memset(big, 'a', sizeof big);
    memcpy(big, "GET / HTTP/1.1\r\nX: ", 19);
    assert_true(pass((str){big, sizeof big}, 1000, &refusal) < sizeof big);
    assert_int_equal(refusal, ERR_HEADERS_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_streams_pass),
        cmocka_unit_test(unsound_messages_do_not),
        cmocka_unit_test(heads_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
