#pragma once

// Events of one log group as a compressed, immutable block. Format: docs/formats/log_block.md.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/engine.h"

namespace securebase::events {

/// A log event as it is stored. (sequence, index) is unique: the journal record that brought it
/// and its place in there.
struct StoredEvent {
  std::int64_t time_ms = 0;
  std::int64_t ingested_ms = 0;
  storage::Sequence sequence = 0;
  std::uint32_t index = 0;
  std::uint32_t stream = 0;  // number within the group
  std::string message;
};

/// By time; events of one time in the order of their arrival.
bool IsEarlier(const StoredEvent& a, const StoredEvent& b);

inline constexpr std::string_view kLogFileMagic = "SBLOGBK1";

/// Where a block lies, and what it holds.
struct LogBlock {
  std::uint64_t file_id = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t raw_size = 0;
  std::uint64_t checksum = 0;  // of the stored bytes
  std::uint32_t count = 0;
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
};

/// Encodes and compresses events, ascending by IsEarlier and not empty; fills in all of `block`
/// but file and offset.
std::string EncodeLogBlock(const std::vector<const StoredEvent*>& events, LogBlock& block);

/// Decodes a block of `file`, whose name is for messages. Damage is kInternal with file and
/// offset.
Result<std::vector<StoredEvent>> DecodeLogBlock(std::string_view file, const LogBlock& block,
                                                std::string_view file_name);

std::string EncodeLogBlockEntry(const LogBlock& block, std::uint32_t group_id);
struct LogBlockEntry {
  LogBlock block;
  std::uint32_t group_id = 0;
};
std::optional<LogBlockEntry> DecodeLogBlockEntry(std::string_view bytes);

}  // namespace securebase::events
