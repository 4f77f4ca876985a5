#define _GNU_SOURCE 1

#include "CLinux.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/// The constant for a rate, 0 for one that has none.
static speed_t speed_of(uint32_t baud) {
  static const struct {
    uint32_t baud;
    speed_t speed;
  } speeds[] = {{1200, B1200},       {2400, B2400},       {4800, B4800},       {9600, B9600},
                {19200, B19200},     {38400, B38400},     {57600, B57600},     {115200, B115200},
                {230400, B230400},   {460800, B460800},   {500000, B500000},   {576000, B576000},
                {921600, B921600},   {1000000, B1000000}, {1152000, B1152000}, {1500000, B1500000},
                {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000}, {3500000, B3500000},
                {4000000, B4000000}};
  for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
    if (speeds[i].baud == baud) return speeds[i].speed;
  return 0;
}

int clinux_serial_configure(int descriptor, uint32_t baud) {
  struct termios settings;
  speed_t speed = speed_of(baud);
  if (tcgetattr(descriptor, &settings) != 0) return -1;
  if (speed == 0) {
    errno = EINVAL;
    return -1;
  }
  cfmakeraw(&settings);
  settings.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  if (cfsetspeed(&settings, speed) != 0) return -1;
  if (tcsetattr(descriptor, TCSANOW, &settings) != 0) return -1;
  if (tcflush(descriptor, TCIOFLUSH) != 0) return -1;
  return ioctl(descriptor, TIOCEXCL);
}

int clinux_pseudo_terminal(char *path, size_t size) {
  struct termios settings;
  int code;
  int descriptor = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return -1;
  if (grantpt(descriptor) != 0 || unlockpt(descriptor) != 0) goto fail;
  code = ptsname_r(descriptor, path, size);
  if (code != 0) {
    errno = code;
    goto fail;
  }
  // Settings of the other end, which before its first use would send everything back.
  if (tcgetattr(descriptor, &settings) != 0) goto fail;
  cfmakeraw(&settings);
  if (tcsetattr(descriptor, TCSANOW, &settings) != 0) goto fail;
  return descriptor;
fail:
  code = errno;
  close(descriptor);
  errno = code;
  return -1;
}
