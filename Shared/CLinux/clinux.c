#define _GNU_SOURCE
#include "clinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

const uint32_t CLINUX_IN = EPOLLIN, CLINUX_OUT = EPOLLOUT, CLINUX_RDHUP = EPOLLRDHUP, CLINUX_HUP = EPOLLHUP,
               CLINUX_ERR = EPOLLERR, CLINUX_ET = EPOLLET;

static inline int result(int r) { return r < 0 ? -errno : r; }

int clinux_epoll_create(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

int clinux_epoll_set(int epfd, int fd, bool add, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return result(epoll_ctl(epfd, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event));
}

int clinux_epoll_remove(int epfd, int fd) { return result(epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL)); }

int clinux_epoll_wait(int epfd, struct clinux_event *out, int capacity, int timeout_ms) {
    struct epoll_event events[1024];
    if (capacity > 1024) capacity = 1024;
    int count = epoll_wait(epfd, events, capacity, timeout_ms);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        out[i].events = events[i].events;
        out[i].token = events[i].data.u64;
    }
    return count;
}

int clinux_eventfd(void) { return result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }
void clinux_eventfd_signal(int fd) { uint64_t one = 1; ssize_t n = write(fd, &one, sizeof one); (void)n; }
void clinux_eventfd_drain(int fd) { uint64_t value; ssize_t n = read(fd, &value, sizeof value); (void)n; }

// Blocking alone does not hold: when `main` is asynchronous, libdispatch parks the first thread in sigsuspend with an
// empty mask, and the kernel gives that thread what the process is sent. So SIGTERM and SIGINT have a handler, which
// passes them on to the thread that reads the signalfd, where they are blocked; the others are ignored.
static _Atomic int noted_signal;
static _Atomic pid_t signal_reader;

static void pass_on_signal(int number) {
    int saved = errno;
    // Noted before the reader is looked up, and read after the reader is set: one of the two sees the other.
    atomic_store(&noted_signal, number);
    pid_t reader = atomic_load(&signal_reader);
    if (reader != 0) tgkill(getpid(), reader, number);
    errno = saved;
}

int clinux_block_signals(void) {
    struct sigaction passed = {.sa_handler = pass_on_signal, .sa_flags = SA_RESTART};
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigfillset(&passed.sa_mask);
    if (sigaction(SIGTERM, &passed, NULL) != 0 || sigaction(SIGINT, &passed, NULL) != 0) return -errno;
    if (sigaction(SIGHUP, &ignored, NULL) != 0 || sigaction(SIGPIPE, &ignored, NULL) != 0) return -errno;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGPIPE);
    return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int clinux_signalfd(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    int fd = result(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (fd >= 0) atomic_store(&signal_reader, gettid());
    return fd;
}

int clinux_signalfd_read(int fd) {
    int noted = atomic_exchange(&noted_signal, 0);
    if (noted != 0) return noted;
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

/// Fills a socket address from a literal; returns its length or 0.
static socklen_t parse_address(const char *address, uint16_t port, struct sockaddr_storage *storage) {
    memset(storage, 0, sizeof *storage);
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return sizeof *v6;
    }
    return 0;
}

int clinux_listen(const char *address, uint16_t port, int backlog, bool reuse_port) {
    struct sockaddr_storage storage;
    socklen_t length = parse_address(address, port, &storage);
    if (length == 0) return -EINVAL;
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (reuse_port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&storage, length) < 0 || listen(fd, backlog) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int clinux_bound_port(int fd) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
    return storage.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&storage)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&storage)->sin_port);
}

int clinux_accept(int fd, char *peer, int peer_capacity) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int client = accept4(fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return -errno;
    int one = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const void *source = storage.ss_family == AF_INET6 ? (const void *)&((struct sockaddr_in6 *)&storage)->sin6_addr
                                                       : (const void *)&((struct sockaddr_in *)&storage)->sin_addr;
    if (inet_ntop(storage.ss_family, source, peer, (socklen_t)peer_capacity) == NULL && peer_capacity > 0) peer[0] = 0;
    return client;
}

int clinux_connect_start(const char *address, uint16_t port) {
    struct sockaddr_storage storage;
    socklen_t length = parse_address(address, port, &storage);
    if (length == 0) return -EINVAL;
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&storage, length) < 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int clinux_connect_result(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

int clinux_socketpair(int fds[2]) {
    return result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
}

ssize_t clinux_recv(int fd, void *buffer, size_t count) {
    ssize_t n;
    do n = recv(fd, buffer, count, 0); while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

ssize_t clinux_recv_scratch(int fd, const uint8_t **buffer) {
    static __thread uint8_t scratch[65536];
    *buffer = scratch;
    return clinux_recv(fd, scratch, sizeof scratch);
}

ssize_t clinux_send(int fd, const void *buffer, size_t count) {
    ssize_t n;
    do n = send(fd, buffer, count, MSG_NOSIGNAL); while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int clinux_shutdown_write(int fd) { return result(shutdown(fd, SHUT_WR)); }
int clinux_close(int fd) { return result(close(fd)); }

int clinux_set_reset_on_close(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

int clinux_resolve(const char *host, char *out, int capacity) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC}, *list = NULL;
    int error = getaddrinfo(host, NULL, &hints, &list);
    if (error != 0) return error;
    // IPv4 first: what listens on a name such as localhost is most often there.
    struct addrinfo *chosen = list;
    for (struct addrinfo *entry = list; entry; entry = entry->ai_next)
        if (entry->ai_family == AF_INET) { chosen = entry; break; }
    const void *source = chosen->ai_family == AF_INET6 ? (const void *)&((struct sockaddr_in6 *)chosen->ai_addr)->sin6_addr
                                                       : (const void *)&((struct sockaddr_in *)chosen->ai_addr)->sin_addr;
    const char *text = inet_ntop(chosen->ai_family, source, out, (socklen_t)capacity);
    freeaddrinfo(list);
    return text ? 0 : EAI_OVERFLOW;
}

static int64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clinux_monotonic_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t clinux_realtime_ns(void) { return nanoseconds(CLOCK_REALTIME); }
int64_t clinux_cpu_ns(void) { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }

int64_t clinux_resident_bytes(void) {
    long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
    fclose(file);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

int clinux_random(void *out, size_t count) {
    uint8_t *cursor = out;
    while (count > 0) {
        ssize_t n = getrandom(cursor, count, 0);
        if (n < 0) {
            if (errno == EINTR) continue;
            return -errno;
        }
        cursor += n;
        count -= (size_t)n;
    }
    return 0;
}

static __thread void *thread_slot;
void *clinux_thread_slot(void) { return thread_slot; }
void clinux_set_thread_slot(void *value) { thread_slot = value; }
void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
