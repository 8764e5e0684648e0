"""A shared library with call chains that are known, compiled for the test."""

import ctypes
import shutil
import subprocess

import pytest

SOURCE = """\
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define KEPT __attribute__((noinline, noclone))
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
/* Burns so much of this thread's CPU time, and says how much it was. */
KEPT double burn(double seconds) {
  const double begin = now();
  volatile double x = 1;
  double end;
  do {
    for (int i = 0; i < 20000; ++i) x = x * 1.0000001 + 1e-9;
    end = now();
  } while (end - begin < seconds);
  return end - begin;
}
KEPT double heavy(double seconds) { return burn(seconds) + 0.0 * seconds; }
KEPT double light(double seconds) { return burn(seconds) * 1.0 + 0.0; }
/* Three quarters below heavy, one below light, in turns. */
KEPT double split(double *spent) {
  for (int i = 0; i < 20; ++i) {
    spent[0] += heavy(0.0375);
    spent[1] += light(0.0125);
  }
  return spent[0] + spent[1];
}
KEPT double recurse(int depth, double seconds) {
  volatile char room[200];
  room[depth] = (char)depth;
  const double spent = depth == 0 ? burn(seconds) : recurse(depth - 1, seconds);
  return spent + 0.0 * room[depth];
}
/* A call in tail position: with optimisation, its frame is gone. */
KEPT double tail(double seconds) { return heavy(seconds); }
KEPT double before_tail(double seconds) { return tail(seconds) + 0.0; }
/* Called by another name through the PLT. */
double exported_burn(double seconds) { return burn(seconds) + 0.0; }
KEPT double through_plt(double seconds) { return exported_burn(seconds) + 0.0; }
/* A frame whose size only the run knows. */
KEPT double variable_frame(int bytes, double seconds) {
  volatile char *room = __builtin_alloca(bytes);
  memset((void *)room, 1, bytes);
  return burn(seconds) + 0.0 * room[bytes - 1];
}
typedef int (*Compare)(const void *, const void *);
KEPT void sort_two(Compare compare) {
  int numbers[2] = {2, 1};
  qsort(numbers, 2, sizeof *numbers, compare);
  numbers[0] += 1;
}
/* Threads of C alone. */
struct Work { double wanted, spent; };
KEPT double work(double seconds) { return burn(seconds) + 0.0; }
static void *run(void *raw) {
  struct Work *w = raw;
  w->spent = work(w->wanted);
  return NULL;
}
double threads(int count, double seconds) {
  pthread_t ids[16];
  struct Work works[16];
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    works[i] = (struct Work){seconds, 0};
    pthread_create(&ids[i], NULL, run, &works[i]);
  }
  for (int i = 0; i < count; ++i) {
    pthread_join(ids[i], NULL);
    sum += works[i].spent;
  }
  return sum;
}
/* A pool of one thread, started once, that works while its caller works too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static double wanted, spent;
static void *serve(void *nothing) {
  pthread_mutex_lock(&lock);
  for (;;) {
    while (wanted == 0) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    const double used = work(wanted);
    pthread_mutex_lock(&lock);
    spent += used;
    wanted = 0;
    pthread_cond_broadcast(&changed);
  }
  return nothing;
}
void pool_start(void) {
  pthread_t id;
  pthread_create(&id, NULL, serve, NULL);
  pthread_detach(id);
}
double pool_work(double seconds) {
  pthread_mutex_lock(&lock);
  spent = 0;
  wanted = seconds;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  burn(seconds);
  pthread_mutex_lock(&lock);
  while (wanted != 0) pthread_cond_wait(&changed, &lock);
  const double result = spent;
  pthread_mutex_unlock(&lock);
  return result;
}
"""

# Put in front of every program: the library, with its signatures.
PRELUDE = """\
import ctypes, json, sys, time
lib = ctypes.CDLL(sys.argv[1])
for name in ("heavy", "light", "before_tail", "through_plt", "pool_work"):
    getattr(lib, name).argtypes = [ctypes.c_double]
    getattr(lib, name).restype = ctypes.c_double
for name in ("recurse", "variable_frame", "threads"):
    getattr(lib, name).argtypes = [ctypes.c_int, ctypes.c_double]
    getattr(lib, name).restype = ctypes.c_double
"""

FLAVOURS = {
    "omitted": ["-O2", "-fomit-frame-pointer"],
    "kept": ["-O2", "-fno-omit-frame-pointer"],
    "plain": ["-O0"],
}


def compiled(folder, flavour="omitted", extra=(), more=""):
    """The path of the library, with more C source if that is given. Skips the test where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    source, library = folder / "known.c", folder / f"libknown-{flavour}.so"
    source.write_text(SOURCE + more)
    subprocess.run(
        [compiler, *FLAVOURS[flavour], "-shared", "-fPIC", "-o", str(library), str(source), "-lpthread", *extra], check=True
    )
    ctypes.CDLL(str(library))  # or the compiler is not the one of this machine
    return library
