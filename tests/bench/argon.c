/*
 * How many argon2id hashes a second libsodium verifies on some threads, at the server's costs: what sign-ins are held
 * against. Usage: argon THREADS SECONDS
 */
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OPERATIONS = 2, MEMORY = 19 << 20, THREADS_MAX = 64 };

static const char password[] = "orchard-lantern-42";
static char hash[crypto_pwhash_STRBYTES];
static double seconds;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Gives the thread's rate through its argument. */
static void *verify(void *rate)
{
    double began = now();
    long count = 0;
    while (now() < began + seconds) {
        if (crypto_pwhash_str_verify(hash, password, sizeof password - 1) != 0)
            exit(1);
        count++;
    }
    *(double *)rate = (double)count / (now() - began);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    double rates[THREADS_MAX], sum = 0;
    int count = argc == 3 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (count < 1 || count > THREADS_MAX || sodium_init() < 0)
        return 2;
    seconds = strtod(argv[2], NULL);
    if (crypto_pwhash_str_alg(hash, password, sizeof password - 1, OPERATIONS, MEMORY, crypto_pwhash_ALG_ARGON2ID13))
        return 1;
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, verify, &rates[i]);
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        sum += rates[i];
    }
    printf("%.1f\n", sum);
}
