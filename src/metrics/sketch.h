#pragma once

// A mergeable sketch of a distribution with bounded relative error.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace securebase::metrics {

/// How often each value occurred, to a relative error of at most kRelativeError: a histogram whose
/// bins are the top bits of the double itself (exponent and six bits of the mantissa, 64 bins an
/// octave), so a bin costs a shift and no logarithm.
///
/// Merging is associative and commutative up to the rounding of weights, so rollup, compaction and
/// a query over any period are the same call. Any finite value that is zero or of a magnitude
/// from 2^-1022 up has a bin. Not thread-safe; const members may run concurrently.
/// Source: Masson, Rim, Lee, "DDSketch", VLDB 2019, sections 2 and 3. Format:
/// docs/formats/sketch.md.
class Sketch {
 public:
  /// Half the width of the widest bin over its middle: 1/129.
  static constexpr double kRelativeError = 1.0 / 129;

  /// The bin of the largest finite doubles.
  static constexpr std::int32_t kKeyMax = 2047 << 6;

  /// Values of one bin, and how often they occurred.
  struct Bin {
    std::int32_t key = 0;  // ascending with the value; 0 is the value zero
    double weight = 0;     // above 0
    bool operator==(const Bin&) const = default;
  };

  /// `bins` ascending, with weights above 0.
  static Sketch FromBins(std::vector<Bin> bins);
  /// Adds `value` (finite) with `weight` (above 0). O(log bins); O(bins) for a bin not seen before.
  void Add(double value, double weight);
  /// Adds all of `other`, O(bins of both).
  void Merge(const Sketch& other);

  /// Ascending by value.
  const std::vector<Bin>& bins() const { return bins_; }
  bool empty() const { return bins_.empty(); }
  double weight() const;

  static std::int32_t KeyOf(double value);
  /// The value that stands for all of a bin: off by at most kRelativeError from any of them.
  static double MiddleOf(std::int32_t key);
  /// Bounds of a bin: its values v have low < v <= high (mirrored for negative ones).
  static double LowOf(std::int32_t key);
  static double HighOf(std::int32_t key);

  void EncodeTo(std::string& out) const;
  /// kInternal for bytes that Encode did not write.
  static Result<Sketch> Decode(ByteReader& reader);

  bool operator==(const Sketch&) const = default;

 private:
  std::vector<Bin> bins_;
};

/// A double in as few bytes as its value allows: small decimals as scaled integers, else as it is.
void PutNumber(std::string& out, double value);
double ReadNumber(ByteReader& reader);

}  // namespace securebase::metrics
