/*
 * Decoding by libpng and libturbojpeg within bounds that are asked before memory is, then shrinking by the mean of a
 * box, then a new PNG of the pixels alone.
 */
#include "ports/image.h"

#include <png.h>
#include <stdlib.h>
#include <turbojpeg.h>

enum { CHANNELS = 4 };

typedef struct pixels {
    int width, height;
    uint8_t *rgba;
} pixels;

static void pixels_free(pixels *p)
{
    free(p->rgba);
}

static bool is_large(int64_t width, int64_t height)
{
    return width > IMAGE_SIDE_MOST || height > IMAGE_SIDE_MOST || width * height > IMAGE_PIXELS_MOST;
}

static image_verdict make_room(pixels *p, int64_t width, int64_t height)
{
    if (width <= 0 || height <= 0)
        return IMAGE_BROKEN;
    if (is_large(width, height))
        return IMAGE_LARGE;
    p->width = (int)width;
    p->height = (int)height;
    p->rgba = calloc((size_t)(width * height), CHANNELS);
    return p->rgba ? IMAGE_OK : IMAGE_LARGE;
}

static void png_done(png_image *image)
{
    png_image_free(image);
}

static image_verdict read_png(str bytes, pixels *out)
{
    __attribute__((cleanup(png_done))) png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, bytes.p, bytes.n))
        return IMAGE_BROKEN;
    image_verdict room = make_room(out, image.width, image.height);
    if (room != IMAGE_OK)
        return room;
    image.format = PNG_FORMAT_RGBA;
    return png_image_finish_read(&image, NULL, out->rgba, 0, NULL) ? IMAGE_OK : IMAGE_BROKEN;
}

static void turbo_done(tjhandle *handle)
{
    if (*handle)
        tjDestroy(*handle);
}

/* Each scan of a progressive file may say nothing and still be walked over the whole picture. */
static bool has_many_scans(str bytes)
{
    size_t scans = 0;
    for (size_t i = 0; i + 1 < bytes.n; i++)
        scans += (uint8_t)bytes.p[i] == 0xFF && (uint8_t)bytes.p[i + 1] == 0xDA;
    return scans > IMAGE_SCANS_MOST;
}

static image_verdict read_jpeg(str bytes, pixels *out)
{
    __attribute__((cleanup(turbo_done))) tjhandle handle = tjInitDecompress();
    const unsigned char *p = (const unsigned char *)bytes.p;
    int width, height, sampling, space;
    if (!handle || has_many_scans(bytes) ||
        tjDecompressHeader3(handle, p, bytes.n, &width, &height, &sampling, &space) != 0)
        return IMAGE_BROKEN;
    image_verdict room = make_room(out, width, height);
    if (room != IMAGE_OK)
        return room;
    int flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
    return tjDecompress2(handle, p, bytes.n, out->rgba, width, 0, height, TJPF_RGBA, flags) == 0 ? IMAGE_OK
                                                                                                 : IMAGE_BROKEN;
}

/* The mean of a box of pixels, each as heavy as it is opaque. */
static void mean(const pixels *from, int left, int right, int top, int bottom, uint8_t out[CHANNELS])
{
    uint64_t sum[3] = {0}, alpha = 0, count = (uint64_t)(right - left) * (uint64_t)(bottom - top);
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
            const uint8_t *p = from->rgba + ((size_t)y * (size_t)from->width + (size_t)x) * CHANNELS;
            alpha += p[3];
            for (int c = 0; c < 3; c++)
                sum[c] += (uint64_t)p[c] * p[3];
        }
    for (int c = 0; c < 3; c++)
        out[c] = (uint8_t)(alpha ? (sum[c] + alpha / 2) / alpha : 0);
    out[3] = (uint8_t)((alpha + count / 2) / count);
}

static image_verdict shrink(const pixels *from, int width, int height, pixels *to)
{
    int64_t w = from->width, h = from->height;
    if (w > width) {
        h = h * width / w;
        w = width;
    }
    if (h > height) {
        w = w * height / h;
        h = height;
    }
    image_verdict room = make_room(to, w ? w : 1, h ? h : 1);
    if (room != IMAGE_OK)
        return room;
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            int left = (int)((int64_t)x * from->width / to->width), top = (int)((int64_t)y * from->height / to->height);
            int right = (int)((int64_t)(x + 1) * from->width / to->width);
            int bottom = (int)((int64_t)(y + 1) * from->height / to->height);
            mean(from, left, right, top, bottom, to->rgba + ((size_t)y * (size_t)to->width + (size_t)x) * CHANNELS);
        }
    return IMAGE_OK;
}

static image_verdict write_png(arena *a, const pixels *p, image *out)
{
    __attribute__((cleanup(png_done))) png_image image = {
        .version = PNG_IMAGE_VERSION,
        .width = (png_uint_32)p->width,
        .height = (png_uint_32)p->height,
        .format = PNG_FORMAT_RGBA,
    };
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    char *room = arena_alloc(a, size);
    if (!png_image_write_to_memory(&image, room, &size, 0, p->rgba, 0, NULL))
        return IMAGE_BROKEN;
    out->width = p->width;
    out->height = p->height;
    out->png = (str){room, size};
    return IMAGE_OK;
}

image_verdict image_normalise(arena *a, str bytes, int width, int height, image *out)
{
    __attribute__((cleanup(pixels_free))) pixels whole = {0};
    __attribute__((cleanup(pixels_free))) pixels small = {0};
    image_verdict verdict = str_starts(bytes, S("\x89PNG\r\n\x1a\n")) ? read_png(bytes, &whole)
                            : str_starts(bytes, S("\xff\xd8\xff"))    ? read_jpeg(bytes, &whole)
                                                                      : IMAGE_UNKNOWN;
    if (verdict == IMAGE_OK)
        verdict = shrink(&whole, width, height, &small);
    return verdict == IMAGE_OK ? write_png(a, &small, out) : verdict;
}
