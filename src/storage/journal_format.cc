#include "storage/journal_format.h"

#include <fmt/format.h>

#include <cstring>

#include "base/bytes.h"

namespace securebase::storage {
namespace {

constexpr std::uint32_t kMagic = 0x4c4a4253;  // "SBJL"
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kAlignment = 8;
// Within a frame: checksum, length, index in batch, sequence, record.
constexpr std::uint64_t kLengthOffset = 8;
constexpr std::uint64_t kSequenceOffset = 16;

template <class T>
T Load(std::string_view file, std::uint64_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

/// Ties a frame's checksum to its file.
std::uint64_t FileMark(std::uint64_t file_number) {
  std::string bytes;
  PutFixed(bytes, file_number);
  return Checksum(bytes);
}

}  // namespace

std::string EncodeFileHeader(const FileHeader& header) {
  std::string bytes;
  PutFixed(bytes, kMagic);
  PutFixed(bytes, kVersion);
  PutFixed(bytes, header.number);
  PutFixed(bytes, header.first_sequence);
  PutFixed(bytes, Checksum(bytes));
  return bytes;
}

Result<FileHeader> DecodeFileHeader(std::string_view file) {
  if (file.size() < kFileHeaderBytes) {
    return Internal(
        fmt::format("damaged at offset 0: {} bytes are too few for a header", file.size()));
  }
  ByteReader reader(file.substr(0, kFileHeaderBytes));
  auto magic = reader.Fixed<std::uint32_t>();
  auto version = reader.Fixed<std::uint32_t>();
  FileHeader header;
  header.number = reader.Fixed<std::uint64_t>();
  header.first_sequence = reader.Fixed<Sequence>();
  auto checksum = reader.Fixed<std::uint64_t>();
  if (magic != kMagic) return Internal("damaged at offset 0: not a journal file");
  if (checksum != Checksum(file.substr(0, kFileHeaderBytes - sizeof checksum))) {
    return Internal("damaged at offset 0: the header's checksum does not match");
  }
  if (version != kVersion) {
    return Internal(fmt::format("format version {} is unknown to this program (it knows {})",
                                version, kVersion));
  }
  return header;
}

std::uint64_t FrameBytes(std::uint64_t record_bytes) {
  return (kFrameHeaderBytes + record_bytes + kAlignment - 1) / kAlignment * kAlignment;
}

void AppendFrame(std::string& out, std::uint64_t file_number, Sequence sequence,
                 std::uint32_t index_in_batch, std::string_view record) {
  std::size_t start = out.size();
  PutFixed(out, std::uint64_t{0});
  PutFixed(out, static_cast<std::uint32_t>(record.size()));
  PutFixed(out, index_in_batch);
  PutFixed(out, sequence);
  out.append(record);
  std::uint64_t checksum =
      Checksum(std::string_view(out).substr(start + kLengthOffset)) ^ FileMark(file_number);
  std::memcpy(out.data() + start, &checksum, sizeof checksum);
  out.resize(start + FrameBytes(record.size()), '\0');
}

std::optional<Frame> FrameAt(std::string_view file, std::uint64_t offset,
                             std::uint64_t file_number) {
  if (offset > file.size() || file.size() - offset < kFrameHeaderBytes) return {};
  auto length = Load<std::uint32_t>(file, offset + kLengthOffset);
  if (length == 0 || FrameBytes(length) > file.size() - offset) return {};
  std::string_view checked =
      file.substr(offset + kLengthOffset, kFrameHeaderBytes - kLengthOffset + length);
  if (Load<std::uint64_t>(file, offset) != (Checksum(checked) ^ FileMark(file_number))) return {};
  return Frame{.sequence = Load<Sequence>(file, offset + kSequenceOffset),
               .index_in_batch = Load<std::uint32_t>(file, offset + kLengthOffset + 4),
               .record = file.substr(offset + kFrameHeaderBytes, length),
               .end = offset + FrameBytes(length)};
}

Result<FrameRun> ReadFrames(std::string_view file, const FileHeader& header, Sequence limit,
                            const RecordVisitor& visit) {
  FrameRun run{.next_sequence = header.first_sequence, .end = kFileHeaderBytes};
  while (run.next_sequence < limit) {
    auto frame = FrameAt(file, run.end, header.number);
    if (!frame || frame->sequence != run.next_sequence) break;
    if (visit) SB_TRY_OK(visit(frame->sequence, frame->record));
    run.end = frame->end;
    ++run.next_sequence;
  }
  return run;
}

Tail InspectTail(std::string_view file, std::uint64_t file_number, const FrameRun& run) {
  Tail tail;
  Sequence beyond = run.next_sequence + file.size() / kFrameHeaderBytes;
  for (std::uint64_t offset = run.end; offset + kFrameHeaderBytes <= file.size();
       offset += kAlignment) {
    // The cheap test first: nearly all of a tail is zeroes or text.
    auto sequence = Load<Sequence>(file, offset + kSequenceOffset);
    if (sequence < run.next_sequence || sequence > beyond) continue;
    auto frame = FrameAt(file, offset, file_number);
    if (!frame) continue;
    if (frame->sequence - frame->index_in_batch > run.next_sequence) {
      tail.proof_of_damage = offset;
      return tail;
    }
    tail.strays.push_back(offset);
  }
  return tail;
}

}  // namespace securebase::storage
