#pragma once

// Bytes of a journal file: header and frames. docs/formats/journal.md is the full description.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/engine.h"

namespace securebase::storage {

inline constexpr std::uint64_t kFileHeaderBytes = 32;
inline constexpr std::uint64_t kFrameHeaderBytes = 24;

struct FileHeader {
  /// As in the file's name. Part of each frame's checksum, so that what an earlier life of a
  /// recycled file left behind is no frame.
  std::uint64_t number = 0;
  /// Of the first record in the file; the file before ends just before it.
  Sequence first_sequence = 0;
};

std::string EncodeFileHeader(const FileHeader& header);
/// kInternal, without the file's name.
Result<FileHeader> DecodeFileHeader(std::string_view file);

/// Bytes that a record takes in the file.
std::uint64_t FrameBytes(std::uint64_t record_bytes);

/// `index_in_batch`: how many records before this one were written by the same write. All before
/// those were durable already, which tells a torn batch from damage.
void AppendFrame(std::string& out, std::uint64_t file_number, Sequence sequence,
                 std::uint32_t index_in_batch, std::string_view record);

struct Frame {
  Sequence sequence = 0;
  std::uint32_t index_in_batch = 0;
  std::string_view record;
  std::uint64_t end = 0;  // offset behind the frame
};
/// The frame at `offset`, if there is a whole and sound one.
std::optional<Frame> FrameAt(std::string_view file, std::uint64_t offset,
                             std::uint64_t file_number);

using RecordVisitor = std::function<Result<>(Sequence, std::string_view record)>;

/// Where the run of sound frames ends.
struct FrameRun {
  Sequence next_sequence = 0;  // what the frame at `end` would have to carry
  std::uint64_t end = 0;
};
/// Visits the frames from the file's start for as long as they are sound and follow each other,
/// at most up to the one before `limit`.
Result<FrameRun> ReadFrames(std::string_view file, const FileHeader& header, Sequence limit,
                            const RecordVisitor& visit);

/// What lies behind the run in the newest file.
struct Tail {
  /// Offset of a sound frame that proves that the one at the run's end was durable once.
  std::optional<std::uint64_t> proof_of_damage;
  /// Offsets of sound frames that a torn batch left behind; to be wiped, lest they follow a new
  /// frame one day.
  std::vector<std::uint64_t> strays;
};
Tail InspectTail(std::string_view file, std::uint64_t file_number, const FrameRun& run);

}  // namespace securebase::storage
