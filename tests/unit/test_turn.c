/* Whose turn it is: who comes seldom passes whoever comes often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "domain/shared/turn.h"

enum { NOW = 1000000 };

static void each_behind_their_own(void **state)
{
    (void)state;
    assert_int_equal(turn_take(TURN_MAIL, 1, NOW), NOW);
    for (int i = 1; i <= 100; i++)
        assert_int_equal(turn_take(TURN_MAIL, 1, NOW + i), NOW + i * MSEC_SECOND);
    assert_int_equal(turn_take(TURN_MAIL, 2, NOW + 100), NOW + 100);
    assert_int_equal(turn_take(TURN_REQUEST, 1, NOW + 100), NOW + 100);
}

/* What was not used is not saved up. */
static void never_earlier_than_now(void **state)
{
    (void)state;
    assert_int_equal(turn_take(TURN_MAIL, 3, NOW), NOW);
    assert_int_equal(turn_take(TURN_MAIL, 3, NOW + MSEC_HOUR), NOW + MSEC_HOUR);
    assert_int_equal(turn_take(TURN_MAIL, 3, NOW + MSEC_HOUR), NOW + MSEC_HOUR + MSEC_SECOND);
}

static void at_most_a_day_ahead(void **state)
{
    (void)state;
    msec last = 0;
    for (int i = 0; i < 2 * MSEC_DAY / MSEC_SECOND; i++)
        last = turn_take(TURN_MAIL, 4, NOW);
    assert_int_equal(last, NOW + MSEC_DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_behind_their_own),
        cmocka_unit_test(never_earlier_than_now),
        cmocka_unit_test(at_most_a_day_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
