#include "collect/spawn.h"

#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "record/region.h"

namespace hasten::collect {
namespace {

constexpr std::string_view kPreload = "LD_PRELOAD=";

/// The program's environment with our two variables in it. They go to the end, and the probe puts back
/// what was there.
std::vector<std::string> with_probe(const Command& command) {
  std::vector<std::string> environment = command.environment;
  std::string theirs;
  bool had_preload = false;
  for (std::string& entry : environment) {
    if (entry.starts_with(kPreload)) {
      theirs = entry.substr(kPreload.size());
      entry = fmt::format("{}{}:{}", kPreload, command.probe_path, theirs);
      had_preload = true;
    }
  }
  if (!had_preload) {
    environment.push_back(fmt::format("{}{}", kPreload, command.probe_path));
  }
  environment.push_back(fmt::format("{}={}:{}:{}:{}", record::kProbeVariable, record::kRegionVersion, ::getpid(),
                                    command.region_fd, theirs));
  return environment;
}

std::vector<char*> as_pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<pid_t> spawn(const Command& command) {
  CHECK(!command.words.empty(), "nothing to run");
  std::vector<std::string> words = command.words;
  std::vector<std::string> environment = command.environment;
  if (!command.probe_path.empty()) {
    environment = with_probe(command);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // What this interpreter ignores for itself must not be ignored in the program.
  sigset_t defaults, mask;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGXFSZ);
  sigemptyset(&mask);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &mask);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  std::vector<char*> argv = as_pointers(words);
  std::vector<char*> envp = as_pointers(environment);
  const int failure = ::posix_spawnp(&pid, argv[0], nullptr, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) {
    return Error{"collect.spawn", fmt::format("cannot run {}: {}", words[0], std::strerror(failure)),
                 failure == ENOENT ? "check the name or give the full path" : ""};
  }
  return pid;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    environment.emplace_back(*entry);
  }
  return environment;
}

std::vector<std::pair<std::string, std::string>> telling_variables(const std::vector<std::string>& environment) {
  std::vector<std::pair<std::string, std::string>> telling;
  for (const std::string& entry : environment) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos) {
      continue;
    }
    const std::string name = entry.substr(0, equals);
    const bool tells = name.starts_with("PYTHON") || name.starts_with("LC_") || name.starts_with("OMP_") ||
                       name.starts_with("HASTEN_JIT") || name == "LANG" || name == "TZ" || name == "VIRTUAL_ENV" ||
                       name == "LD_PRELOAD" || name == "OPENBLAS_NUM_THREADS" || name == "MKL_NUM_THREADS";
    if (tells) {
      telling.emplace_back(name, entry.substr(equals + 1));
    }
  }
  return telling;
}

}  // namespace hasten::collect
