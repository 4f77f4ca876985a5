#pragma once

// GPIO lines through libgpiod, the same for its versions 1.x (Debian 12) and 2.x (Debian 13, Yocto), whose interfaces
// have nothing in common. Which one is in use was decided when this was compiled; see backend.h.
//
// A request holds one line, so that both versions have one descriptor per line. Calls that fail return -1 or NULL and
// leave the reason in errno. Nothing here waits.

#include <stdbool.h>
#include <stdint.h>

enum { cgpio_path_max = 256, cgpio_name_max = 64, cgpio_events_max = 64 };

/// The library's major version, 1 or 2.
int cgpio_library_major(void);
/// The library's version as it tells it itself.
const char *cgpio_library_version(void);

// MARK: finding

/// A line of a chip. The chip is a path, good until the next boot.
struct cgpio_place {
  char path[cgpio_path_max];
  uint32_t offset;
};

/// Finds the line of that name on all chips in the directory `devices` (`/dev`).
/// ENOENT: no line has it; ENOTUNIQ: more than one has, also on one chip; EACCES: none of the chips that could be
/// opened has it, and some could not.
int cgpio_find_line(const char *devices, const char *name, struct cgpio_place *place);

/// Finds the chip of that label; errors as above. `place->offset` is left alone.
int cgpio_find_chip(const char *devices, const char *label, struct cgpio_place *place);

/// What is told about a line.
struct cgpio_line_info {
  char name[cgpio_name_max];
  char consumer[cgpio_name_max];
  bool used;
  bool output;
  bool active_low;
};
int cgpio_line_info(const struct cgpio_place *place, struct cgpio_line_info *info);

// MARK: requests

enum cgpio_bias { cgpio_bias_as_is, cgpio_bias_disabled, cgpio_bias_pull_up, cgpio_bias_pull_down };
enum cgpio_drive { cgpio_drive_push_pull, cgpio_drive_open_drain, cgpio_drive_open_source };
enum cgpio_edges { cgpio_edges_none = 0, cgpio_edges_rising = 1, cgpio_edges_falling = 2, cgpio_edges_both = 3 };

/// How a line is wanted. Values are logical: active low is already accounted for.
struct cgpio_settings {
  bool output;
  bool active_low;
  bool initial;  // of an output
  uint8_t edges; // of an input, enum cgpio_edges
  uint8_t bias;
  uint8_t drive;
  uint32_t debounce_us; // of an input
  uint32_t event_buffer; // events the kernel should keep, at most 1024; 0 for its default of 16
};

struct cgpio_request;

/// Takes the line. EBUSY: somebody else has it; ENXIO: edges are wanted and the line has no interrupt.
struct cgpio_request *cgpio_request(const struct cgpio_place *place, const struct cgpio_settings *settings,
                                    const char *consumer);
/// Gives the line back; what it does then is the controller's affair.
void cgpio_release(struct cgpio_request *request);

/// True where the kernel does the debouncing that was asked for; version 1 cannot ask.
bool cgpio_debounces(const struct cgpio_request *request);

/// 0, 1, or -1.
int cgpio_get(struct cgpio_request *request);
int cgpio_set(struct cgpio_request *request, bool value);

// MARK: edges

/// The descriptor that is readable when events wait; it does not block. -1 for a line without edges.
int cgpio_descriptor(struct cgpio_request *request);

struct cgpio_event {
  int64_t nanoseconds; // CLOCK_MONOTONIC, by the interrupt handler (kernel 5.7 and later)
  uint32_t sequence;   // counts the line's edges from 1, lost ones too
  uint32_t missed;     // edges lost before this one: exact with version 2; 1 for "some" with version 1
  bool rising;
};

/// Takes up to `max` waiting events, 0 where none waits.
int cgpio_read_events(struct cgpio_request *request, struct cgpio_event *events, int max);
