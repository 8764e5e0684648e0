/* The C interface of libhasten_probe.so, for code in the profiled process that wants to be visible.
 * Find the functions with dlsym(RTLD_DEFAULT, name): they are there only under `hasten run`. */
#ifndef HASTEN_PROBE_H
#define HASTEN_PROBE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One step of a line table: from `offset` bytes after `begin`, the code belongs to `line`. */
struct hasten_probe_line {
  uint32_t offset;
  uint32_t line;
};

/* Makes machine code known: samples in [begin, end) are of class "compiled" and show as `function` at
 * `file`:line. Lines ascend by offset. The strings are copied. Not for signal handlers.
 * Returns 1 if it was noted, 0 if nobody is recording (or the recorder is too far behind). */
int hasten_probe_register_code(const void* begin, const void* end, const char* file, const char* function,
                               uint32_t first_line, const struct hasten_probe_line* lines, size_t line_count);

/* Adds one stretch to what was spent under a name: its wall time and the CPU time of the calling thread, both of which the
 * caller measured. The name is copied, up to 200 bytes of it. Not for signal handlers.
 * Returns 1 if it was noted, 0 if nobody is recording this thread (or the recorder is too far behind). */
int hasten_probe_label(const char* name, uint64_t wall_ns, uint64_t cpu_ns);

/* From now on each sample also calls `function`, in the signal handler, on the thread that is sampled. It must be safe
 * there, and take next to no time. Null: no more. Returns 1, or 0 if nobody is recording. */
int hasten_probe_at_samples(void (*function)(void));

#ifdef __cplusplus
}
#endif
#endif
