// Starts the target: the program as the user gave it, with the probe preloaded; same terminal, process
// group, standard streams and directory; signals as a shell would have left them.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hasten::collect {

struct Command {
  std::vector<std::string> words;        ///< words[0] is looked up in PATH unless it holds a slash
  std::vector<std::string> environment;  ///< "NAME=VALUE", as the program is to see it
  std::string probe_path;                ///< libhasten_probe.so; empty: not measured
  int region_fd = -1;                    ///< of this process: the target reaches it through /proc
};

/// Error collect.spawn names the program and the reason.
Result<pid_t> spawn(const Command& command);

/// This process's environment as "NAME=VALUE".
std::vector<std::string> own_environment();

/// The variables among them that change what a Python program does.
std::vector<std::pair<std::string, std::string>> telling_variables(const std::vector<std::string>& environment);

}  // namespace hasten::collect
