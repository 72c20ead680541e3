#pragma once
// The Linux calls that Swift cannot express or import by itself. Declarations only: bodies and feature macros
// live in clinux.c, because a header that sets _GNU_SOURCE clashes with the Glibc module.
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// One readiness notification: `token` is what was given to clinux_epoll_set.
struct clinux_event { uint32_t events; uint64_t token; };

extern const uint32_t CLINUX_IN, CLINUX_OUT, CLINUX_RDHUP, CLINUX_HUP, CLINUX_ERR, CLINUX_ET;

int clinux_epoll_create(void);
/// Adds (`add`) or changes the interest of `fd`. Returns 0 or -errno.
int clinux_epoll_set(int epfd, int fd, bool add, uint32_t events, uint64_t token);
int clinux_epoll_remove(int epfd, int fd);
/// Fills `out` (at most 1,024). Returns the count, 0 on timeout or EINTR, or -errno.
int clinux_epoll_wait(int epfd, struct clinux_event *out, int capacity, int timeout_ms);

int clinux_eventfd(void);
void clinux_eventfd_signal(int fd);
void clinux_eventfd_drain(int fd);

/// Blocks SIGTERM, SIGINT, SIGHUP and SIGPIPE in the calling thread (call before any thread starts).
int clinux_block_signals(void);
/// A non-blocking signalfd for SIGTERM and SIGINT, or -errno.
int clinux_signalfd(void);
/// The next signal number waiting on `fd`, or 0.
int clinux_signalfd_read(int fd);

/// A non-blocking listening TCP socket on an IPv4 or IPv6 literal, or -errno. `port` 0 lets the kernel choose.
int clinux_listen(const char *address, uint16_t port, int backlog, bool reuse_port);
/// The port that a socket is bound to, or -errno.
int clinux_bound_port(int fd);
/// Accepts one connection (non-blocking, close-on-exec, TCP_NODELAY); -errno when there is none.
/// `peer` receives the textual address, at most `peer_capacity` bytes with the terminating zero.
int clinux_accept(int fd, char *peer, int peer_capacity);
/// Starts a non-blocking connect to an IPv4 or IPv6 literal; the socket is returned while the connect is in progress.
int clinux_connect_start(const char *address, uint16_t port);
/// SO_ERROR of a connecting socket: 0 when connected.
int clinux_connect_result(int fd);
int clinux_socketpair(int fds[2]);
/// recv/send without signals: bytes moved, 0 at end of stream (recv), or -errno.
ssize_t clinux_recv(int fd, void *buffer, size_t count);
/// recv into a buffer of the calling thread (64 KiB), which holds until the thread's next call.
ssize_t clinux_recv_scratch(int fd, const uint8_t **buffer);
ssize_t clinux_send(int fd, const void *buffer, size_t count);
int clinux_shutdown_write(int fd);
int clinux_close(int fd);
/// Sets SO_LINGER 0, so that close sends a reset.
int clinux_set_reset_on_close(int fd);
/// Resolves a host name to its first address literal (blocking). 0, or a getaddrinfo error code.
int clinux_resolve(const char *host, char *out, int capacity);

/// CLOCK_MONOTONIC and CLOCK_REALTIME, in nanoseconds.
int64_t clinux_monotonic_ns(void);
int64_t clinux_realtime_ns(void);
/// Bytes of resident memory of this process, and CPU time used, in nanoseconds.
int64_t clinux_resident_bytes(void);
int64_t clinux_cpu_ns(void);
/// Fills `out` from the kernel's random source. 0 or -errno.
int clinux_random(void *out, size_t count);

/// A pointer-sized slot for the calling thread (the loop that runs on it).
void *clinux_thread_slot(void);
void clinux_set_thread_slot(void *value);
/// Names the calling thread (at most 15 characters).
void clinux_name_thread(const char *name);
