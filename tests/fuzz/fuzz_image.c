/* Pictures: whatever is sent, what comes out is a PNG within its bounds, and reads as itself. */
#include "ports/image.h"

#include <stdlib.h>

enum { WIDTH = 64, HEIGHT = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_SCOPED a = arena_new(64 << 20);
    image made, again;
    if (size > 1 << 16)
        return 0;
    if (image_normalise(a, (str){(const char *)data, size}, WIDTH, HEIGHT, &made) != IMAGE_OK)
        return 0;
    if (made.width < 1 || made.width > WIDTH || made.height < 1 || made.height > HEIGHT)
        abort();
    if (image_normalise(a, made.png, WIDTH, HEIGHT, &again) != IMAGE_OK || !str_eq(made.png, again.png))
        abort();
    return 0;
}
