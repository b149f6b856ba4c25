/*
 * libsodium's primitives under the names of what they are for; each purpose has a subkey of its own, so that what was
 * made for one says nothing for another.
 */
#include "ports/token.h"

#include "base/log.h"
#include "base/random.h"
#include "ports/typed.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_BYTES = 32, KEY_HEX = 2 * KEY_BYTES, KEY_FILE_MOST = 256 };

struct server_key {
    uint8_t b[KEY_BYTES];
};

_Static_assert((int)KEY_BYTES == (int)crypto_kdf_KEYBYTES, "the server's key is a crypto_kdf master key");
_Static_assert((int)TOKEN_HASH_SIZE == (int)crypto_generichash_BYTES, "BLAKE2b-256");

/* sodium_init is idempotent and safe from several threads; without it sodium_malloc has no page size. */
static void sodium_ready(void)
{
    if (sodium_init() < 0)
        abort();
}

server_key *server_key_of(const uint8_t bytes[KEY_BYTES])
{
    sodium_ready();
    server_key *k = sodium_malloc(sizeof *k);
    if (!k)
        abort();
    memcpy(k->b, bytes, sizeof k->b);
    sodium_mprotect_readonly(k);
    return k;
}

void server_key_free(server_key *k)
{
    sodium_free(k);
}

/* ---- the key file ---- */

static err key_refused(str path, const char *why)
{
    log_(LOG_ERROR, "the key file cannot be used", LOG_TEXT("file", path), LOG_TEXT("why", str_of(why)));
    return ERR_UNAVAILABLE;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static void sync_folder_of(arena *a, str path)
{
    size_t slash = path.n;
    while (slash > 0 && path.p[slash - 1] != '/')
        slash--;
    const char *folder = slash == 0 ? "." : arena_cstr(a, str_slice(path, 0, slash));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/*
 * Written under another name and linked into place, so that the file is whole from its first moment and two first
 * starts at once agree on one key.
 */
static err key_create(arena *a, str path)
{
    uint8_t key[KEY_BYTES];
    char hex[KEY_HEX + 2];
    random_bytes(key, sizeof key);
    sodium_bin2hex(hex, KEY_HEX + 1, key, sizeof key);
    hex[KEY_HEX] = '\n';
    sodium_memzero(key, sizeof key);

    const char *draft = arena_printf(a, "%.*s.new-%ld", STR_FMT(path), (long)getpid()).p;
    unlink(draft); /* of a start that was cut short; in a container every process has the same number */
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        sodium_memzero(hex, sizeof hex);
        return key_refused(path, strerror(errno));
    }
    bool written = write_all(fd, hex, KEY_HEX + 1) && fsync(fd) == 0;
    sodium_memzero(hex, sizeof hex);
    written = close(fd) == 0 && written;
    bool placed = written && (link(draft, arena_cstr(a, path)) == 0 || errno == EEXIST);
    int why = errno;
    unlink(draft);
    if (!placed)
        return key_refused(path, strerror(why));
    sync_folder_of(a, path);
    log_(LOG_INFO, "made a new key file; back it up apart from the data", LOG_TEXT("file", path));
    return OK;
}

/* Without what editors and other systems put around a line: a mark of the byte order, ends of lines, blank lines. */
static str key_digits(str text)
{
    static const str mark = S_INIT("\xEF\xBB\xBF");
    return str_trim(str_starts(text, mark) ? str_slice(text, mark.n, text.n) : text);
}

static err key_read(int fd, str path, server_key **out)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return key_refused(path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return key_refused(path, "it is not a regular file");
    if (about.st_mode & 077)
        return key_refused(path, "others may read it: chmod 600 it, and think about who may have seen it");
    char hex[KEY_FILE_MOST];
    size_t n = 0;
    for (ssize_t got; n < sizeof hex && (got = read(fd, hex + n, sizeof hex - n)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return key_refused(path, strerror(errno));
        n += (size_t)got;
    }
    str digits = key_digits((str){hex, n});
    bool shaped = digits.n == KEY_HEX && n < sizeof hex;
    uint8_t key[KEY_BYTES];
    size_t size = 0;
    shaped = shaped && sodium_hex2bin(key, sizeof key, digits.p, KEY_HEX, NULL, &size, NULL) == 0 && size == sizeof key;
    sodium_memzero(hex, sizeof hex);
    if (!shaped)
        return key_refused(path, "it must hold 64 hexadecimal digits; restore it from your backup");
    *out = server_key_of(key);
    sodium_memzero(key, sizeof key);
    return OK;
}

err server_key_load(str path, bool may_create, server_key **out)
{
    sodium_ready();
    ARENA_SCOPED a = arena_new(64 * 1024);
    const char *name = arena_cstr(a, path);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && may_create) {
        TRY(key_create(a, path));
        fd = open(name, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0 && errno == ENOENT)
        return key_refused(path, "it is missing, and the data was sealed with it: restore it from your backup");
    if (fd < 0)
        return key_refused(path, strerror(errno));
    err e = key_read(fd, path, out);
    close(fd);
    return e;
}

/* ---- hashes ---- */

token_digest token_hash(str bytes)
{
    token_digest d;
    crypto_generichash(d.b, sizeof d.b, (const uint8_t *)bytes.p, bytes.n, NULL, 0);
    return d;
}

static void subkey(const server_key *k, key_purpose purpose, uint8_t out[KEY_BYTES])
{
    crypto_kdf_derive_from_key(out, KEY_BYTES, (uint64_t)purpose, "parvis-1", k->b);
}

token_digest token_mac(const server_key *k, key_purpose purpose, str bytes)
{
    uint8_t sub[KEY_BYTES];
    token_digest d;
    subkey(k, purpose, sub);
    crypto_generichash(d.b, sizeof d.b, (const uint8_t *)bytes.p, bytes.n, sub, sizeof sub);
    sodium_memzero(sub, sizeof sub);
    return d;
}

bool token_equal(str a, str b)
{
    return a.n == b.n && a.n > 0 && sodium_memcmp(a.p, b.p, a.n) == 0;
}

/* ---- base64url ---- */

str base64url_encode(arena *a, str bytes)
{
    size_t size = sodium_base64_ENCODED_LEN(bytes.n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_alloc(a, size);
    sodium_bin2base64(out, size, (const uint8_t *)(bytes.p ? bytes.p : ""), bytes.n,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return (str){out, size - 1};
}

static bool is_ascii(str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((uint8_t)text.p[i] >= 0x80)
            return false;
    return true;
}

bool base64url_decode(arena *a, str text, str *out)
{
    size_t size = text.n / 4 * 3 + 3, n = 0;
    uint8_t *bytes = arena_alloc(a, size);
    const char *end = NULL;
    /*
     * Without an ignore list libsodium skips nothing, and refuses padding and spare bits that are not zero; but 1.0.18
     * takes each byte from 0x80 on for '_'.
     */
    if (text.n % 4 == 1 || !text.p || !is_ascii(text) ||
        sodium_base642bin(bytes, size, text.p, text.n, NULL, &n, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        end != text.p + text.n)
        return false;
    *out = (str){(const char *)bytes, n};
    return true;
}

static bool is_base64url(char c)
{
    return byte_is_alnum(c) || c == '-' || c == '_';
}

str base64url_run(str text)
{
    size_t from = 0, to;
    while (from < text.n && !is_base64url(text.p[from]))
        from++;
    for (to = from; to < text.n && is_base64url(text.p[to]);)
        to++;
    return str_slice(text, from, to);
}

/* ---- sealing ---- */

str seal(const server_key *k, arena *a, str plaintext)
{
    size_t size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plaintext.n;
    uint8_t *blob = arena_alloc(a, size);
    uint8_t sub[KEY_BYTES];
    subkey(k, KEY_SEAL, sub);
    random_bytes(blob, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(blob + crypto_secretbox_NONCEBYTES, (const uint8_t *)plaintext.p, plaintext.n, blob, sub);
    sodium_memzero(sub, sizeof sub);
    return (str){(const char *)blob, size};
}

bool unseal(const server_key *k, arena *a, str blob, str *plaintext)
{
    size_t around = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    if (blob.n < around)
        return false;
    const uint8_t *nonce = (const uint8_t *)blob.p;
    uint8_t *out = arena_alloc(a, blob.n - around + 1);
    uint8_t sub[KEY_BYTES];
    subkey(k, KEY_SEAL, sub);
    int opened = crypto_secretbox_open_easy(out, nonce + crypto_secretbox_NONCEBYTES,
                                            blob.n - crypto_secretbox_NONCEBYTES, nonce, sub);
    sodium_memzero(sub, sizeof sub);
    if (opened != 0)
        return false;
    *plaintext = (str){(const char *)out, blob.n - around};
    return true;
}

/* ---- typed codes ---- */

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

str code_of(const uint8_t bytes[CODE_LENGTH], char out[CODE_LENGTH + 1])
{
    for (size_t i = 0; i < CODE_LENGTH; i++)
        out[i] = crockford[bytes[i] & 31];
    out[CODE_LENGTH] = '\0';
    return (str){out, CODE_LENGTH};
}

str code_make(char out[CODE_LENGTH + 1])
{
    uint8_t bytes[CODE_LENGTH];
    random_bytes(bytes, sizeof bytes);
    str code = code_of(bytes, out);
    sodium_memzero(bytes, sizeof bytes);
    return code;
}

/* Each of exactly `length` characters as the alphabet has it. */
static bool spelled(str typed, const char *alphabet, char (*as)(char c), size_t length, char *out)
{
    if (!typed_code(typed, out, length + 1) || strlen(out) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        out[i] = as(out[i]);
        if (!strchr(alphabet, out[i]))
            return false;
    }
    return true;
}

static char as_crockford(char c)
{
    c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    return c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
}

bool code_normalise(str typed, char out[CODE_LENGTH + 1])
{
    return spelled(typed, crockford, as_crockford, CODE_LENGTH, out);
}

str digits_make(char out[DIGITS_LENGTH + 1])
{
    enum { NUMBERS = 1000000 };
    uint32_t number;
    do
        random_bytes(&number, sizeof number);
    while (number >= UINT32_MAX - UINT32_MAX % NUMBERS); /* the last numbers would come once more often */
    number %= NUMBERS;
    for (size_t i = DIGITS_LENGTH; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    out[DIGITS_LENGTH] = '\0';
    return (str){out, DIGITS_LENGTH};
}

static char as_typed(char c)
{
    return c;
}

bool digits_normalise(str typed, char out[DIGITS_LENGTH + 1])
{
    return spelled(typed, "0123456789", as_typed, DIGITS_LENGTH, out);
}

/* ---- temporary passwords ---- */

static const char unmistakable[] = "abcdefghjkmnpqrstuvwxyz23456789";
enum { TEMPORARY_GROUP = TEMPORARY_LENGTH / 3, UNMISTAKABLE = sizeof unmistakable - 1 };

str temporary_make(char out[TEMPORARY_TEXT_LENGTH + 1])
{
    size_t made = 0, at = 0;
    while (made < TEMPORARY_LENGTH) {
        uint8_t byte;
        random_bytes(&byte, sizeof byte);
        byte &= 31;
        if (byte >= UNMISTAKABLE) /* drawn again, so that each is as likely as the other */
            continue;
        if (made && made % TEMPORARY_GROUP == 0)
            out[at++] = '-';
        out[at++] = unmistakable[byte];
        made++;
    }
    out[at] = '\0';
    return (str){out, at};
}

static char as_small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool temporary_normalise(str typed, char out[TEMPORARY_LENGTH + 1])
{
    return spelled(typed, unmistakable, as_small, TEMPORARY_LENGTH, out);
}

str code_display(arena *a, str code)
{
    if (code.n == DIGITS_LENGTH)
        return arena_join(a, str_slice(code, 0, DIGITS_LENGTH / 2), S(" "), str_slice(code, DIGITS_LENGTH / 2, code.n));
    if (code.n != CODE_LENGTH)
        return code;
    return arena_join(a, str_slice(code, 0, CODE_LENGTH / 2), S("-"), str_slice(code, CODE_LENGTH / 2, CODE_LENGTH));
}
