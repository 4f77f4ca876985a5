#include "backend.h"

#if CGPIO_MAJOR == 2

#include <errno.h>
#include <stdlib.h>

struct cgpio_request {
  struct gpiod_line_request *lines;
  struct gpiod_edge_event_buffer *buffer; // for a line with edges
  uint32_t offset;
  uint32_t sequence;
  bool debounces;
};

const char *cgpio_library_version(void) { return gpiod_api_version(); }

int cgpio_chip_lines(struct gpiod_chip *chip) {
  struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
  if (!info) return -1;
  int count = (int)gpiod_chip_info_get_num_lines(info);
  gpiod_chip_info_free(info);
  return count;
}

int cgpio_chip_label(struct gpiod_chip *chip, char label[cgpio_name_max]) {
  struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
  if (!info) return -1;
  cgpio_copy(label, gpiod_chip_info_get_label(info), cgpio_name_max);
  gpiod_chip_info_free(info);
  return 0;
}

int cgpio_chip_line(struct gpiod_chip *chip, unsigned offset, struct cgpio_line_info *info) {
  struct gpiod_line_info *line = gpiod_chip_get_line_info(chip, offset);
  if (!line) return -1;
  cgpio_copy(info->name, gpiod_line_info_get_name(line), sizeof info->name);
  cgpio_copy(info->consumer, gpiod_line_info_get_consumer(line), sizeof info->consumer);
  info->used = gpiod_line_info_is_used(line);
  info->output = gpiod_line_info_get_direction(line) == GPIOD_LINE_DIRECTION_OUTPUT;
  info->active_low = gpiod_line_info_is_active_low(line);
  gpiod_line_info_free(line);
  return 0;
}

static int fill_input(struct gpiod_line_settings *line, const struct cgpio_settings *settings) {
  static const enum gpiod_line_edge edges[] = {GPIOD_LINE_EDGE_NONE, GPIOD_LINE_EDGE_RISING,
                                               GPIOD_LINE_EDGE_FALLING, GPIOD_LINE_EDGE_BOTH};
  if (gpiod_line_settings_set_direction(line, GPIOD_LINE_DIRECTION_INPUT) != 0) return -1;
  if (gpiod_line_settings_set_edge_detection(line, edges[settings->edges & 3]) != 0) return -1;
  gpiod_line_settings_set_debounce_period_us(line, settings->debounce_us);
  return gpiod_line_settings_set_event_clock(line, GPIOD_LINE_CLOCK_MONOTONIC);
}

static int fill_output(struct gpiod_line_settings *line, const struct cgpio_settings *settings) {
  static const enum gpiod_line_drive drives[] = {GPIOD_LINE_DRIVE_PUSH_PULL, GPIOD_LINE_DRIVE_OPEN_DRAIN,
                                                 GPIOD_LINE_DRIVE_OPEN_SOURCE};
  if (settings->drive > cgpio_drive_open_source) {
    errno = EINVAL;
    return -1;
  }
  if (gpiod_line_settings_set_direction(line, GPIOD_LINE_DIRECTION_OUTPUT) != 0) return -1;
  if (gpiod_line_settings_set_drive(line, drives[settings->drive]) != 0) return -1;
  return gpiod_line_settings_set_output_value(
      line, settings->initial ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
}

static int fill(struct gpiod_line_settings *line, const struct cgpio_settings *settings) {
  static const enum gpiod_line_bias biases[] = {GPIOD_LINE_BIAS_AS_IS, GPIOD_LINE_BIAS_DISABLED,
                                                GPIOD_LINE_BIAS_PULL_UP, GPIOD_LINE_BIAS_PULL_DOWN};
  if (gpiod_line_settings_set_bias(line, biases[settings->bias & 3]) != 0) return -1;
  gpiod_line_settings_set_active_low(line, settings->active_low);
  return settings->output ? fill_output(line, settings) : fill_input(line, settings);
}

static struct gpiod_line_request *take(const struct cgpio_place *place, const struct cgpio_settings *settings,
                                       const char *consumer) {
  struct gpiod_line_request *lines = NULL;
  struct gpiod_chip *chip = gpiod_chip_open(place->path);
  struct gpiod_line_settings *line = gpiod_line_settings_new();
  struct gpiod_line_config *config = gpiod_line_config_new();
  struct gpiod_request_config *request = gpiod_request_config_new();
  unsigned offset = place->offset;
  if (chip && line && config && request && fill(line, settings) == 0 &&
      gpiod_line_config_add_line_settings(config, &offset, 1, line) == 0) {
    gpiod_request_config_set_consumer(request, consumer);
    gpiod_request_config_set_event_buffer_size(request, settings->event_buffer);
    lines = gpiod_chip_request_lines(chip, request, config);
  }
  int code = errno;
  if (request) gpiod_request_config_free(request);
  if (config) gpiod_line_config_free(config);
  if (line) gpiod_line_settings_free(line);
  if (chip) gpiod_chip_close(chip);
  errno = code;
  return lines;
}

struct cgpio_request *cgpio_request(const struct cgpio_place *place, const struct cgpio_settings *settings,
                                    const char *consumer) {
  struct cgpio_request *request = calloc(1, sizeof *request);
  if (!request) return NULL;
  bool edges = !settings->output && settings->edges != cgpio_edges_none;
  request->offset = place->offset;
  request->debounces = !settings->output && settings->debounce_us > 0;
  request->lines = take(place, settings, consumer);
  if (request->lines && edges) request->buffer = gpiod_edge_event_buffer_new(cgpio_events_max);
  if (request->lines && (!edges || (request->buffer && cgpio_unblock(gpiod_line_request_get_fd(request->lines)) == 0)))
    return request;
  int code = errno;
  cgpio_release(request);
  errno = code;
  return NULL;
}

void cgpio_release(struct cgpio_request *request) {
  if (request->buffer) gpiod_edge_event_buffer_free(request->buffer);
  if (request->lines) gpiod_line_request_release(request->lines);
  free(request);
}

bool cgpio_debounces(const struct cgpio_request *request) { return request->debounces; }

int cgpio_get(struct cgpio_request *request) { return gpiod_line_request_get_value(request->lines, request->offset); }

int cgpio_set(struct cgpio_request *request, bool value) {
  return gpiod_line_request_set_value(request->lines, request->offset,
                                      value ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
}

int cgpio_descriptor(struct cgpio_request *request) {
  return request->buffer ? gpiod_line_request_get_fd(request->lines) : -1;
}

int cgpio_read_events(struct cgpio_request *request, struct cgpio_event *events, int max) {
  int got = gpiod_line_request_read_edge_events(request->lines, request->buffer,
                                                (size_t)(max < cgpio_events_max ? max : cgpio_events_max));
  if (got < 0) return errno == EAGAIN ? 0 : -1;
  for (int i = 0; i < got; i++) {
    struct gpiod_edge_event *raw = gpiod_edge_event_buffer_get_event(request->buffer, (unsigned long)i);
    uint32_t sequence = (uint32_t)gpiod_edge_event_get_line_seqno(raw);
    events[i] = (struct cgpio_event){
        .nanoseconds = (int64_t)gpiod_edge_event_get_timestamp_ns(raw),
        .sequence = sequence,
        .missed = sequence - request->sequence - 1,
        .rising = gpiod_edge_event_get_event_type(raw) == GPIOD_EDGE_EVENT_RISING_EDGE};
    request->sequence = sequence;
  }
  return got;
}

#endif
