#pragma once

// Invariants of ours. Outside bytes (requests, files, peers) never reach a check: they get a
// Result. See docs/architecture.md, "Errors and invariants".

#include <string_view>

namespace securebase {

/// Prints the condition, its place and `detail`, flushes the log and ends the process. Recovery
/// replays the journal: better stopped than wrong.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line,
                              std::string_view detail = {});

}  // namespace securebase

/// On in every build: for mistakes that would write or acknowledge wrong data.
#define SB_CHECK(condition, ...)                                                            \
  do {                                                                                      \
    if (!(condition)) [[unlikely]] {                                                        \
      ::securebase::CheckFailed(#condition, __FILE__, __LINE__ __VA_OPT__(, ) __VA_ARGS__); \
    }                                                                                       \
  } while (false)

/// For hot loops: on in all builds but the release build.
#ifdef SB_DCHECKS
#define SB_DCHECK(condition, ...) SB_CHECK(condition __VA_OPT__(, ) __VA_ARGS__)
#else
#define SB_DCHECK(condition, ...) \
  do {                            \
  } while (false && (condition))
#endif
