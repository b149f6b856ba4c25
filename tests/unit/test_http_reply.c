/* Answers by their tables: what is there, what is null and what is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "http/reply.h"

#include <string.h>

typedef struct inner {
    str a;
} inner;

typedef struct thing {
    str text, left_out, json, secret;
    uuid id;
    msec at, day, lasts;
    int64_t n, more;
    bool has_n, has_more, is;
    inner one, maybe;
    bool has_maybe;
    reply_texts texts;
    struct {
        const inner *items;
        size_t count;
    } list;
    reply_flags flags;
} thing;

static const reply_field inner_fields[] = {{.name = S_INIT("a"), .kind = REPLY_TEXT, .has_offset = REPLY_ALWAYS},
                                           {{0}}};
static const reply_shape shape_inner = {inner_fields, sizeof(inner)};

#define ROW(named, how, member, ...)                                                                                   \
    {                                                                                                                  \
        .name = S_INIT(named), .kind = how, .offset = offsetof(thing, member), .has_offset = REPLY_ALWAYS, __VA_ARGS__ \
    }
static const reply_field fields[] = {
    ROW("text", REPLY_TEXT, text),
    ROW("left_out", REPLY_TEXT, left_out, .optional = true),
    ROW("json", REPLY_JSON, json),
    ROW("secret", REPLY_SECRET, secret),
    ROW("id", REPLY_ID, id, .text = S_INIT("thg")),
    ROW("at", REPLY_TIME, at),
    ROW("day", REPLY_DAY, day),
    ROW("lasts", REPLY_DURATION, lasts),
    {.name = S_INIT("n"), .kind = REPLY_INTEGER, .offset = offsetof(thing, n), .has_offset = offsetof(thing, has_n)},
    {.name = S_INIT("more"),
     .kind = REPLY_INTEGER,
     .offset = offsetof(thing, more),
     .has_offset = offsetof(thing, has_more),
     .optional = true},
    ROW("is", REPLY_BOOLEAN, is),
    {.name = S_INIT("kind"), .kind = REPLY_WORD, .has_offset = REPLY_ALWAYS, .text = S_INIT("always")},
    {.name = S_INIT("nothing"), .kind = REPLY_NOTHING, .has_offset = REPLY_ALWAYS},
    ROW("one", REPLY_OBJECT, one, .inner = &shape_inner),
    {.name = S_INIT("maybe"),
     .kind = REPLY_OBJECT,
     .offset = offsetof(thing, maybe),
     .has_offset = offsetof(thing, has_maybe),
     .inner = &shape_inner},
    ROW("texts", REPLY_ARRAY, texts, .item = REPLY_TEXT),
    ROW("list", REPLY_ARRAY, list, .item = REPLY_OBJECT, .inner = &shape_inner),
    ROW("flags", REPLY_MAP, flags),
    {{0}},
};
static const reply_shape shape_thing = {fields, sizeof(thing)};

static void written(const thing *value, const char *expected)
{
    BUF_SCOPED out = {0};
    reply_text(&shape_thing, value, &out);
    str got = buf_str(&out);
    if (!str_eq(got, str_of(expected)))
        print_error("%.*s\n", STR_FMT(got));
    assert_true(str_eq(got, str_of(expected)));
}

static void test_all_that_is_there(void **state)
{
    (void)state;
    const str texts[] = {S("x"), S("y\"")};
    const inner list[] = {{S("1")}, {S("")}};
    const flag flags[] = {{S("on"), true}, {S("off"), false}};
    const thing whole = {.text = S("t"),
                         .left_out = S(""),
                         .json = S("{\"b\":[1]}"),
                         .id = {{1}},
                         .at = 1796059227123,
                         .day = 1796059227123,
                         .lasts = 7 * MSEC_DAY,
                         .n = 0,
                         .has_n = true,
                         .more = 3,
                         .has_more = true,
                         .is = true,
                         .one = {S("o")},
                         .maybe = {S("m")},
                         .has_maybe = true,
                         .texts = {texts, 2},
                         .list = {list, 2},
                         .flags = {flags, 2}};
    written(
        &whole,
        "{\"text\":\"t\",\"left_out\":\"\",\"json\":{\"b\":[1]},\"secret\":null,"
        "\"id\":\"thg_01000000000000000000000000\",\"at\":\"2026-11-30T17:20:27.123Z\",\"day\":\"2026-11-30\","
        "\"lasts\":\"7d\",\"n\":0,\"more\":3,\"is\":true,\"kind\":\"always\",\"nothing\":null,\"one\":{\"a\":\"o\"},"
        "\"maybe\":{\"a\":\"m\"},\"texts\":[\"x\",\"y\\\"\"],\"list\":[{\"a\":\"1\"},{\"a\":\"\"}],"
        "\"flags\":{\"on\":true,\"off\":false}}");
}

static void test_what_is_not_there_is_null_or_left_out(void **state)
{
    (void)state;
    written(&(const thing){0},
            "{\"text\":null,\"json\":null,\"secret\":null,\"id\":null,\"at\":null,\"day\":null,\"lasts\":null,"
            "\"n\":null,\"is\":false,\"kind\":\"always\",\"nothing\":null,\"one\":{\"a\":null},\"maybe\":null,"
            "\"texts\":[],\"list\":[],\"flags\":{}}");
}

static void test_words_of_a_text(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(4096);
    assert_int_equal(reply_words(a, STR_NONE).count, 0);
    assert_int_equal(reply_words(a, S("")).count, 0);
    reply_texts two = reply_words(a, S("example.org *.example.net"));
    assert_int_equal(two.count, 2);
    assert_true(str_eq(two.items[0], S("example.org")) && str_eq(two.items[1], S("*.example.net")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_that_is_there),
        cmocka_unit_test(test_what_is_not_there_is_null_or_left_out),
        cmocka_unit_test(test_words_of_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
