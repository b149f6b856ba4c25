/* Starts tests/unit/mail_server.py, a real mail server whose recipients' names say what becomes of their mails. */
#ifndef PARVIS_TESTS_MAIL_SERVER_H
#define PARVIS_TESTS_MAIL_SERVER_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

typedef struct mail_server {
    pid_t pid;
    int input, port;
    char folder[64]; /* N.json for each mail that it took */
} mail_server;

static inline void mail_server_start(mail_server *s, const char *mode)
{
    char script[1024], line[32];
    const char *project = getenv("PARVIS_PROJECT");
    int in[2], out[2];
    *s = (mail_server){.folder = "/tmp/parvis-mail-XXXXXX"};
    assert_non_null(mkdtemp(s->folder));
    snprintf(script, sizeof script, "%s/tests/unit/mail_server.py", project ? project : ".");
    assert_int_equal(pipe(in) | pipe(out), 0);
    s->pid = fork();
    if (s->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        execl("/usr/bin/python3", "python3", script, s->folder, mode, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    s->input = in[1];
    FILE *ready = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, ready));
    fclose(ready);
    s->port = (int)strtol(line, NULL, 10);
}

static inline void mail_server_stop(mail_server *s)
{
    char command[128];
    close(s->input);
    waitpid(s->pid, NULL, 0);
    snprintf(command, sizeof command, "rm -rf %s", s->folder);
    assert_int_equal(system(command), 0);
}

#endif
