/* JSON bodies, forms and query strings against the generated tables; and the JSON writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "bodies.h"
#include "http/json.h"
#include "http/schema.h"

#include <stdio.h>

static arena *a;
static problem p;

static int begin(void **state)
{
    (void)state;
    schema_setup();
    a = arena_new(8 << 20);
    p = (problem){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* The refusals as "pointer code limit; …". */
static str refusals(void)
{
    str out = S("");
    for (size_t i = 0; i < p.field_count; i++)
        out = arena_printf(a, "%.*s%s%.*s %.*s %lld", STR_FMT(out), i ? "; " : "", STR_FMT(p.fields[i].pointer),
                           STR_FMT(p.fields[i].code), (long long)p.fields[i].limit);
    return out;
}

static void expect_json(const schema *s, str text, err expected, const char *why)
{
    void *body;
    p = (problem){0};
    err got = schema_from_json(s, a, &p, text, &body);
    if (got != expected || !str_eq(refusals(), str_of(why)))
        fail_msg("%.*s: %d, %.*s", STR_FMT(text), got, STR_FMT(refusals()));
    assert_true((body != NULL) == (expected == OK));
}

static void reads_a_body(void **state)
{
    (void)state;
    body_create_invitations *body;
    void *out;
    str text = S("{\"invitations\":[{\"email\":\"a@b.fr\",\"role\":\"member\",\"message\":\"un\\ndeux\"},"
                 "{\"role\":\"administrator\",\"email\":\"\",\"given_name\":\"Zo\\u00eb\"}],\"deliver\":false}");
    assert_int_equal(schema_from_json(&schema_body_create_invitations, a, &p, text, &out), OK);
    body = out;
    assert_int_equal(body->invitations.count, 2);
    const body_create_invitations_invitations *rows = body->invitations.items;
    assert_true(str_eq(rows[0].email, S("a@b.fr")) && str_eq(rows[0].message, S("un\ndeux")) && rows[0].has_message);
    assert_true(str_eq(rows[1].given_name, S("Zo\xc3\xab")) && !rows[1].has_message && !rows[1].message.p);
    assert_true(body->has_deliver && !body->deliver && !body->has_expires_in);
}

/* What a person typed is the row's own; what a program made wrong is everybody's. */
static void a_row_is_refused_by_itself(void **state)
{
    (void)state;
    void *out;
    str text = S(
        "{\"invitations\":[{\"email\":\"a@b.fr\",\"role\":\"member\"},{\"email\":\"c\\u0007\",\"role\":\"member\"}]}");
    assert_int_equal(schema_from_json(&schema_body_create_invitations, a, &p, text, &out), OK);
    const body_create_invitations_invitations *rows = ((const body_create_invitations *)out)->invitations.items;
    assert_true(!rows[0].refused && rows[1].refused && rows[1].refused->field_count == 1);
    assert_true(str_eq(rows[1].refused->fields[0].pointer, S("/email")));
    expect_json(&schema_body_create_invitations, S("{\"invitations\":[{\"email\":\"c\\u0007\",\"role\":\"king\"}]}"),
                ERR_INVALID_REQUEST, "/invitations/0/email invalid-characters 0; /invitations/0/role not-allowed 0");
}

static void reads_null_where_it_may_stand(void **state)
{
    (void)state;
    void *out;
    str text = S("{\"locale\":null,\"member_limit\":null,\"name\":\"x\"}");
    assert_int_equal(schema_from_json(&schema_body_update_organization, a, &p, text, &out), OK);
    const body_update_organization *body = out;
    assert_true(body->has_locale && !body->locale.p && body->has_member_limit && body->member_limit == 0);
    expect_json(&schema_body_update_organization, S("{\"name\":null}"), ERR_INVALID_REQUEST, "/name wrong-type 0");
}

static void reads_a_map(void **state)
{
    (void)state;
    void *out;
    str text = S("{\"entitlements\":{\"offline\":true,\"mobile-app\":false}}");
    assert_int_equal(schema_from_json(&schema_body_update_member, a, &p, text, &out), OK);
    const body_update_member *body = out;
    const flag *flags = body->entitlements.items;
    assert_true(body->has_entitlements && body->entitlements.count == 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(str_eq(flags[i].name, flags[i].on ? S("offline") : S("mobile-app")));
    assert_int_equal(schema_from_json(&schema_body_update_member, a, &p, S("{\"entitlements\":{}}"), &out), OK);
    assert_int_equal(((const body_update_member *)out)->entitlements.count, 0);
}

static void refuses_odd_maps(void **state)
{
    (void)state;
    const schema *s = &schema_body_update_member;
    BUF_SCOPED many = {0};
    buf_lit(&many, "{\"entitlements\":{");
    for (int i = 0; i < 63; i++)
        buf_printf(&many, "%s\"k%d\":true", i ? "," : "", i);
    buf_lit(&many, "}}");
    expect_json(s, buf_str(&many), ERR_INVALID_REQUEST, "/entitlements too-many 62");
    expect_json(s, S("{\"entitlements\":[]}"), ERR_INVALID_REQUEST, "/entitlements wrong-type 0");
    expect_json(s, S("{\"entitlements\":{\"a\":1,\"b\":null}}"), ERR_INVALID_REQUEST,
                "/entitlements/a wrong-type 0; /entitlements/b wrong-type 0");
    expect_json(s, S("{\"entitlements\":{\"\":true}}"), ERR_INVALID_REQUEST, "/entitlements/ too-short 1");
    expect_json(s, S("{\"entitlements\":{\"12345678901234567890123456789012345678901\":true}}"), ERR_INVALID_REQUEST,
                "/entitlements/12345678901234567890123456789012345678901 too-long 40");
    expect_json(s, S("{\"entitlements\":{\"a\\u0007\":true}}"), ERR_INVALID_REQUEST,
                "/entitlements/a\x07 invalid-characters 0");
}

static void refuses_fields(void **state)
{
    (void)state;
    const schema *sign_in = &schema_body_sign_in, *invite = &schema_body_create_invitations;
    expect_json(sign_in, S("{}"), ERR_INVALID_REQUEST, "/email required 0; /password required 0");
    expect_json(sign_in, S("[]"), ERR_INVALID_REQUEST, " wrong-type 0");
    expect_json(sign_in, S("{\"email\":1,\"password\":\"x\",\"a/b~c\":2}"), ERR_INVALID_REQUEST,
                "/email wrong-type 0; /a~1b~0c unknown-field 0");
    expect_json(sign_in, S("{\"email\":\"\",\"password\":\"x\"}"), ERR_INVALID_REQUEST, "/email too-short 1");
    expect_json(sign_in, S("{\"email\":\"a\\u202eb\",\"password\":\"x\"}"), ERR_INVALID_REQUEST,
                "/email invalid-characters 0");
    expect_json(sign_in, S("{\"email\":\"a\\nb\",\"password\":\"x\"}"), ERR_INVALID_REQUEST,
                "/email invalid-characters 0");
    expect_json(invite, S("{\"invitations\":[]}"), ERR_INVALID_REQUEST, "/invitations too-few 1");
    expect_json(invite, S("{\"invitations\":[{\"email\":\"a\",\"role\":\"king\"},3]}"), ERR_INVALID_REQUEST,
                "/invitations/0/role not-allowed 0; /invitations/1 wrong-type 0");
    expect_json(invite,
                S("{\"invitations\":[{\"email\":\"a\",\"role\":\"member\",\"message\":\"a\\u0007\"}],\"deliver\":1}"),
                ERR_INVALID_REQUEST, "/deliver wrong-type 0");
    expect_json(&schema_body_update_settings, S("{\"reminder_max\":11}"), ERR_INVALID_REQUEST,
                "/reminder_max too-large 10");
    expect_json(&schema_body_update_settings, S("{\"reminder_max\":-1}"), ERR_INVALID_REQUEST,
                "/reminder_max too-small 0");
    expect_json(&schema_body_update_settings, S("{\"reminder_max\":1.0}"), ERR_INVALID_REQUEST,
                "/reminder_max wrong-type 0");
}

static void bounds_are_characters_and_items(void **state)
{
    (void)state;
    str name = S("");
    for (int i = 0; i < 400; i++)
        name = arena_join(a, name, S("\xc3\xa9"));
    expect_json(&schema_body_update_me, arena_join(a, S("{\"given_name\":\""), name, S("\"}")), OK, "");
    expect_json(&schema_body_update_me, arena_join(a, S("{\"given_name\":\"x"), name, S("\"}")), ERR_INVALID_REQUEST,
                "/given_name too-long 400");
    /* What was pasted with a name is the rules' to mend; elsewhere it is refused. */
    expect_json(&schema_body_update_me, S("{\"given_name\":\"Zo\\u200b\\t\"}"), OK, "");
    expect_json(&schema_body_update_me, S("{\"time_zone\":\"Zo\\u200b\"}"), ERR_INVALID_REQUEST,
                "/time_zone invalid-characters 0");
    BUF_SCOPED rows = {0};
    for (int i = 0; i < 1001; i++)
        buf_add(&rows, i ? S(",{\"email\":\"a\",\"role\":\"member\"}") : S("{\"email\":\"a\",\"role\":\"member\"}"));
    expect_json(&schema_body_create_invitations, arena_join(a, S("{\"invitations\":["), buf_str(&rows), S("]}")),
                ERR_INVALID_REQUEST, "/invitations too-many 1000");
}

static void refusals_are_bounded(void **state)
{
    (void)state;
    str rows = S("");
    for (int i = 0; i < 40; i++)
        rows = arena_join(a, rows, i ? S(",") : S(""), S("{}"));
    void *out;
    assert_int_equal(schema_from_json(&schema_body_create_invitations, a, &p,
                                      arena_join(a, S("{\"invitations\":["), rows, S("]}")), &out),
                     ERR_INVALID_REQUEST);
    assert_int_equal(p.field_count, PROBLEM_FIELDS_MAX);
}

static void refuses_broken_json(void **state)
{
    (void)state;
    static const str broken[] = {
        S_INIT(""),
        S_INIT("{"),
        S_INIT("{\"email\":\"a\",\"email\":\"b\",\"password\":\"x\"}"),
        S_INIT("{'email':'a'}"),
        S_INIT("{\"email\":\"a\",}"),
        S_INIT("{\"email\":\"a\"} x"),
        S_INIT("{\"email\":\"\xff\"}"),
        S_INIT("{\"email\":\"\xc0\xaf\"}"),
        S_INIT("{\"email\":\"\\ud800\"}"),
        S_INIT("{\"email\":\"a\\u0000b\"}"),
        S_INIT("{\"email\":\"a\0b\"}"),
        S_INIT("{\"email\":\"a\nb\"}"),
        S_INIT("{\"email\":NaN}"),
        S_INIT("{\"email\":01}"),
        S_INIT("\xef\xbb\xbf{}"),
        S_INIT("{\"email\":1e999}"),
        S_INIT("{\"email\":99999999999999999999}"),
        S_INIT("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":[[[[[[[[[1]]]]]]]]]}}}}}}}}"),
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        expect_json(&schema_body_sign_in, broken[i], ERR_MALFORMED_JSON, "");
}

static void brackets_in_strings_have_no_depth(void **state)
{
    (void)state;
    expect_json(&schema_body_sign_in, S("{\"email\":\"[[[[[[[[[[[[[[[[[[[[\\\"{{{{\",\"password\":\"x\"}"), OK, "");
}

/* An object of `names` names beside a list of `lists` empty lists. */
static err read_many(int names, int lists)
{
    BUF_SCOPED text = {0};
    void *body;
    p = (problem){0};
    buf_lit(&text, "{\"0\":[");
    for (int i = 0; i < lists; i++)
        buf_printf(&text, "%s[]", i ? "," : "");
    buf_lit(&text, "]");
    for (int i = 1; i < names; i++)
        buf_printf(&text, ",\"%d\":1", i);
    buf_lit(&text, "}");
    return schema_from_json(&schema_body_sign_in, a, &p, buf_str(&text), &body);
}

/* A body of 64 KB could have 20,000: each is a node to make, for a caller whom nobody knows. */
static void counts_values_before_it_makes_them(void **state)
{
    (void)state;
    assert_int_equal(read_many(JSON_VALUES_MAX - 1, 0), ERR_INVALID_REQUEST);
    assert_int_equal(read_many(JSON_VALUES_MAX, 0), ERR_MALFORMED_JSON);
    assert_int_equal(read_many(1, JSON_VALUES_MAX / 2 - 1), ERR_INVALID_REQUEST);
    assert_int_equal(read_many(1, JSON_VALUES_MAX / 2), ERR_MALFORMED_JSON);
    expect_json(&schema_body_sign_in, S("{\"email\":\",,,,[[[{{{\",\"password\":\"x\"}"), OK, "");
}

static void reads_a_form(void **state)
{
    (void)state;
    typed_form typed;
    void *out;
    str text = S("step=options&addresses=a%40b.fr%0D%0Ac%40d.fr&message=l%27%C3%A9t%C3%A9+%3D+beau&as_many_as_fit=on");
    assert_int_equal(schema_from_form(&schema_body_invite_step_form, a, &p, text, &typed, &out), OK);
    const body_invite_step_form *form = out;
    assert_true(str_eq(form->addresses, S("a@b.fr\nc@d.fr")) && str_eq(form->message, S("l'\xc3\xa9t\xc3\xa9 = beau")));
    assert_true(form->as_many_as_fit && form->has_as_many_as_fit && !form->has_role);
    assert_int_equal(
        schema_from_form(&schema_body_members_remove_form, a, &p, S("member=x&member=y&&member=z"), &typed, &out), OK);
    const body_members_remove_form *remove = out;
    assert_int_equal(remove->member.count, 3);
    assert_true(str_eq(((const str *)remove->member.items)[2], S("z")));
    assert_true(remove->has_confirmed && !remove->confirmed);
}

static void expect_form(const schema *s, str text, err expected, const char *why)
{
    typed_form typed;
    void *body;
    p = (problem){0};
    err got = schema_from_form(s, a, &p, text, &typed, &body);
    if (got != expected || !str_eq(refusals(), str_of(why)))
        fail_msg("%.*s: %d, %.*s", STR_FMT(text), got, STR_FMT(refusals()));
}

static void refuses_odd_forms(void **state)
{
    (void)state;
    const schema *form = &schema_body_sign_in_form;
    expect_form(form, S("email=a&email=b"), ERR_INVALID_REQUEST, "/email wrong-type 0");
    expect_form(form, S("e-mail=a"), ERR_INVALID_REQUEST, "/e-mail unknown-field 0");
    expect_form(form, S("email=a%0Ab"), ERR_INVALID_REQUEST, "/email invalid-characters 0");
    expect_form(form, S("email=%00"), ERR_INVALID_REQUEST, "/email invalid-characters 0");
    expect_form(form, S("%00=a"), ERR_BAD_REQUEST, "");
    expect_form(form, S("email=%f"), ERR_BAD_REQUEST, "");
    expect_form(form, S("email=%ff"), ERR_BAD_REQUEST, "");
    expect_form(&schema_body_invite_step_form, S("as_many_as_fit=perhaps"), ERR_INVALID_REQUEST,
                "/as_many_as_fit wrong-type 0");
    char many[FORM_PAIRS_MAX * 2 + 8];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? '&' : 'a';
    expect_form(form, (str){many, sizeof many}, ERR_BAD_REQUEST, "");
}

static void reads_queries(void **state)
{
    (void)state;
    typed_form typed;
    void *out;
    str text = S("limit=20&count=true&sort=-email&q=a+b");
    assert_int_equal(schema_from_query(&schema_query_list_members, a, &p, text, NULL, &out), OK);
    const query_list_members *query = out;
    assert_true(query->limit == 20 && query->count && str_eq(query->sort, S("-email")) && str_eq(query->q, S("a b")));
    assert_false(query->has_role);
    assert_int_equal(schema_from_query(&schema_query_list_members, a, &p, STR_NONE, NULL, &out), OK);
    assert_int_equal(
        schema_from_query(&schema_query_list_members, a, &p, S("limit=201&sort=age&x=1&lang=fr"), NULL, &out),
        ERR_INVALID_REQUEST);
    assert_true(str_eq(refusals(), S("/x unknown-field 0; /sort not-allowed 0; /limit too-large 200")));
    assert_int_equal(schema_from_query(&schema_query_members_page, a, &p, S("utm=1"), &typed, &out), OK);
}

static void finds_one_value(void **state)
{
    (void)state;
    assert_true(str_eq(form_value(a, S("a=1&lang=fr&lang=en"), S("lang")), S("fr")));
    assert_null(form_value(a, S("a=1&language=fr"), S("lang")).p);
    assert_null(form_value(a, STR_NONE, S("lang")).p);
    assert_true(form_value(a, S("lang"), S("lang")).p != NULL);
}

static void writes_json(void **state)
{
    (void)state;
    BUF_SCOPED b = {0};
    json_writer w = {.out = &b};
    json_open(&w, STR_NONE, '{');
    json_str(&w, S("text"), S("a\"\\\n\x01\xc3\xa9\x7f"));
    json_str(&w, S("bad"), S("x\xffy"));
    json_str(&w, S("none"), STR_NONE);
    json_open(&w, S("list"), '[');
    json_int(&w, STR_NONE, INT64_MIN);
    json_bool(&w, STR_NONE, true);
    json_open(&w, STR_NONE, '{');
    json_close(&w, '}');
    json_close(&w, ']');
    json_time(&w, S("at"), 1);
    json_time(&w, S("never"), 0);
    json_id(&w, S("id"), S("inv"), UUID_NONE);
    json_duration(&w, S("for"), 7 * (msec)MSEC_DAY);
    json_raw(&w, S("raw"), S("[1]"));
    json_close(&w, '}');
    assert_true(str_eq(buf_str(&b),
                       S("{\"text\":\"a\\\"\\\\\\n\\u0001\xc3\xa9\x7f\",\"bad\":\"x\xef\xbf\xbdy\",\"none\":null,"
                         "\"list\":[-9223372036854775808,true,{}],\"at\":\"1970-01-01T00:00:00.001Z\",\"never\":null,"
                         "\"id\":null,\"for\":\"7d\",\"raw\":[1]}")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(reads_a_body),
        TEST(a_row_is_refused_by_itself),
        TEST(reads_null_where_it_may_stand),
        TEST(reads_a_map),
        TEST(refuses_odd_maps),
        TEST(refuses_fields),
        TEST(bounds_are_characters_and_items),
        TEST(refusals_are_bounded),
        TEST(refuses_broken_json),
        TEST(brackets_in_strings_have_no_depth),
        TEST(counts_values_before_it_makes_them),
        TEST(reads_a_form),
        TEST(refuses_odd_forms),
        TEST(reads_queries),
        TEST(finds_one_value),
        TEST(writes_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
