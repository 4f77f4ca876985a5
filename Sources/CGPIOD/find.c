#define _GNU_SOURCE 1

#include "backend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int cgpio_library_major(void) { return CGPIO_MAJOR; }

void cgpio_copy(char *to, const char *from, unsigned size) {
  snprintf(to, size, "%s", from ? from : "");
}

int cgpio_unblock(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

static int is_chip(const struct dirent *entry) { return strncmp(entry->d_name, "gpiochip", 8) == 0; }

/// Hits of one chip; -1 with errno where it cannot be asked.
typedef int (*chip_search)(struct gpiod_chip *chip, const char *wanted, uint32_t *offset);

static int search_line(struct gpiod_chip *chip, const char *name, uint32_t *offset) {
  int hits = 0;
  int count = cgpio_chip_lines(chip);
  if (count < 0) return -1;
  for (int i = 0; i < count; i++) {
    struct cgpio_line_info info;
    if (cgpio_chip_line(chip, (unsigned)i, &info) != 0) return -1;
    if (strcmp(info.name, name) != 0) continue;
    hits++;
    *offset = (uint32_t)i;
  }
  return hits;
}

static int search_label(struct gpiod_chip *chip, const char *wanted, uint32_t *offset) {
  (void)offset;
  char label[cgpio_name_max];
  if (cgpio_chip_label(chip, label) != 0) return -1;
  return strcmp(label, wanted) == 0;
}

/// Hits on the chip behind a path. Aliases are skipped: boards have symbolic links from a chip's former number, and a
/// line is not there twice because of one.
static int search_path(const char *path, chip_search search, const char *wanted, uint32_t *offset) {
  struct stat status;
  if (lstat(path, &status) != 0) return -1;
  if (!S_ISCHR(status.st_mode)) return 0;
  struct gpiod_chip *chip = gpiod_chip_open(path);
  if (!chip) return -1;
  int hits = search(chip, wanted, offset);
  int code = errno;
  gpiod_chip_close(chip);
  errno = code;
  return hits;
}

static int find(const char *devices, chip_search search, const char *wanted, struct cgpio_place *place) {
  // A name cut to fit would find another line.
  if (wanted[0] == 0 || strlen(wanted) >= cgpio_name_max) {
    errno = ENOENT;
    return -1;
  }
  struct dirent **entries;
  int count = scandir(devices, &entries, is_chip, versionsort);
  if (count < 0) return -1;
  int total = 0, reason = ENOENT;
  for (int i = 0; i < count; i++) {
    char path[cgpio_path_max];
    uint32_t offset = 0;
    int length = snprintf(path, sizeof path, "%s/%s", devices, entries[i]->d_name);
    free(entries[i]);
    if (length < 0 || length >= (int)sizeof path) continue;
    int hits = search_path(path, search, wanted, &offset);
    if (hits < 0) {
      // A chip that has just gone cannot have the line. For others: what cannot be looked into may have it.
      if (errno != ENOENT && errno != ENODEV && errno != ENXIO) reason = errno;
      continue;
    }
    if (hits > 0 && total == 0) {
      memcpy(place->path, path, sizeof path);
      if (search == search_line) place->offset = offset;
    }
    total += hits;
  }
  free(entries);
  if (total == 1) return 0;
  errno = total > 1 ? ENOTUNIQ : reason;
  return -1;
}

int cgpio_find_line(const char *devices, const char *name, struct cgpio_place *place) {
  return find(devices, search_line, name, place);
}

int cgpio_find_chip(const char *devices, const char *label, struct cgpio_place *place) {
  return find(devices, search_label, label, place);
}

int cgpio_line_info(const struct cgpio_place *place, struct cgpio_line_info *info) {
  struct gpiod_chip *chip = gpiod_chip_open(place->path);
  if (!chip) return -1;
  int result = cgpio_chip_line(chip, place->offset, info);
  int code = errno;
  gpiod_chip_close(chip);
  errno = code;
  return result;
}
