#include "notify/internal/ulid.h"

#include <array>

namespace securebase::notify {

std::string MakeUlid(Instant now, Random& random) {
  constexpr char kLetters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  constexpr std::size_t kTimeLetters = 10, kAllLetters = 26;
  std::string text(kAllLetters, '0');
  auto ms = static_cast<std::uint64_t>(ToUnixMillis(now));
  for (std::size_t i = kTimeLetters; i-- > 0; ms >>= 5) text[i] = kLetters[ms & 31];
  std::array<std::uint8_t, kAllLetters - kTimeLetters> bytes{};
  random.Fill(bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) text[kTimeLetters + i] = kLetters[bytes[i] & 31];
  return text;
}

}  // namespace securebase::notify
