"""What libhasten_probe.so may need and show: it is loaded into every process of the program."""

import subprocess
from pathlib import Path

import pytest

import hasten

LIBRARY = Path(hasten.__file__).parent / "libhasten_probe.so"

# Nothing that allocates, locks, prints, or depends on a locale may appear here: the handler could come to it.
ALLOWED = {
    # system calls and the vdso
    "clock_gettime", "close", "fstat", "getpid", "getppid", "madvise", "mmap", "munmap", "open", "read",
    # strings
    "memcpy", "memmove", "memset", "strcspn", "strlen", "strncmp", "strnlen", "strstr", "strtoul", "strtoull",
    "__isoc23_strtoul", "__isoc23_strtoull",
    # set-up and thread start only: never the handler, but for pthread_setspecific with a key that has its place in the thread
    "dl_iterate_phdr", "dladdr1", "dlsym", "dlvsym", "free", "malloc", "getenv", "unsetenv", "pthread_atfork", "__register_atfork",
    "pthread_attr_destroy", "pthread_attr_getstack", "pthread_getattr_np", "pthread_key_create", "pthread_self",
    "pthread_setspecific", "environ", "__environ",
    # coming into a program that runs already: never the handler
    "dladdr", "strchr",
    # where a loop's selector is made: never the handler
    "dl_iterate_phdr", "mprotect", "sysconf", "strcmp", "strrchr", "memcmp",
    # system(), which is ours
    "posix_spawnattr_destroy", "posix_spawnattr_init", "posix_spawnattr_setflags", "posix_spawnattr_setsigdefault",
    "posix_spawnattr_setsigmask",
    # signals
    "__errno_location", "__libc_current_sigrtmax", "__libc_current_sigrtmin", "sigaddset", "sigdelset", "sigemptyset",
    "sigismember",
    # the linker's own
    "__cxa_finalize", "__gmon_start__", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__tls_get_addr",
}

EXPORTED = {
    "pthread_create", "sigaction", "signal", "pthread_sigmask", "sigprocmask", "hasten_probe_register_code", "hasten_probe_label",
    "hasten_probe_at_samples",
    "PyInit__hasten_probe",
    "execve", "execv", "execvp", "execvpe", "fexecve", "execl", "execlp", "execle", "posix_spawn", "posix_spawnp", "system",
    "wait", "wait3", "wait4", "waitpid", "waitid", "_exit", "_Exit",
    "nanosleep", "clock_nanosleep", "sem_wait", "sem_timedwait", "sem_clockwait", "pthread_join",
    "poll", "ppoll", "select", "pselect", "epoll_wait", "epoll_pwait", "read", "write", "readv",
    "writev", "pread", "pwrite", "pread64", "pwrite64", "fsync", "fdatasync", "flock", "recv",
    "recvfrom", "recvmsg", "send", "sendto", "sendmsg", "accept", "accept4", "connect",
    "pthread_cond_wait", "pthread_cond_timedwait", "pthread_cond_clockwait",
    "epoll_create", "epoll_create1", "socketpair",
    "stat", "lstat", "fstat", "fstatat", "stat64", "lstat64", "fstat64", "fstatat64", "access", "readlink", "unlink", "unlinkat",
    "rename", "mkdir", "rmdir", "close", "opendir", "fdopendir", "closedir", "readdir", "readdir64", "socket",
    "sendfile", "sendfile64", "copy_file_range", "splice", "munmap", "madvise", "fork", "ftruncate", "ftruncate64",
    "open", "open64", "openat", "openat64",
    "posix_fallocate", "posix_fallocate64", "truncate", "truncate64", "getrandom", "msync", "symlink", "link", "chmod", "fchmod",
    "fchmodat", "utimensat", "futimens", "mmap", "mmap64",
}  # fmt: skip


def symbols(*options):
    lines = subprocess.run(["nm", "-D", *options, str(LIBRARY)], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in lines.splitlines()}


def test_it_needs_nothing_but_libc():
    dynamic = subprocess.run(["readelf", "-d", str(LIBRARY)], capture_output=True, text=True, check=True).stdout
    assert [line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "(NEEDED)" in line] == ["libc.so.6"]


def test_every_function_it_needs_is_on_the_list():
    assert symbols("--undefined-only") - ALLOWED == set()


def test_it_shows_only_what_it_stands_in_front_of():
    assert symbols("--defined-only") == EXPORTED


def test_it_has_no_thread_local_storage_that_must_be_allocated():
    relocations = subprocess.run(["readelf", "-r", str(LIBRARY)], capture_output=True, text=True, check=True).stdout
    assert "DTPMOD64" not in relocations  # general-dynamic TLS; ours is initial-exec (TPOFF64)


@pytest.mark.process
def test_it_does_nothing_uninvited():
    result = subprocess.run(["/bin/true"], env={"LD_PRELOAD": str(LIBRARY)}, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
