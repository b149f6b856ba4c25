/*
 * A bare libmicrohttpd answer, as a yardstick: the same loop shape as the server (two threads, each with an epoll
 * daemon on a SO_REUSEPORT socket of its own, run from an outer epoll loop) and a constant answer. Usage: bare PORT
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 2, BACKLOG = 1024 };

static unsigned short port;
static struct MHD_Response *constant;

static enum MHD_Result answer(void *own, struct MHD_Connection *c, const char *target, const char *method,
                              const char *version, const char *data, size_t *size, void **state)
{
    (void)own, (void)target, (void)method, (void)version, (void)data;
    if (!*state) {
        *state = c;
        return MHD_YES;
    }
    if (*size) {
        *size = 0;
        return MHD_YES;
    }
    return MHD_queue_response(c, 200, constant);
}

static int listening(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, BACKLOG)) {
        perror("bind");
        exit(1);
    }
    return fd;
}

static void *serve(void *unused)
{
    (void)unused;
    struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL, MHD_OPTION_LISTEN_SOCKET,
                                            listening(), MHD_OPTION_END);
    if (!d)
        exit(1);
    int inner = MHD_get_daemon_info(d, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int outer = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event);
    for (;;) {
        MHD_UNSIGNED_LONG_LONG wait;
        int most = MHD_get_timeout(d, &wait) == MHD_YES ? (int)wait : -1;
        epoll_wait(outer, &event, 1, most);
        MHD_run(d);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    port = (unsigned short)(argc > 1 ? strtoul(argv[1], NULL, 10) : 9999);
    static char body[] = "{\"allowed\":true,\"role\":\"owner\",\"entitlements\":{}}";
    constant = MHD_create_response_from_buffer(sizeof body - 1, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(constant, "Content-Type", "application/json");
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, serve, NULL);
    pause();
}
