#include "collect/names.h"

#include <cstring>
#include <filesystem>
#include <iterator>
#include <string_view>

#include "collect/proc.h"
#include "record/source_hash.h"

namespace hasten::collect {
namespace {

constexpr size_t kSourceBytesMax = 8u << 20;

void append_utf8(uint32_t point, std::string& text) {
  if (point < 0x80) {
    text.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    text.push_back(static_cast<char>(0xc0 | point >> 6));
    text.push_back(static_cast<char>(0x80 | (point & 0x3f)));
  } else if (point >= 0xdc80 && point <= 0xdcff) {
    text.push_back(static_cast<char>(point - 0xdc00));  // surrogateescape
  } else if (point >= 0xd800 && point <= 0xdfff) {
    text.push_back('?');
  } else if (point < 0x10000) {
    text.push_back(static_cast<char>(0xe0 | point >> 12));
    text.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3f)));
    text.push_back(static_cast<char>(0x80 | (point & 0x3f)));
  } else {
    text.push_back(static_cast<char>(0xf0 | (point >> 18 & 0x07)));
    text.push_back(static_cast<char>(0x80 | (point >> 12 & 0x3f)));
    text.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3f)));
    text.push_back(static_cast<char>(0x80 | (point & 0x3f)));
  }
}

/// From 3.12 on a frame of the interpreter's own stands between a call of a class and its __init__; file and function of
/// its code are this.
constexpr std::string_view kOwnCode = "__init__";

/// "/lib/python3.11/" and the like stand in the path of every standard library.
bool in_standard_library(const std::string& path) {
  const size_t at = path.find("/lib/python3.");
  return at != std::string::npos && path.find('/', at + 13) != std::string::npos;
}

}  // namespace

std::string to_utf8(const uint8_t* bytes, record::TextRef ref) {
  std::string text;
  for (uint32_t i = 0; i < ref.length; ++i) {
    uint32_t point = 0;
    std::memcpy(&point, bytes + static_cast<size_t>(i) * ref.unit_bytes, ref.unit_bytes);
    append_utf8(point, text);
  }
  return text;
}

bool is_own_file(const std::string& path) {
  return !path.empty() && path.front() != '<' && path.find("/site-packages/") == std::string::npos &&
         path.find("/dist-packages/") == std::string::npos && !in_standard_library(path);
}

record::SourceFile source_file(const std::string& path, const std::string& cwd, const std::string& root) {
  record::SourceFile source;
  source.path = path;
  source.own = is_own_file(path);
  if (source.own) {
    const std::string on_disk = root + (path.front() == '/' ? path : cwd + "/" + path);
    std::error_code ignored;
    std::string text = read_text(on_disk);
    if (std::filesystem::is_regular_file(on_disk, ignored) && text.size() <= kSourceBytesMax) {
      source.has_text = true;
      source.hash = record::source_hash(text);
      source.text = std::move(text);
    }
  }
  return source;
}

uint32_t NameTable::file(const std::string& path, const std::string& cwd) {
  const auto id = static_cast<uint32_t>(files_.size());
  const auto [place, is_new] = files_.emplace(path, id);
  if (!is_new) {
    return place->second;
  }
  writer_.add_file(source_file(path, cwd, root_));
  return id;
}

uint32_t NameTable::code(const std::string& path, record::Code code, const std::string& cwd) {
  if (path == kOwnCode && code.qualname == kOwnCode) {
    return kInterpretersOwn;
  }
  code.file = file(path, cwd);
  const auto id = static_cast<uint32_t>(codes_.size());
  const auto [place, is_new] =
      codes_.emplace(CodeKey{code.file, code.qualname, code.first_line, code.code_bytes, code.line_table}, id);
  if (is_new) {
    code_keys_.push_back(&place->first);
    writer_.add_code(code);
  }
  return place->second;
}

uint32_t NameTable::node(const record::StackNode& node) {
  if (node.code == kInterpretersOwn) {
    return node.parent;
  }
  const auto id = static_cast<uint32_t>(nodes_.size() + 1);
  const auto [place, is_new] = nodes_.emplace(NodeKey{node.parent, node.code, node.offset, node.compiled_line}, id);
  if (is_new) {
    node_origins_.emplace_back(node.parent, node.code);
    writer_.add_stack(node);
  }
  return place->second;
}

uint32_t NameTable::without_frame_of(uint32_t code, uint32_t node) const {
  if (node == 0 || node > node_origins_.size() || code >= code_keys_.size()) {
    return node;
  }
  const auto [parent, own] = node_origins_[node - 1];
  if (own >= code_keys_.size()) {
    return node;
  }
  const auto is_same = [](const CodeKey& a, const CodeKey& b) {
    return std::get<0>(a) == std::get<0>(b) && std::get<1>(a) == std::get<1>(b) && std::get<2>(a) == std::get<2>(b);
  };
  return is_same(*code_keys_[code], *code_keys_[own]) ? parent : node;
}

uint32_t NameTable::native_function(uint32_t process, uint64_t address) {
  const auto id = static_cast<uint32_t>(native_functions_.size());
  const auto [place, is_new] = native_functions_.emplace(std::pair(process, address), id);
  if (is_new) {
    writer_.add_native_function({process, address});
  }
  return place->second;
}

uint32_t NameTable::mixed(const record::MixedNode& node) {
  const auto id = static_cast<uint32_t>(mixed_.size() + 1);
  const auto [place, is_new] = mixed_.emplace(static_cast<uint64_t>(node.parent) << 32 | node.frame, id);
  if (is_new) {
    writer_.add_mixed(node);
  }
  return place->second;
}

}  // namespace hasten::collect
