// wake INTERFACE: what the machine takes for a wake-up, and for a wake-up that sends a frame: the least any program pays.
//
// Waits 20 ms a hundred times, then as often again with a HomePlug frame sent after each. Prints both in ms.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { turns = 100, wait = 20 };

static double processor(void) {
  char text[200] = "";
  int file = open("/proc/self/schedstat", O_RDONLY);
  if (file < 0 || read(file, text, sizeof text - 1) <= 0) exit(1);
  close(file);
  return atof(text) / 1e6;
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  int line = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll place = {
      .sll_family = AF_PACKET, .sll_protocol = htons(0x88E1), .sll_ifindex = (int)if_nametoindex(arguments[1])};
  int queue = epoll_create1(0);
  if (line < 0 || queue < 0 || bind(line, (struct sockaddr *)&place, sizeof place) != 0) return 1;
  // To nobody: a CM_MNBC_SOUND.IND that no modem counts, as its application type is none.
  unsigned char frame[71] = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0xE1, 0x88, 0xE1, 1, 0x76, 0x60, 0, 0, 0xFF};
  struct epoll_event event;
  double begin = processor();
  for (int turn = 0; turn < turns; turn++) epoll_wait(queue, &event, 1, wait);
  double middle = processor();
  for (int turn = 0; turn < turns; turn++) {
    epoll_wait(queue, &event, 1, wait);
    if (send(line, frame, sizeof frame, 0) < 0) return 1;
  }
  printf("%.4f %.4f\n", (middle - begin) / turns, (processor() - middle) / turns);
  return 0;
}
