#pragma once

// Text in and out of other people's formats: hex, base64, percent-encoding, numbers, UTF-8.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace securebase {

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);
std::string ToLower(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
bool ContainsControlCharacter(std::string_view text);
bool IsValidUtf8(std::string_view text);
/// Length of the longest prefix that is valid UTF-8: where the first wrong byte is.
std::size_t ValidUtf8Prefix(std::string_view text);
/// The text with U+FFFD in place of each byte that is not UTF-8, for people and logs.
std::string ToValidUtf8(std::string_view text);

std::string HexEncode(std::string_view bytes);
std::optional<std::string> HexDecode(std::string_view text);
std::string Base64Encode(std::string_view bytes);
/// Standard alphabet, padding required; empty on anything else.
std::optional<std::string> Base64Decode(std::string_view text);
std::string Base64UrlEncode(std::string_view bytes);
/// URL alphabet, no padding.
std::optional<std::string> Base64UrlDecode(std::string_view text);

/// RFC 3986: all but A-Z a-z 0-9 - . _ ~ become %XX; '/' is kept where asked.
std::string PercentEncode(std::string_view text, bool keep_slash = false);
/// %XX decoded; '+' means a blank where asked (forms). Empty on a broken escape.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_blank);

/// The whole text as a number; empty on anything else (blanks, trailing text, out of range).
std::optional<std::int64_t> ParseInt(std::string_view text);
/// Decimal or scientific; no "inf", "nan" or hexadecimal.
std::optional<double> ParseDouble(std::string_view text);
/// Shortest text that reads back as the same double: "41.0" (with a point or exponent) where
/// `force_point`, else "41". Plain from 1e-5 to 1e17, scientific beyond ("1.5e+20"). Infinite
/// and NaN print as "inf", "-inf" and "nan".
std::string FormatDouble(double value, bool force_point = false);
void AppendDouble(std::string& out, double value, bool force_point = false);

}  // namespace securebase
