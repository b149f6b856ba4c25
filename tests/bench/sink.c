/*
 * A mail server that takes every mail at once and keeps none: a thread a connection, RFC 5321 as far as one that is
 * spoken to politely needs it. Usage: sink PORT
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static bool starts(const char *line, const char *word)
{
    return strncasecmp(line, word, strlen(word)) == 0;
}

static const char *answer(const char *line, bool *content)
{
    if (starts(line, "EHLO"))
        return "250-sink\r\n250 SIZE\r\n";
    if (starts(line, "QUIT"))
        return "221 2.0.0 Bye\r\n";
    *content = starts(line, "DATA");
    return *content ? "354 Go on\r\n" : "250 2.0.0 Ok\r\n";
}

static void *serve(void *context)
{
    int fd = (int)(intptr_t)context, on = 1;
    FILE *in = fdopen(fd, "r");
    char line[4096];
    bool content = false, bye = false;
    static const char hello[] = "220 sink\r\n";
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!in || write(fd, hello, sizeof hello - 1) < 0)
        return NULL;
    while (!bye && fgets(line, sizeof line, in)) {
        if (content && strcmp(line, ".\r\n") != 0)
            continue;
        const char *say = content ? "250 2.0.0 Ok: taken\r\n" : NULL;
        content = false;
        bye = !say && starts(line, "QUIT");
        say = say ? say : answer(line, &content);
        if (write(fd, say, strlen(say)) < 0)
            break;
    }
    fclose(in);
    return NULL;
}

int main(int argc, char **argv)
{
    int listening = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (argc != 2)
        return 2;
    at.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listening, (struct sockaddr *)&at, sizeof at) || listen(listening, 64)) {
        perror("sink");
        return 1;
    }
    for (;;) {
        pthread_t thread;
        int fd = accept(listening, NULL, NULL);
        if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
}
