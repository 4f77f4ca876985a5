#pragma once

// Devices behind character devices: SPI (spidev), GPIO lines (version 2 of their interface), TAP interfaces.

#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <linux/if_tun.h>
#include <linux/spi/spidev.h>
#include <linux/watchdog.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// Chip selects in one ioctl at most.
enum { clinux_spi_selects_max = 64 };

/// Sets mode 3 (CPOL = CPHA = 1), words of 8 bits and the clock in Hz.
static inline int clinux_spi_configure(int descriptor, uint32_t speed) {
  uint8_t mode = SPI_MODE_3, bits = 8;
  if (ioctl(descriptor, SPI_IOC_WR_MODE, &mode) < 0) return -1;
  if (ioctl(descriptor, SPI_IOC_WR_BITS_PER_WORD, &bits) < 0) return -1;
  return ioctl(descriptor, SPI_IOC_WR_MAX_SPEED_HZ, &speed);
}

/// Describes `count` chip selects: chip select is released behind each of them. At the last one the kernel does so by
/// itself; there the flag would mean the opposite.
static inline void clinux_spi_fill(struct spi_ioc_transfer *transfers, const uint8_t *out, uint8_t *in,
                                   const uint32_t *lengths, int count, uint32_t speed) {
  memset(transfers, 0, (size_t)count * sizeof *transfers);
  uint32_t at = 0;
  for (int i = 0; i < count; i++) {
    transfers[i].tx_buf = (uintptr_t)(out + at);
    transfers[i].rx_buf = (uintptr_t)(in + at);
    transfers[i].len = lengths[i];
    transfers[i].speed_hz = speed;
    transfers[i].bits_per_word = 8;
    transfers[i].cs_change = i + 1 < count;
    at += lengths[i];
  }
}

/// Carries out up to `clinux_spi_selects_max` chip selects. The octets clocked, or -1.
static inline int clinux_spi_transfer(int descriptor, const uint8_t *out, uint8_t *in, const uint32_t *lengths,
                                      int count, uint32_t speed) {
  struct spi_ioc_transfer transfers[clinux_spi_selects_max];
  if (count < 1 || count > clinux_spi_selects_max) {
    errno = EINVAL;
    return -1;
  }
  clinux_spi_fill(transfers, out, in, lengths, count, speed);
  return ioctl(descriptor, _IOC(_IOC_WRITE, SPI_IOC_MAGIC, 0, (uint32_t)count * sizeof *transfers), transfers);
}

/// Asks a GPIO chip for a line as an input whose rising edges are events. A descriptor, or -1.
static inline int clinux_gpio_rising(int chip, uint32_t offset, const char *consumer) {
  struct gpio_v2_line_request request;
  memset(&request, 0, sizeof request);
  request.offsets[0] = offset;
  request.num_lines = 1;
  request.config.flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING;
  strncpy(request.consumer, consumer, sizeof request.consumer - 1);
  if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request) < 0) return -1;
  int flags = fcntl(request.fd, F_GETFL);
  if (flags < 0 || fcntl(request.fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(request.fd, F_SETFD, FD_CLOEXEC) < 0) {
    int code = errno;
    close(request.fd);
    errno = code;
    return -1;
  }
  return request.fd;
}

/// The level of such a line: 0, 1, or -1.
static inline int clinux_gpio_level(int line) {
  struct gpio_v2_line_values values = {.bits = 0, .mask = 1};
  if (ioctl(line, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) < 0) return -1;
  return (int)(values.bits & 1);
}

/// Takes the events that wait: how many, or -1.
static inline int clinux_gpio_events(int line) {
  struct gpio_v2_line_event events[16];
  ssize_t got = read(line, events, sizeof events);
  return got < 0 ? -1 : (int)(got / (ssize_t)sizeof events[0]);
}

/// Creates a TAP interface, or takes one that exists and is not in use. A descriptor, or -1.
static inline int clinux_tap_open(const char *name) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  if (strlen(name) >= sizeof request.ifr_name) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(request.ifr_name, name);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return -1;
  if (ioctl(descriptor, TUNSETIFF, &request) < 0) {
    int code = errno;
    close(descriptor);
    errno = code;
    return -1;
  }
  return descriptor;
}

static inline int clinux_tap_carrier(int descriptor, int on) { return ioctl(descriptor, TUNSETCARRIER, &on); }

/// An ioctl that changes an interface by name.
static inline int clinux_interface_change(unsigned long operation, struct ifreq *request) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  int result = ioctl(descriptor, operation, request);
  int code = errno;
  close(descriptor);
  errno = code;
  return result;
}

static inline int clinux_interface_set_mac(const char *name, const uint8_t mac[6]) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  memcpy(request.ifr_hwaddr.sa_data, mac, 6);
  return clinux_interface_change(SIOCSIFHWADDR, &request);
}

static inline int clinux_interface_up(const char *name) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  if (clinux_interface_change(SIOCGIFFLAGS, &request) < 0) return -1;
  request.ifr_flags |= IFF_UP;
  return clinux_interface_change(SIOCSIFFLAGS, &request);
}

static inline int clinux_connect_unix(int descriptor, const struct sockaddr_un *address) {
  return connect(descriptor, (const struct sockaddr *)address, sizeof *address);
}

/// accept4() of any family with a non-blocking, close-on-exec result.
int clinux_accept(int descriptor);

/// Makes a terminal raw with 8 data bits, no parity, 1 stop bit, no flow control, for one process alone.
int clinux_serial_configure(int descriptor, uint32_t baud);

/// Opens a pseudo terminal, raw and non-blocking, and writes the path of its other end. -1 with errno.
int clinux_pseudo_terminal(char *path, size_t size);

/// Sets the watchdog's time in seconds, and tells what it has become.
static inline int clinux_watchdog_timeout(int descriptor, int *seconds) {
  return ioctl(descriptor, WDIOC_SETTIMEOUT, seconds);
}
