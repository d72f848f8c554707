#pragma once

// Columns of numbers as bits: in runs of up to 128, each with the encoding that is shortest for
// it. Format: docs/formats/block.md, "Column".

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace securebase::metrics {

/// Appends a column of whole numbers. The count is not stored.
void PutIntegers(std::string& out, std::span<const std::int64_t> values);
/// Appends `count` numbers to `out`. False for bytes that PutIntegers did not write.
[[nodiscard]] bool ReadIntegers(ByteReader& reader, std::size_t count,
                                std::vector<std::int64_t>& out);

/// The same for doubles, bit for bit: as decimal-scaled integers where a run's values have at most
/// six decimals, else by the bits that differ from the value before.
void PutDoubles(std::string& out, std::span<const double> values);
[[nodiscard]] bool ReadDoubles(ByteReader& reader, std::size_t count, std::vector<double>& out);

}  // namespace securebase::metrics
