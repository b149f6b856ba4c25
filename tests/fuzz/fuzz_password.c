/*
 * Any bytes as a new password, and as what is known of the person: what passes is text of the asked length and not the
 * person.
 */
#include "ports/password_check.h"

#include <stdlib.h>

enum { ABOUT_MAX = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    int64_t least = 8 + data[0] % 16;
    str rest = {(const char *)data + 1, size - 1}, password = str_cut(&rest, '\n'), about[ABOUT_MAX];
    size_t known = 0;
    while (rest.p && known < ABOUT_MAX)
        about[known++] = str_cut(&rest, '\n');
    int score = -1, again = -1;
    password_verdict v = password_check(password, about, known, least, &score);
    if (score < 0 || score > 4 || (v != PASSWORD_OK && score > 0 && v != PASSWORD_TOO_SHORT))
        abort();
    if (password_check(password, about, known, least, NULL) != v)
        abort();
    bool text = str_is_utf8(password) && str_find_byte(password, 0) == password.n;
    if (v == PASSWORD_OK && (!text || password.n > PASSWORD_MAX_BYTES || (int64_t)str_codepoints(password) < least))
        abort();
    if (v == PASSWORD_TOO_SHORT && text && (int64_t)str_codepoints(password) >= least)
        abort();
    /* knowing less of the person never makes a password worse */
    if (v == PASSWORD_OK && password_check(password, NULL, 0, least, &again) != PASSWORD_OK)
        abort();
    return 0;
}
