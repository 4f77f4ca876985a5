#pragma once

// What a network driver tells about itself and its device, without rights of any kind.

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int clinux_ethtool(const char *name, void *command) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  if (strlen(name) >= sizeof request.ifr_name) {
    errno = ENODEV;
    return -1;
  }
  strcpy(request.ifr_name, name);
  request.ifr_data = command;
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  int result = ioctl(descriptor, SIOCETHTOOL, &request);
  int code = errno;
  close(descriptor);
  errno = code;
  return result;
}

/// 1 for Ethernet, 0 for anything else, -1 where there is no such interface.
static inline int clinux_interface_is_ethernet(const char *name) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  if (strlen(name) >= sizeof request.ifr_name) return -1;
  strcpy(request.ifr_name, name);
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  int result = ioctl(descriptor, SIOCGIFHWADDR, &request);
  close(descriptor);
  return result == 0 ? request.ifr_hwaddr.sa_family == ARPHRD_ETHER : -1;
}

/// The driver's name as `ethtool -i` shows it, with a zero at its end; -1 where the driver tells none.
static inline int clinux_interface_driver(const char *name, char driver[33]) {
  struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
  if (clinux_ethtool(name, &info) != 0) return -1;
  memcpy(driver, info.driver, 32);
  driver[32] = 0;
  return 0;
}

/// Counters as `ethtool -S` shows them: up to `capacity` values, and as many names of 32 octets each, one behind the
/// other and filled up with zeros. Their number, or -1.
static inline int clinux_interface_counters(const char *name, char *names, uint64_t *values, int capacity) {
  struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
  if (clinux_ethtool(name, &info) != 0) return -1;
  uint32_t count = info.n_stats;
  if (count == 0) return 0;
  if (count > 4096) return -1;
  // The kernel writes as many entries as there are by then, whatever it is told: with room for some more, answers of
  // another length are dropped.
  size_t room = (size_t)count + 1024;
  struct ethtool_gstrings *strings = calloc(1, sizeof *strings + room * ETH_GSTRING_LEN);
  struct ethtool_stats *stats = calloc(1, sizeof *stats + room * sizeof(uint64_t));
  int result = -1;
  if (strings && stats) {
    strings->cmd = ETHTOOL_GSTRINGS;
    strings->string_set = ETH_SS_STATS;
    strings->len = count;
    stats->cmd = ETHTOOL_GSTATS;
    stats->n_stats = count;
    if (clinux_ethtool(name, strings) == 0 && clinux_ethtool(name, stats) == 0 && strings->len == count &&
        stats->n_stats == count) {
      result = count < (uint32_t)capacity ? (int)count : capacity;
      for (int i = 0; i < result; i++) {
        memcpy(names + (size_t)i * 32, strings->data + (size_t)i * ETH_GSTRING_LEN, 32);
        values[i] = stats->data[i];
      }
    }
  }
  free(strings);
  free(stats);
  return result;
}
