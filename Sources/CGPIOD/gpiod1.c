#include "backend.h"

#if CGPIO_MAJOR == 1

#include <errno.h>
#include <stdlib.h>

// Version 1 speaks the kernel's first interface: no debouncing, no sequence numbers, 16 events per line.

struct cgpio_request {
  struct gpiod_chip *chip; // owns the line
  struct gpiod_line *line;
  uint32_t sequence;
  uint8_t edges;
  int8_t last; // event type of the last edge, 0 for none
  bool full;   // the last read found the kernel's queue full
};

const char *cgpio_library_version(void) { return gpiod_version_string(); }

int cgpio_chip_lines(struct gpiod_chip *chip) { return (int)gpiod_chip_num_lines(chip); }

int cgpio_chip_label(struct gpiod_chip *chip, char label[cgpio_name_max]) {
  cgpio_copy(label, gpiod_chip_label(chip), cgpio_name_max);
  return 0;
}

int cgpio_chip_line(struct gpiod_chip *chip, unsigned offset, struct cgpio_line_info *info) {
  struct gpiod_line *line = gpiod_chip_get_line(chip, offset);
  if (!line) return -1;
  cgpio_copy(info->name, gpiod_line_name(line), sizeof info->name);
  cgpio_copy(info->consumer, gpiod_line_consumer(line), sizeof info->consumer);
  info->used = gpiod_line_is_used(line);
  info->output = gpiod_line_direction(line) == GPIOD_LINE_DIRECTION_OUTPUT;
  info->active_low = gpiod_line_active_state(line) == GPIOD_LINE_ACTIVE_STATE_LOW;
  return 0;
}

static int flags_of(const struct cgpio_settings *settings) {
  static const int bias[] = {0, GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE, GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP,
                             GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN};
  static const int drive[] = {0, GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN, GPIOD_LINE_REQUEST_FLAG_OPEN_SOURCE};
  int flags = bias[settings->bias & 3];
  if (settings->output && settings->drive <= cgpio_drive_open_source) flags |= drive[settings->drive];
  return settings->active_low ? flags | GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : flags;
}

static int kind_of(const struct cgpio_settings *settings) {
  if (settings->output) return GPIOD_LINE_REQUEST_DIRECTION_OUTPUT;
  switch (settings->edges) {
  case cgpio_edges_rising: return GPIOD_LINE_REQUEST_EVENT_RISING_EDGE;
  case cgpio_edges_falling: return GPIOD_LINE_REQUEST_EVENT_FALLING_EDGE;
  case cgpio_edges_both: return GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES;
  default: return GPIOD_LINE_REQUEST_DIRECTION_INPUT;
  }
}

static int take(struct cgpio_request *request, uint32_t offset, const struct cgpio_settings *settings,
                const char *consumer) {
  struct gpiod_line_request_config config = {
      .consumer = consumer, .request_type = kind_of(settings), .flags = flags_of(settings)};
  request->line = gpiod_chip_get_line(request->chip, offset);
  if (!request->line) return -1;
  if (gpiod_line_request(request->line, &config, settings->initial) != 0) {
    // The kernel's first interface says ENODEV where its second says ENXIO: the line has no interrupt.
    if (errno == ENODEV && request->edges) errno = ENXIO;
    return -1;
  }
  return request->edges ? cgpio_unblock(gpiod_line_event_get_fd(request->line)) : 0;
}

struct cgpio_request *cgpio_request(const struct cgpio_place *place, const struct cgpio_settings *settings,
                                    const char *consumer) {
  struct cgpio_request *request = calloc(1, sizeof *request);
  if (!request) return NULL;
  request->edges = settings->output ? 0 : settings->edges & 3;
  request->chip = gpiod_chip_open(place->path);
  if (request->chip && take(request, place->offset, settings, consumer) == 0) return request;
  int code = errno;
  cgpio_release(request);
  errno = code;
  return NULL;
}

void cgpio_release(struct cgpio_request *request) {
  // Closing the chip releases its lines.
  if (request->chip) gpiod_chip_close(request->chip);
  free(request);
}

bool cgpio_debounces(const struct cgpio_request *request) {
  (void)request;
  return false;
}

int cgpio_get(struct cgpio_request *request) { return gpiod_line_get_value(request->line); }

int cgpio_set(struct cgpio_request *request, bool value) { return gpiod_line_set_value(request->line, value); }

int cgpio_descriptor(struct cgpio_request *request) {
  return request->edges ? gpiod_line_event_get_fd(request->line) : -1;
}

int cgpio_read_events(struct cgpio_request *request, struct cgpio_event *events, int max) {
  struct gpiod_line_event raw[16]; // what the library takes at once
  int got = gpiod_line_event_read_multiple(request->line, raw, max < 16 ? (unsigned)max : 16);
  if (got < 0) return errno == EAGAIN ? 0 : -1;
  for (int i = 0; i < got; i++) {
    // A full queue drops the newest edges and says nothing: an even number of them shows in no direction. Between two equal
    // edges there was another one.
    bool missed = request->edges == cgpio_edges_both && (raw[i].event_type == request->last || request->full);
    request->full = false;
    request->sequence += missed ? 2 : 1;
    request->last = (int8_t)raw[i].event_type;
    events[i] = (struct cgpio_event){
        .nanoseconds = (int64_t)raw[i].ts.tv_sec * 1000000000 + raw[i].ts.tv_nsec,
        .sequence = request->sequence,
        .missed = missed,
        .rising = raw[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE};
  }
  request->full = got == 16;
  return got;
}

#endif
