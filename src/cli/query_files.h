#pragma once

// Files, folders and standard input as the text of logs.

#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "insights/file_input.h"

namespace securebase::cli {

/// What the files are mapped to or unpacked into; the texts live as long as this.
struct QueryFiles {
  std::vector<insights::LogFile> files;
  std::vector<std::unique_ptr<MappedFile>> mapped;
  std::vector<std::unique_ptr<std::string>> texts;
};

/// Files by name, "-" for standard input, folders with all that is in them (but hidden names).
/// gzip and Zstandard are unpacked, by their first bytes. `now_ms`: the time of standard input.
/// kNotFound or kInvalidArgument name the file.
Result<QueryFiles> OpenQueryFiles(const std::vector<std::string>& names, std::int64_t now_ms);

}  // namespace securebase::cli
