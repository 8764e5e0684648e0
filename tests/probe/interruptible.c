#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Calls that the kernel never restarts after a signal, each blocking for some 50 us just when one may be under way.
   Returns how many were interrupted. 0 poll, 1 select, 2 epoll_wait, 3 nanosleep, 4 sem_timedwait, 5 recv with a time-out. */
long interrupted(int call, long rounds) {
  long count = 0;
  int epoll = epoll_create1(0);
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  int ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  struct timeval patience = {0, 50};
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (long i = 0; i < rounds; ++i) {
    for (volatile long turn = 0; turn < 8000 + i % 97 * 20; ++turn) {}
    struct timespec until, moment = {0, 50000};
    struct timeval span = {0, 50};
    struct epoll_event event;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (until.tv_nsec + 50000) / 1000000000;
    until.tv_nsec = (until.tv_nsec + 50000) % 1000000000;
    int result = call == 0   ? poll(0, 0, i % 8 == 0)
                 : call == 1 ? select(0, 0, 0, 0, &span)
                 : call == 2 ? epoll_wait(epoll, &event, 1, i % 8 == 0)
                 : call == 3 ? nanosleep(&moment, 0)
                 : call == 4 ? sem_timedwait(&semaphore, &until)
                             : (int)recv(ends[0], &event, 1, 0);
    count += result < 0 && errno == EINTR;
  }
  close(epoll);
  close(ends[0]);
  close(ends[1]);
  return count;
}
