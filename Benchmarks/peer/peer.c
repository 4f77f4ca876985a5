// Decodes or encodes one message N times with libcbv2g, for an instruction counter. Built once per message set by
// ../peer.sh, which defines HEADER_DECODER, HEADER_ENCODER, DOCUMENT, DECODE and ENCODE.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include HEADER_DECODER
#include HEADER_ENCODER

static uint8_t octets[1 << 16];
static uint8_t output[1 << 16];
static struct DOCUMENT document;

static int decode(size_t count) {
  exi_bitstream_t stream;
  exi_bitstream_init(&stream, octets, count, 0, NULL);
  return DECODE(&stream, &document);
}

// The number of octets, or -1.
static long encode(void) {
  exi_bitstream_t stream;
  exi_bitstream_init(&stream, output, sizeof output, 0, NULL);
  return ENCODE(&stream, &document) == 0 ? (long)exi_bitstream_get_length(&stream) : -1;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s decode|encode N HEXADECIMAL\n", argv[0]);
    return 64;
  }
  size_t count = strlen(argv[3]) / 2;
  if (count > sizeof octets) return 2;
  for (size_t index = 0; index < count; index++) {
    unsigned octet;
    if (sscanf(argv[3] + 2 * index, "%2x", &octet) != 1) return 2;
    octets[index] = (uint8_t)octet;
  }
  // Once to check: what it decodes it must encode to the same octets, or the count is of something else.
  if (decode(count) != 0) return 1;
  if (encode() != (long)count || memcmp(octets, output, count) != 0) return 1;
  long times = atol(argv[2]);
  if (strcmp(argv[1], "decode") == 0) {
    for (long index = 0; index < times; index++) decode(count);
  } else {
    for (long index = 0; index < times; index++) encode();
  }
  return 0;
}
