/*
 * One function, in a file of its own because pages and API both call it from the pool: pictures are read where nothing
 * else waits.
 */
#include "http/logo.h"

#include "http/app.h"
#include "ports/image.h"

err logo_prepare(request *r, str bytes, str *png)
{
    static const struct {
        str code;
        int64_t limit;
    } refusals[] = {[IMAGE_UNKNOWN] = {S_INIT("image-unknown"), 0},
                    [IMAGE_LARGE] = {S_INIT("image-too-large"), IMAGE_SIDE_MOST},
                    [IMAGE_BROKEN] = {S_INIT("image-broken"), 0}};
    image made;
    image_verdict verdict = image_normalise(r->a, bytes, LOGO_WIDTH, LOGO_HEIGHT, &made);
    if (verdict != IMAGE_OK)
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/logo"), refusals[verdict].code,
                          refusals[verdict].limit);
    *png = made.png;
    return OK;
}
