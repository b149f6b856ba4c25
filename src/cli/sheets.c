/*
 * The file is opened before anything is sent: temporary passwords are shown once, and a disk that is full must say so
 * before.
 */
#include "cli/sheets.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int unwritable(cli *c)
{
    return refuse(EXIT_REFUSED,
                  SAID(c, "cli.invite.sheets_unwritable", {"file", printable(c->a, flag_value(c, "sheets"))},
                       {"reason", str_of(strerror(errno))}));
}

int sheets_open(cli *c, int *fd)
{
    *fd = -1;
    str file = flag_value(c, "sheets");
    if (!file.p)
        return EXIT_DONE;
    *fd = open(file.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return *fd < 0 ? unwritable(c) : EXIT_DONE;
}

static json_t *sheets_of(const json_t *results)
{
    json_t *items = json_array(), *each;
    size_t i;
    json_array_foreach(results, i, each)
    {
        json_t *item = json_object();
        json_put(item, "email", json_text(each, AT(invitation_results_results, email)));
        json_put(item, "temporary_password", json_text(each, AT(invitation_results_results, temporary_password)));
        json_put(item, "expires_at", json_text(each, AT(invitation_results_results, invitation.expires_at)));
        json_put(item, "locale", json_text(each, AT(invitation_results_results, invitation.locale)));
        if (json_text(each, AT(invitation_results_results, temporary_password)).p)
            json_array_append(items, item);
        json_decref(item);
    }
    return items;
}

static bool write_all(int fd, str bytes)
{
    while (bytes.n) {
        ssize_t done = write(fd, bytes.p, bytes.n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        bytes = str_slice(bytes, (size_t)done, bytes.n);
    }
    return true;
}

int sheets_write(cli *c, int fd, str slug, const json_t *results)
{
    reply r;
    json_t *items = sheets_of(results);
    bool any = json_array_size(items) > 0, written = true;
    int code = EXIT_DONE;
    if (any)
        code = call(c, "POST", PATH(c, S("organizations"), slug, S("temporary-password-sheets")),
                    json_pack("{s:O}", "items", items), &r);
    json_decref(items);
    if (any && code == EXIT_DONE)
        written = write_all(fd, r.text);
    written = close(fd) == 0 && written;
    if (!any || code != EXIT_DONE)
        unlink(flag_value(c, "sheets").p);
    return written ? code : unwritable(c);
}
