#include "events/internal/log_column.h"

namespace securebase::events {
namespace {

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::size_t kFilterBits = 1u << 15;

// Two bits of a filter for a run.
std::uint32_t HashOf(const char* p) {
  std::uint32_t run = static_cast<unsigned char>(p[0]) | static_cast<unsigned char>(p[1]) << 8 |
                      static_cast<unsigned char>(p[2]) << 16;
  run *= 0x9E3779B1u;
  return run ^ run >> 15;
}

template <class Visit>
void ForEachRun(std::string_view text, Visit visit) {
  int letters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    letters = IsLetter(text[i]) ? letters + 1 : 0;
    if (letters >= 3) visit(HashOf(text.data() + i - 2));
  }
}

}  // namespace

void LetterFilter::Add(std::string_view text) {
  if (seen_.empty()) seen_.resize(kFilterBits / 64);
  ForEachRun(text, [&](std::uint32_t hash) {
    std::uint64_t& word = seen_[hash % kFilterBits / 64];
    const std::uint64_t bit = 1ull << hash % 64;
    if ((word & bit) != 0) return;
    word |= bit;
    runs_.push_back(hash);
  });
}

std::string LetterFilter::Finish() const {
  std::size_t bits = 64;
  while (bits < runs_.size() * 12 && bits < kFilterBits) bits *= 2;
  std::string out(bits / 8, '\0');
  for (const std::uint32_t hash : runs_) {
    const std::size_t at = hash % bits;
    out[at / 8] = static_cast<char>(out[at / 8] | 1 << at % 8);
  }
  return out;
}

bool LetterFilter::MayContain(std::string_view bits, std::string_view needle) {
  const std::size_t size = bits.size() * 8;
  if (size == 0) return true;
  bool may = true;
  ForEachRun(needle, [&](std::uint32_t hash) {
    const std::size_t at = hash % size;
    may = may && (bits[at / 8] >> at % 8 & 1) != 0;
  });
  return may;
}

}  // namespace securebase::events
