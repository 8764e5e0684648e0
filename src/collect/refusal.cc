#include "collect/refusal.h"

#include <elf.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

#include "collect/proc.h"

namespace hasten::collect {
namespace {

constexpr uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD of the kernel's sched.h

/// State and flags of /proc/PID/stat.
struct Stat {
  char state = '?';
  uint64_t flags = 0;
};

Stat stat_of(uint32_t pid) {
  const std::string text = read_text(proc_path(pid, "stat"));
  Stat stat;
  const size_t name_end = text.rfind(')');
  if (name_end != std::string::npos) {
    std::istringstream fields(text.substr(name_end + 1));
    std::string parent, group, session, terminal, foreground;
    fields >> stat.state >> parent >> group >> session >> terminal >> foreground >> stat.flags;
  }
  return stat;
}

/// What follows a label of /proc/PID/status.
std::string status_field(uint32_t pid, std::string_view label) {
  std::istringstream lines(read_text(proc_path(pid, "status")));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with(label)) {
      return line.substr(label.size());
    }
  }
  return "";
}

/// What would let us read it, by what stands in the way.
std::string remedy(uint32_t pid) {
  std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
  std::string scope;
  file >> scope;
  if (scope == "3") {
    return "kernel.yama.ptrace_scope is 3, which stays so until the machine starts anew; start the program with hasten "
           "run";
  }
  if (has_own_numbers(pid)) {
    return ::geteuid() == 0 ? "it is in a container, and this root lacks the capability SYS_PTRACE; run Hasten inside "
                              "that container, or as root of the host with --pid of the host's number"
                            : "it is in a container; use sudo, or run Hasten inside that container";
  }
  if (::geteuid() == 0) {
    return "this root lacks the capability SYS_PTRACE; in a container add it (--cap-add SYS_PTRACE), or run Hasten on "
           "the host with --pid of the host's number";
  }
  const std::string owner = status_field(pid, "Uid:");
  if (!owner.empty() && std::strtoul(owner.c_str(), nullptr, 10) != ::geteuid()) {
    return "it is another user's; use sudo, or in a container add the capability SYS_PTRACE";
  }
  if (!scope.empty() && scope != "0") {
    return fmt::format("use sudo, or let users read their own processes: sysctl kernel.yama.ptrace_scope=0 (it is {})",
                       scope);
  }
  return "use sudo, or in a container add the capability SYS_PTRACE";
}

}  // namespace

std::string foreign_machine(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Elf32_Ehdr header;  // both classes have the machine at the same place
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return "";
  }
  const bool other_order = header.e_ident[EI_DATA] == ELFDATA2MSB;
  const auto machine =
      static_cast<uint16_t>(other_order ? header.e_machine >> 8 | header.e_machine << 8 : header.e_machine);
  const bool narrow = header.e_ident[EI_CLASS] == ELFCLASS32;
  struct Name {
    uint16_t machine;
    std::string_view narrow, wide;
  };
  constexpr std::array<Name, 9> kNames{{{EM_X86_64, "x32", ""},
                                        {EM_386, "i386", "i386"},
                                        {EM_AARCH64, "arm64ilp32", "aarch64"},
                                        {EM_ARM, "arm", "arm"},
                                        {EM_RISCV, "riscv32", "riscv64"},
                                        {EM_PPC64, "ppc64", "ppc64"},
                                        {EM_S390, "s390", "s390x"},
                                        {EM_MIPS, "mips", "mips64"},
                                        {EM_LOONGARCH, "loongarch32", "loongarch64"}}};
  for (const Name& name : kNames) {
    if (name.machine == machine) {
      return std::string(narrow ? name.narrow : name.wide);
    }
  }
  return fmt::format("machine {} of ELF", machine);
}

Error why_not_readable(uint32_t pid) {
  const Stat stat = stat_of(pid);
  if (stat.state == 'Z' || stat.state == 'X') {
    return Error{"attach.no_process", fmt::format("process {} has ended; only its parent has not noticed yet", pid),
                 ""};
  }
  if ((stat.flags & kKernelThread) != 0) {
    return Error{"attach.not_python", fmt::format("process {} is a thread of the kernel", pid), ""};
  }
  return Error{"attach.not_allowed", fmt::format("the kernel does not let this user read process {}", pid),
               remedy(pid)};
}

bool has_own_numbers(uint32_t pid) {
  std::istringstream numbers(status_field(pid, "NSpid:"));
  std::string outer, inner;
  return static_cast<bool>(numbers >> outer >> inner);
}

}  // namespace hasten::collect
