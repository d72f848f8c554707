#pragma once

// Text as a skeleton and the values in it: numbers, UUIDs, times and words with digits. Texts that
// a program prints from one format share a skeleton. docs/formats/log_segment.md says how.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace securebase::events {

/// What stands at a place of a skeleton. Written to disk: never renumber. In a skeleton a place is
/// the kind's byte and a second one, its parameter plus a blank.
enum class SlotKind : char {
  kInt = 0x11,      // digits without a leading zero, at most 18
  kPadded = 0x12,   // digits with one; parameter: how many
  kDecimal = 0x13,  // digits, a point, digits; parameter: how many after it
  kUuid = 0x14,     // 36 characters, lower case
  kTime = 0x15,     // 2026-06-01T00:00:00.000Z
  kWord = 0x16,     // anything
};
inline constexpr char kSlotFirst = 0x11;
inline constexpr char kSlotLast = 0x16;
inline bool IsSlotByte(char c) { return c >= kSlotFirst && c <= kSlotLast; }

/// The skeleton of a text that is kept as it is.
inline constexpr std::string_view kWholeSkeleton = "\x16 ";

struct SlotValue {
  SlotKind kind = SlotKind::kWord;
  std::int64_t number = 0;  // kInt, kPadded; kDecimal without its point; kTime: milliseconds
  std::string_view text;    // in the text that was split
};

/// A skeleton taken apart.
struct SkeletonPart {
  std::string_view literal;  // before the slot
  bool has_slot = false;     // false: the last part
  SlotKind kind = SlotKind::kWord;
  int parameter = 0;
};
/// Empty for bytes that no splitter writes.
std::vector<SkeletonPart> PartsOf(std::string_view skeleton);
/// How many slots it has.
std::size_t SlotCount(const std::vector<SkeletonPart>& parts);

/// Not thread-safe.
class TextSplitter {
 public:
  static constexpr std::size_t kTextMax = 4096;
  static constexpr std::size_t kSlotsMax = 48;

  /// False for a text that is too long or has a byte that marks slots: keep it whole. Joining
  /// skeleton and slots gives the text back.
  bool Split(std::string_view text);
  const std::string& skeleton() const { return skeleton_; }
  const std::vector<SlotValue>& slots() const { return slots_; }

 private:
  const char* TakeRun(const char* p, const char* end);
  const char* TakeNumber(const char* p, const char* digits_end, const char* end);
  void Slot(SlotKind kind, int parameter, std::int64_t number, const char* begin, const char* end);

  std::string skeleton_;
  std::vector<SlotValue> slots_;
  const char* text_begin_ = nullptr;
};

/// Appends a slot's text. `word` is the text of kWord; `uuid` the 16 bytes of kUuid.
void AppendSlot(std::string& out, SlotKind kind, int parameter, std::int64_t number);
void AppendUuid(std::string& out, const char* bytes);
/// 16 bytes of a lower-case UUID; false for any other text.
bool ParseUuid(const char* text, char* bytes);

}  // namespace securebase::events
