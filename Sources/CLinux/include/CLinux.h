#pragma once

#include "interface_details.h"

// Kernel interfaces that the Glibc module does not import, and macros that Swift cannot call.
// Types and functions are used as the headers declare them; only what no declaration exists for is wrapped.
// No _GNU_SOURCE here: it changes types that the Glibc module has already imported without it. What needs it
// stands in CLinux.c.

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "CLinuxDevices.h"
#include "capture_worker.h"
#include "scheduling.h"
#include "sync_worker.h"

/// Events of one registration; EPOLL* are an enum of its own in Swift.
enum {
  clinux_in = EPOLLIN,
  clinux_out = EPOLLOUT,
  clinux_error = EPOLLERR,
  clinux_hangup = EPOLLHUP,
};

/// Carrier, as rtnetlink tells it: IFF_LOWER_UP of linux/if.h, which does not go together with net/if.h.
enum { clinux_lower_up = 1 << 16 };

static inline int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return epoll_ctl(epoll, operation, descriptor, &event);
}

static inline uint64_t clinux_event_token(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t clinux_event_flags(const struct epoll_event *event) { return event->events; }

/// Waits for events at most so many nanoseconds, for ever below 0; ENOSYS where the kernel is older than 5.11. The call
/// takes 64-bit times on every architecture, which is why it does not go through the C library.
static inline int clinux_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds) {
#ifdef SYS_epoll_pwait2
  struct {
    int64_t seconds;
    int64_t nanoseconds;
  } limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  return (int)syscall(SYS_epoll_pwait2, epoll, events, count, nanoseconds < 0 ? NULL : &limit, NULL, (size_t)0);
#else
  errno = ENOSYS;
  return -1;
#endif
}

/// Arms a timer for an absolute time of CLOCK_MONOTONIC; 0 disarms it.
static inline int clinux_timer_set(int timer, int64_t nanoseconds) {
  struct itimerspec spec = {
      .it_value = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}};
  return timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

static inline int64_t clinux_monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Blocks the signals of the calling thread and gives a descriptor that reads them.
static inline int clinux_signal_descriptor(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/// The next signal number of such a descriptor, or -1.
static inline int clinux_signal_read(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t got = read(descriptor, &info, sizeof info);
  return got == (ssize_t)sizeof info ? (int)info.ssi_signo : -1;
}

/// An ioctl that answers about an interface by name; the answer is in `request`.
static inline int clinux_interface_ioctl(unsigned long operation, const char *name, struct ifreq *request) {
  memset(request, 0, sizeof *request);
  if (strlen(name) >= sizeof request->ifr_name) {
    errno = ENODEV;
    return -1;
  }
  strcpy(request->ifr_name, name);
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  int result = ioctl(descriptor, operation, request);
  int code = errno;
  close(descriptor);
  errno = code;
  return result;
}

static inline int clinux_interface_mac(const char *name, uint8_t mac[6]) {
  struct ifreq request;
  int result = clinux_interface_ioctl(SIOCGIFHWADDR, name, &request);
  if (result == 0) memcpy(mac, request.ifr_hwaddr.sa_data, 6);
  return result;
}

/// IFF_* flags, or -1.
static inline int clinux_interface_flags(const char *name) {
  struct ifreq request;
  if (clinux_interface_ioctl(SIOCGIFFLAGS, name, &request) != 0) return -1;
  return (uint16_t)request.ifr_flags;
}

static inline int clinux_interface_mtu(const char *name) {
  struct ifreq request;
  if (clinux_interface_ioctl(SIOCGIFMTU, name, &request) != 0) return -1;
  return request.ifr_mtu;
}

static inline int clinux_bind_packet(int descriptor, int interface, uint16_t ether_type) {
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ether_type), .sll_ifindex = interface};
  return bind(descriptor, (struct sockaddr *)&address, sizeof address);
}

static inline int clinux_join_promiscuous(int descriptor, int interface) {
  struct packet_mreq request = {.mr_ifindex = interface, .mr_type = PACKET_MR_PROMISC};
  return setsockopt(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request);
}

/// Lets only UDP datagrams over IPv6 (without extension headers) to `port` through to a packet socket.
static inline int clinux_filter_udp6(int descriptor, uint16_t port) {
  struct sock_filter program[] = {
      {BPF_LD | BPF_H | BPF_ABS, 0, 0, 12},     // EtherType
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 5, 0x86DD},
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 20},     // next header
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 17},
      {BPF_LD | BPF_H | BPF_ABS, 0, 0, 56},     // destination port
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, port},
      {BPF_RET | BPF_K, 0, 0, 0x40000},
      {BPF_RET | BPF_K, 0, 0, 0},
  };
  struct sock_fprog filter = {sizeof program / sizeof *program, program};
  return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

/// Lets nothing through to a socket; it can still send.
static inline int clinux_filter_nothing(int descriptor) {
  struct sock_filter program[] = {{BPF_RET | BPF_K, 0, 0, 0}};
  struct sock_fprog filter = {1, program};
  return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

/// Receives a frame and says through `packet_type` how it came by (PACKET_HOST, PACKET_OUTGOING, ...).
static inline ssize_t clinux_receive_packet(int descriptor, void *buffer, size_t size, int *packet_type) {
  struct sockaddr_ll source = {0};
  socklen_t length = sizeof source;
  ssize_t got = recvfrom(descriptor, buffer, size, MSG_TRUNC, (struct sockaddr *)&source, &length);
  *packet_type = source.sll_pkttype;
  return got;
}

static inline struct sockaddr_in6 clinux_address6(const uint8_t octets[16], uint16_t port, uint32_t scope) {
  struct sockaddr_in6 address = {
      .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope};
  memcpy(&address.sin6_addr, octets, 16);
  return address;
}

static inline int clinux_bind6(int descriptor, struct sockaddr_in6 address) {
  return bind(descriptor, (struct sockaddr *)&address, sizeof address);
}

static inline int clinux_connect6(int descriptor, struct sockaddr_in6 address) {
  return connect(descriptor, (struct sockaddr *)&address, sizeof address);
}

static inline int clinux_local6(int descriptor, struct sockaddr_in6 *address) {
  socklen_t length = sizeof *address;
  return getsockname(descriptor, (struct sockaddr *)address, &length);
}

/// accept4() with a non-blocking, close-on-exec result.
int clinux_accept6(int descriptor, struct sockaddr_in6 *peer);

static inline ssize_t clinux_send6(int descriptor, const void *bytes, size_t count, struct sockaddr_in6 to) {
  return sendto(descriptor, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to);
}

static inline ssize_t clinux_receive6(int descriptor, void *buffer, size_t size, struct sockaddr_in6 *from) {
  socklen_t length = sizeof *from;
  return recvfrom(descriptor, buffer, size, MSG_TRUNC, (struct sockaddr *)from, &length);
}

static inline uint16_t clinux_port6(const struct sockaddr_in6 *address) { return ntohs(address->sin6_port); }

static inline void clinux_octets6(const struct sockaddr_in6 *address, uint8_t octets[16]) {
  memcpy(octets, &address->sin6_addr, 16);
}

static inline int clinux_set_int(int descriptor, int level, int option, int value) {
  return setsockopt(descriptor, level, option, &value, sizeof value);
}

/// The error that SO_ERROR holds, or errno if it cannot be asked.
static inline int clinux_take_error(int descriptor) {
  int value = 0;
  socklen_t length = sizeof value;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length) != 0) return errno;
  return value;
}

/// Makes the next close() reset the connection instead of finishing it.
static inline int clinux_linger_zero(int descriptor) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

/// Binds a NETLINK_ROUTE socket to multicast groups (RTMGRP_*).
static inline int clinux_bind_netlink(int descriptor, uint32_t groups) {
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  return bind(descriptor, (struct sockaddr *)&address, sizeof address);
}

/// Asks for a dump of all links (RTM_GETLINK) or all IPv6 addresses (RTM_GETADDR).
static inline ssize_t clinux_request_dump(int descriptor, uint16_t type, uint32_t sequence) {
  struct {
    struct nlmsghdr header;
    struct rtgenmsg body;
  } request = {
      .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
                 .nlmsg_type = type,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                 .nlmsg_seq = sequence},
      .body = {.rtgen_family = type == RTM_GETADDR ? AF_INET6 : AF_UNSPEC}};
  return send(descriptor, &request, request.header.nlmsg_len, MSG_NOSIGNAL);
}

/// Fills an address of the Unix domain; -1 with ENAMETOOLONG when the path does not fit.
static inline int clinux_unix_address(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address->sun_path, path);
  return 0;
}

static inline int clinux_bind_unix(int descriptor, const char *path) {
  struct sockaddr_un address;
  if (clinux_unix_address(path, &address) != 0) return -1;
  return bind(descriptor, (struct sockaddr *)&address, sizeof address);
}

static inline ssize_t clinux_send_unix(int descriptor, const void *bytes, size_t count, const char *path) {
  struct sockaddr_un address;
  if (clinux_unix_address(path, &address) != 0) return -1;
  return sendto(descriptor, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof address);
}

/// Who opened the other end of a connected Unix socket (SO_PEERCRED); 0, or -1.
int clinux_peer_credentials(int descriptor, int32_t *process, uint32_t *user, uint32_t *group);

/// Moves the calling thread into the network namespace that `descriptor` stands for.
int clinux_enter_network_namespace(int descriptor);
