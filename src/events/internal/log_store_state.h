#pragma once

// What the parts of the embedded log store share.

#include <memory>
#include <string>
#include <vector>

#include "events/embedded_log_store.h"
#include "events/internal/log_plan.h"
#include "events/internal/log_state.h"

namespace securebase::events {

inline constexpr std::string_view kLogFileSuffix = ".lsg";
inline constexpr std::string_view kLogBlockSuffix = ".log";  // of the first format

/// Files that a checkpoint wrote in the place of others, or of a sealed head.
struct EmbeddedLogStore::Replacement {
  LogGroupPtr group;
  std::vector<std::shared_ptr<LogFile>> added;
  std::vector<std::shared_ptr<LogFile>> removed;
};

struct EmbeddedLogStore::State {
  LogState log;
  std::string folder;
  std::shared_ptr<LogFile::Shared> shared;
  std::vector<std::string> files_at_load;  // names
  std::vector<Replacement> replacements;   // of the checkpoint under way
};

}  // namespace securebase::events
