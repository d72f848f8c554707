#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <numeric>

#include "events/internal/log_column.h"

namespace securebase::events {
namespace {

using query::Type;

// Skeletons of fewer rows are not worth their columns.
constexpr std::size_t kTemplateRowsMin = 24;
constexpr std::size_t kTemplatesMax = 2048;
// A dictionary is given up when its values do not repeat enough.
constexpr std::size_t kDictionaryFree = 1024;
constexpr std::size_t kDictionaryBytesMax = 2u << 20;

struct TextHash {
  using is_avalanching = void;
  std::size_t operator()(std::string_view text) const { return Checksum(text); }
};
using TextNumbersMap = boost::unordered_flat_map<std::string_view, std::uint32_t, TextHash>;

/// Packed codes: the same as integers, 32 bits wide in memory.
void PutCodes(std::string& out, std::span<const std::uint32_t> codes) {
  std::string bytes;
  const BlockHeader header = EncodeCodes(codes, {}, bytes);
  PutHeader(out, header, Type::kString, codes.size());
  out += bytes;
}

void PutPresence(std::string& out, std::span<const std::uint32_t> rows, std::size_t first,
                 std::size_t chunk_rows) {
  const bool all = rows.size() == chunk_rows;
  PutFixed<std::uint8_t>(out, all ? 1 : 2);
  if (all) return;
  std::string bits((chunk_rows + 7) / 8, '\0');
  for (const std::uint32_t row : rows) {
    const std::size_t at = row - first;
    bits[at / 8] = static_cast<char>(bits[at / 8] | 1 << at % 8);
  }
  out += bits;
}

std::size_t RowsOfChunk(std::size_t rows, std::size_t chunk) {
  return std::min(kLogChunkRows, rows - chunk * kLogChunkRows);
}
std::size_t ChunksOf(std::size_t rows) { return (rows + kLogChunkRows - 1) / kLogChunkRows; }

/// The cells of each chunk, in turn: calls take(chunk, first cell, count).
template <class Cell, class Take>
void ForEachChunk(std::size_t rows, std::span<const Cell> cells, Take take) {
  std::size_t at = 0;
  std::vector<std::uint32_t> present;
  for (std::size_t chunk = 0; chunk < ChunksOf(rows); ++chunk) {
    const std::size_t end_row = chunk * kLogChunkRows + RowsOfChunk(rows, chunk);
    const std::size_t first = at;
    present.clear();
    for (; at < cells.size() && cells[at].row < end_row; ++at) present.push_back(cells[at].row);
    take(chunk, first, std::span<const std::uint32_t>(present));
  }
}

/// Tries to number the distinct texts; false when they are too many.
bool NumberTexts(std::span<const TextCell> cells, std::vector<std::uint32_t>& codes,
                 std::vector<std::string_view>& values) {
  TextNumbersMap numbers;
  codes.reserve(cells.size());
  std::size_t bytes = 0;
  std::string_view last_text;
  std::uint32_t last_code = 0;
  for (const TextCell& cell : cells) {
    if (codes.empty() || cell.text != last_text) {
      const auto [it, added] =
          numbers.try_emplace(cell.text, static_cast<std::uint32_t>(values.size()));
      if (added) {
        values.push_back(cell.text);
        bytes += cell.text.size();
        if (values.size() > kDictionaryFree + codes.size() / 4 || bytes > kDictionaryBytesMax) {
          return false;
        }
      }
      last_text = cell.text;
      last_code = it->second;
    }
    codes.push_back(last_code);
  }
  // So few cells that nothing repeats: leave them to the split form, unless they are tiny.
  return values.size() <= std::max<std::size_t>(16, cells.size() / 2);
}

void SortDictionary(std::vector<std::uint32_t>& codes, std::vector<std::string_view>& values) {
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
  std::vector<std::uint32_t> place(values.size());
  std::vector<std::string_view> sorted(values.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    sorted[i] = values[order[i]];
  }
  for (std::uint32_t& code : codes) code = place[code];
  values = std::move(sorted);
}

std::string EncodeValues(std::span<const std::string_view> values) {
  std::string lengths;
  std::string bytes;
  PutVarint(lengths, values.size());
  for (const std::string_view value : values) {
    PutVarint(lengths, value.size());
    bytes += value;
  }
  std::string block;
  PutBlob(block, lengths + bytes);
  return block;
}

TextMeta WriteDictionary(std::string& file, std::size_t rows, std::span<const TextCell> cells,
                         std::vector<std::uint32_t> codes, std::vector<std::string_view> values,
                         std::span<LetterFilter> letters) {
  SortDictionary(codes, values);
  TextMeta meta{.encoding = TextEncoding::kDictionary};
  meta.values = AppendBlock(file, EncodeValues(values));
  std::vector<std::uint32_t> told(values.size(), 0);  // the last chunk it was told to, plus one
  ForEachChunk(rows, cells, [&](std::size_t chunk, std::size_t first, auto present) {
    ByteRange range;
    if (!present.empty()) {
      const std::span<const std::uint32_t> own(codes.data() + first, present.size());
      std::string block;
      PutPresence(block, present, chunk * kLogChunkRows, RowsOfChunk(rows, chunk));
      PutCodes(block, own);
      range = AppendBlock(file, block);
      for (const std::uint32_t code : own) {
        if (letters.empty() || told[code] == chunk + 1) continue;
        told[code] = static_cast<std::uint32_t>(chunk + 1);
        letters[chunk].Add(values[code]);
      }
    }
    meta.chunks.push_back(range);
  });
  return meta;
}

/// Cells taken apart into skeletons and slots.
class SplitWriter {
 public:
  explicit SplitWriter(std::span<const TextCell> cells) : cells_(cells) {
    // Number 0 is the text that is kept whole.
    NumberOf(kWholeSkeleton, 1);
    for (const TextCell& cell : cells) {
      slot_begins_.push_back(static_cast<std::uint32_t>(slots_.size()));
      std::uint32_t number = 0;
      if (splitter_.Split(cell.text)) {
        number = NumberOf(splitter_.skeleton(), splitter_.slots().size());
      }
      if (number == 0) {
        slots_.push_back({.kind = SlotKind::kWord, .text = cell.text});
      } else {
        slots_.insert(slots_.end(), splitter_.slots().begin(), splitter_.slots().end());
      }
      codes_.push_back(number);
      ++templates_[number].rows;
    }
    DropRare();
  }

  TextMeta Write(std::string& file, std::size_t rows, std::span<LetterFilter> letters) {
    TextMeta meta{.encoding = TextEncoding::kSplit};
    std::vector<std::string_view> skeletons;
    for (const Template& one : templates_) skeletons.push_back(one.skeleton);
    meta.values = AppendBlock(file, EncodeValues(skeletons));
    ForEachChunk(rows, cells_, [&](std::size_t chunk, std::size_t first, auto present) {
      ByteRange range;
      if (!present.empty()) {
        std::string block;
        PutPresence(block, present, chunk * kLogChunkRows, RowsOfChunk(rows, chunk));
        PutCodes(block, {codes_.data() + first, present.size()});
        PutSlots(block, first, present.size(), letters.empty() ? nullptr : &letters[chunk]);
        range = AppendBlock(file, block);
      }
      meta.chunks.push_back(range);
    });
    return meta;
  }

 private:
  struct Template {
    std::string skeleton;
    std::size_t slots = 0;
    std::size_t rows = 0;
  };

  std::uint32_t NumberOf(std::string_view skeleton, std::size_t slots) {
    const auto it = numbers_.find(skeleton);
    if (it != numbers_.end()) return it->second;
    if (templates_.size() == kTemplatesMax) return 0;
    templates_.reserve(kTemplatesMax);  // the map's keys view into it
    const auto number = static_cast<std::uint32_t>(templates_.size());
    templates_.push_back({.skeleton = std::string(skeleton), .slots = slots});
    numbers_.emplace(templates_.back().skeleton, number);
    return number;
  }

  // Rows of a skeleton that few share are kept whole; the others are numbered anew.
  void DropRare() {
    std::vector<std::uint32_t> numbers(templates_.size(), 0);
    std::vector<Template> kept;
    kept.push_back(std::move(templates_[0]));
    for (std::uint32_t i = 1; i < templates_.size(); ++i) {
      if (templates_[i].rows < kTemplateRowsMin) continue;
      numbers[i] = static_cast<std::uint32_t>(kept.size());
      kept.push_back(std::move(templates_[i]));
    }
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      const bool was_whole = codes_[i] == 0;
      codes_[i] = numbers[codes_[i]];
      if (codes_[i] != 0 || was_whole) continue;
      slot_begins_[i] = static_cast<std::uint32_t>(slots_.size());
      slots_.push_back({.kind = SlotKind::kWord, .text = cells_[i].text});
    }
    templates_ = std::move(kept);
  }

  void PutSlots(std::string& block, std::size_t first, std::size_t count, LetterFilter* letters) {
    // Row numbers by template, by counting.
    by_template_.resize(templates_.size());
    for (std::size_t i = first; i < first + count; ++i) by_template_[codes_[i]].push_back(i);
    for (std::size_t id = 0; id < by_template_.size(); ++id) {
      std::vector<std::size_t>& cells = by_template_[id];
      if (cells.empty()) continue;
      if (letters != nullptr) letters->Add(templates_[id].skeleton);
      for (std::size_t slot = 0; slot < templates_[id].slots; ++slot) {
        PutSlot(block, cells, slot, letters);
      }
      cells.clear();
    }
  }

  void PutSlot(std::string& block, const std::vector<std::size_t>& cells, std::size_t slot,
               LetterFilter* letters) {
    const auto value_of = [&](std::size_t cell) -> const SlotValue& {
      return slots_[slot_begins_[cell] + slot];
    };
    const SlotKind kind = value_of(cells.front()).kind;
    if (kind == SlotKind::kUuid) {
      char bytes[16];
      for (const std::size_t cell : cells) {
        ParseUuid(value_of(cell).text.data(), bytes);
        block.append(bytes, sizeof bytes);
      }
      return;
    }
    numbers_scratch_.clear();
    words_.clear();
    for (const std::size_t cell : cells) {
      const SlotValue& value = value_of(cell);
      if (kind == SlotKind::kWord) {
        numbers_scratch_.push_back(static_cast<std::int64_t>(value.text.size()));
        words_ += value.text;
        if (letters != nullptr) letters->Add(value.text);
      } else {
        numbers_scratch_.push_back(value.number);
      }
    }
    PutInts(block, numbers_scratch_);
    if (kind == SlotKind::kWord) PutBlob(block, words_);
  }

  const std::span<const TextCell> cells_;
  TextSplitter splitter_;
  std::vector<Template> templates_;
  TextNumbersMap numbers_;
  std::vector<std::uint32_t> codes_;        // by cell
  std::vector<std::uint32_t> slot_begins_;  // by cell
  std::vector<SlotValue> slots_;
  std::vector<std::vector<std::size_t>> by_template_;
  std::vector<std::int64_t> numbers_scratch_;
  std::string words_;
};

}  // namespace

NumberMeta WriteNumberColumn(std::string& file, std::size_t rows,
                             std::span<const NumberCell> cells) {
  NumberMeta meta;
  std::vector<std::int64_t> values;
  ForEachChunk(rows, cells, [&](std::size_t chunk, std::size_t first, auto present) {
    NumberMeta::Chunk out;
    if (!present.empty()) {
      values.clear();
      for (std::size_t i = 0; i < present.size(); ++i) values.push_back(cells[first + i].value);
      const auto [min, max] = std::minmax_element(values.begin(), values.end());
      out.min = *min;
      out.max = *max;
      std::string block;
      PutPresence(block, present, chunk * kLogChunkRows, RowsOfChunk(rows, chunk));
      PutInts(block, values);
      out.range = AppendBlock(file, block);
    }
    meta.chunks.push_back(out);
  });
  return meta;
}

TextMeta WriteTextColumn(std::string& file, std::size_t rows, std::span<const TextCell> cells,
                         std::span<LetterFilter> letters) {
  std::vector<std::uint32_t> codes;
  std::vector<std::string_view> values;
  if (NumberTexts(cells, codes, values)) {
    return WriteDictionary(file, rows, cells, std::move(codes), std::move(values), letters);
  }
  return SplitWriter(cells).Write(file, rows, letters);
}

}  // namespace securebase::events
