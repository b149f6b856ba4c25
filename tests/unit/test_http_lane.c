/* Whose lane a write stands in: its organization's for whoever was let in, and nobody else's for anybody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/app.h"
#include "http/lane.h"

static const route of_organization = {.access = ACCESS_MEMBER, .params = {{.name = S_INIT("org")}}};
static const route of_nobody = {.access = ACCESS_PUBLIC};
static const uuid acme = {{1, 2, 3}}, other = {{3, 2, 1}};

static app known;
static arena *a;

static int start(void **state)
{
    (void)state;
    a = arena_new(64 << 20);
    known = (app){.lanes = lanes_new(a)};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static exchange call(str session, str organization)
{
    exchange x = {.r = {.app = &known, .a = a, .route = &of_organization}};
    x.r.params[0].text = organization;
    x.r.actor.source = S("192.0.2.1");
    if (session.p) {
        x.head.header_count = 1;
        x.head.headers[0] = (header){S("Cookie"), arena_join(a, S("parvis_session="), session)};
    }
    return x;
}

static uint64_t asked(str session, str organization)
{
    exchange x = call(session, organization);
    return lane_of(&x);
}

/* What its transaction came to. */
static void done(str session, str organization, uuid id, bool entered)
{
    exchange x = call(session, organization);
    x.r.actor.organization_id = id;
    lane_note(&x, entered);
}

/* As for what was looked at before it is submitted. */
static uint64_t lane_of_id(str organization, uuid id)
{
    exchange x = call(STR_NONE, organization);
    x.r.actor.organization_id = id;
    return lane_of(&x);
}

static void one_organization_has_one_lane(void **state)
{
    (void)state;
    uint64_t lane = lane_of_id(S("acme"), acme);
    assert_true(lane != 0 && lane == lane_of_id(S("org_1"), acme) && lane != lane_of_id(S("acme"), other));
    done(S("member"), S("acme"), acme, true);
    done(S("member"), S("org_1"), acme, true);
    assert_true(asked(S("member"), S("acme")) == lane && asked(S("member"), S("org_1")) == lane);
}

static void who_was_not_let_in_stands_with_those_of_their_source(void **state)
{
    (void)state;
    uint64_t nobody = asked(STR_NONE, S("acme"));
    done(S("member"), S("acme"), acme, true);
    done(S("stranger"), S("acme"), acme, false);
    assert_true(nobody != 0 && nobody != lane_of_id(S("acme"), acme));
    assert_true(asked(S("stranger"), S("acme")) == nobody && asked(S("stranger"), S("elsewhere")) == nobody);
    assert_true(asked(S("member"), S("elsewhere")) == nobody && asked(STR_NONE, S("acme")) == nobody);
    exchange far = call(STR_NONE, S("acme"));
    far.r.actor.source = S("192.0.2.2");
    assert_true(lane_of(&far) != nobody);
}

static void who_is_out_again_is_a_stranger(void **state)
{
    (void)state;
    done(S("member"), S("acme"), acme, true);
    done(S("member"), S("acme"), acme, false);
    assert_true(asked(S("member"), S("acme")) == asked(STR_NONE, S("acme")));
}

static void what_is_shown_is_its_kind_too(void **state)
{
    (void)state;
    exchange operator= call(STR_NONE, S("acme")), key = call(STR_NONE, S("acme"));
    operator.is_operator = true;
    key.head.header_count = 1;
    key.head.headers[0] = (header){S("Authorization"), S("operator")};
    operator.r.actor.organization_id = acme;
    lane_note(&operator, true);
    operator.r.actor.organization_id = UUID_NONE;
    assert_true(lane_of(&operator) == lane_of_id(S("acme"), acme));
    assert_true(lane_of(&key) == asked(STR_NONE, S("acme")));
}

/* A hundred thousand meet one of the few places that are known; it is theirs by no more than that. */
static void who_meets_a_known_place_is_still_a_stranger(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    uint64_t nobody = asked(STR_NONE, S("acme"));
    done(S("member"), S("acme"), acme, true);
    for (int i = 0; i < MANY; i++)
        assert_true(asked(arena_printf(a, "%d", i), S("acme")) == nobody);
    for (int i = 0; i < MANY; i++)
        done(arena_printf(a, "%d", i), S("acme"), acme, false);
    assert_true(asked(S("member"), S("acme")) == lane_of_id(S("acme"), acme));
}

static void outside_an_organization_there_is_none(void **state)
{
    (void)state;
    exchange x = call(S("member"), S("acme"));
    x.r.route = &of_nobody;
    x.r.actor.organization_id = acme;
    assert_true(lane_of(&x) == 0);
    lane_note(&x, true);
    assert_true(asked(S("member"), S("acme")) == asked(STR_NONE, S("acme")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_organization_has_one_lane, start, stop),
        cmocka_unit_test_setup_teardown(who_was_not_let_in_stands_with_those_of_their_source, start, stop),
        cmocka_unit_test_setup_teardown(who_is_out_again_is_a_stranger, start, stop),
        cmocka_unit_test_setup_teardown(what_is_shown_is_its_kind_too, start, stop),
        cmocka_unit_test_setup_teardown(who_meets_a_known_place_is_still_a_stranger, start, stop),
        cmocka_unit_test_setup_teardown(outside_an_organization_there_is_none, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
