// A spidev device and a GPIO line for a machine that has neither: put before a program with LD_PRELOAD.
//
// What the program opens as /dev/spidev* is the SPI bus at the Unix socket FAKE_SPIDEV (coupler line --spi), and
// line 25 of /dev/gpiochip* is its interrupt. Mode, chip selects and sizes are checked as the kernel's drivers do.

#define _GNU_SOURCE 1

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <linux/spi/spidev.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { buffer_size = 4096, alignment = 128, packet_max = 65536 };

static int bus = -1, chip = -1, edges[2] = {-1, -1};
static int is_mode_3, is_8_bit;
static uint32_t speed_max;
static uint8_t answer[packet_max];
static ssize_t answered;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;

static void *listen_to_chip(void *unused) {
  (void)unused;
  static uint8_t packet[packet_max];
  ssize_t got;
  while ((got = recv(bus, packet, sizeof packet, 0)) > 0) {
    pthread_mutex_lock(&lock);
    if (packet[0] == 2) {
      memcpy(answer, packet + 1, (size_t)got - 1);
      answered = got - 1;
      pthread_cond_signal(&arrived);
    } else if (edges[1] >= 0) {
      struct gpio_v2_line_event event = {.id = GPIO_V2_LINE_EVENT_RISING_EDGE, .offset = 25};
      (void)!write(edges[1], &event, sizeof event);
    }
    pthread_mutex_unlock(&lock);
  }
  pthread_mutex_lock(&lock);
  answered = -1;
  pthread_cond_signal(&arrived);
  pthread_mutex_unlock(&lock);
  return NULL;
}

static int open_bus(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = getenv("FAKE_SPIDEV");
  if (path == NULL || strlen(path) >= sizeof address.sun_path) {
    errno = ENOENT;
    return -1;
  }
  strcpy(address.sun_path, path);
  bus = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  pthread_t thread;
  if (bus < 0 || connect(bus, (struct sockaddr *)&address, sizeof address) != 0 ||
      pthread_create(&thread, NULL, listen_to_chip, NULL) != 0)
    return -1;
  return bus;
}

static int refuse(const char *why) {
  fprintf(stderr, "fake spidev: %s\n", why);
  errno = EINVAL;
  return -1;
}

static int message(const struct spi_ioc_transfer *transfers, unsigned count) {
  static uint8_t packet[packet_max];
  uint32_t total = 0, aligned = 0, selects = 0, length = 0;
  if (!is_mode_3 || !is_8_bit) return refuse("not mode 3 and 8 bits");
  for (unsigned i = 0; i < count; i++) {
    total += transfers[i].len;
    aligned += (transfers[i].len + alignment - 1) / alignment * alignment;
    if (transfers[i].speed_hz == 0 || transfers[i].speed_hz > speed_max) return refuse("speed");
    if (transfers[i].bits_per_word != 8) return refuse("bits per word");
  }
  if (aligned > buffer_size) {
    errno = EMSGSIZE;
    return -1;
  }
  // A transfer without cs_change goes on in the same chip select; at the last one it would keep the chip selected.
  for (unsigned i = 0; i < count; i++) {
    length += transfers[i].len;
    int is_last = i + 1 == count;
    if (is_last && transfers[i].cs_change) return refuse("the chip stays selected");
    if (!is_last && !transfers[i].cs_change) continue;
    packet[3 + 2 * selects] = (uint8_t)length;
    packet[4 + 2 * selects] = (uint8_t)(length >> 8);
    selects++;
    length = 0;
  }
  packet[0] = 1;
  packet[1] = (uint8_t)selects;
  packet[2] = (uint8_t)(selects >> 8);
  size_t at = 3 + 2 * selects;
  for (unsigned i = 0; i < count; i++) {
    memcpy(packet + at, (const void *)(uintptr_t)transfers[i].tx_buf, transfers[i].len);
    at += transfers[i].len;
  }
  pthread_mutex_lock(&lock);
  answered = answered < 0 ? -1 : 0;
  int failed = answered < 0 || send(bus, packet, at, MSG_NOSIGNAL) < 0;
  while (!failed && answered == 0) pthread_cond_wait(&arrived, &lock);
  if (failed || answered != (ssize_t)total) {
    pthread_mutex_unlock(&lock);
    errno = EIO;
    return -1;
  }
  at = 0;
  for (unsigned i = 0; i < count; i++) {
    memcpy((void *)(uintptr_t)transfers[i].rx_buf, answer + at, transfers[i].len);
    at += transfers[i].len;
  }
  pthread_mutex_unlock(&lock);
  return (int)total;
}

int open(const char *path, int flags, ...) {
  if (strncmp(path, "/dev/spidev", 11) == 0) return open_bus();
  if (strncmp(path, "/dev/gpiochip", 13) == 0) {
    chip = dup(2);
    return chip;
  }
  va_list arguments;
  va_start(arguments, flags);
  int mode = va_arg(arguments, int);
  va_end(arguments);
  int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  return real(path, flags, mode);
}

int ioctl(int descriptor, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  if (descriptor == bus && bus >= 0) {
    switch (request) {
    case SPI_IOC_WR_MODE: is_mode_3 = *(uint8_t *)argument == SPI_MODE_3; return 0;
    case SPI_IOC_WR_BITS_PER_WORD: is_8_bit = *(uint8_t *)argument == 8; return 0;
    case SPI_IOC_WR_MAX_SPEED_HZ: speed_max = *(uint32_t *)argument; return 0;
    }
    if (_IOC_TYPE(request) == SPI_IOC_MAGIC && _IOC_NR(request) == 0 && _IOC_DIR(request) == _IOC_WRITE &&
        _IOC_SIZE(request) % sizeof(struct spi_ioc_transfer) == 0)
      return message(argument, _IOC_SIZE(request) / sizeof(struct spi_ioc_transfer));
    return refuse("ioctl of SPI");
  }
  if (descriptor == chip && chip >= 0 && request == GPIO_V2_GET_LINE_IOCTL) {
    struct gpio_v2_line_request *line = argument;
    if (line->num_lines != 1 || line->offsets[0] != 25 ||
        line->config.flags != (GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING))
      return refuse("GPIO line");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, edges) != 0) return -1;
    line->fd = edges[0];
    return 0;
  }
  if (descriptor == edges[0] && edges[0] >= 0 && request == GPIO_V2_LINE_GET_VALUES_IOCTL) {
    ((struct gpio_v2_line_values *)argument)->bits = 0;
    return 0;
  }
  int (*real)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
  return real(descriptor, request, argument);
}
