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

#ifdef __cplusplus
}
#endif
#endif
