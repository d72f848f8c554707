#include <openssl/evp.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "insights/internal/expression.h"

// Source: logs-insights, Functions, String.

namespace securebase::insights::internal {
namespace {

// Missing, maps and lists: a string function yields nothing.
bool NoText(const Cell& cell) { return cell.missing() || cell.kind == Kind::kTree; }

// Bytes of the code point that begins at `i`.
std::size_t CodePoint(std::string_view text, std::size_t i) {
  std::size_t end = i + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - i;
}

std::size_t CountCodePoints(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

Cell IsEmpty(CallContext& context, const Cell* a, std::size_t) {
  return Cell::Bool(a[0].missing() || (a[0].kind != Kind::kTree && context.Text(a[0]).empty()));
}

Cell IsBlank(CallContext& context, const Cell* a, std::size_t) {
  if (a[0].missing()) return Cell::Bool(true);
  const std::string_view text = context.Text(a[0]);
  return Cell::Bool(std::all_of(text.begin(), text.end(), IsSpace));
}

Cell Concat(CallContext& context, const Cell* a, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) {
    if (!NoText(a[i])) out += context.Text(a[i]);
  }
  return context.Keep(out);
}

Cell TrimEnds(CallContext& context, const Cell* a, std::size_t n, bool left, bool right) {
  if (NoText(a[0])) return {};
  std::string_view text = context.Text(a[0], 0);
  if (n > 1 && NoText(a[1])) return {};
  const std::string_view set = n > 1 ? context.Text(a[1], 1) : std::string_view();
  const auto cut = [&](std::string_view point) {
    return n > 1 ? set.find(point) != std::string_view::npos : IsSpace(point[0]);
  };
  while (left && !text.empty()) {
    const std::size_t size = CodePoint(text, 0);
    if (!cut(text.substr(0, size))) break;
    text.remove_prefix(size);
  }
  while (right && !text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    if (!cut(text.substr(at))) break;
    text.remove_suffix(text.size() - at);
  }
  return context.Keep(text);
}
Cell TrimBoth(CallContext& context, const Cell* a, std::size_t n) {
  return TrimEnds(context, a, n, true, true);
}
Cell TrimLeft(CallContext& context, const Cell* a, std::size_t n) {
  return TrimEnds(context, a, n, true, false);
}
Cell TrimRight(CallContext& context, const Cell* a, std::size_t n) {
  return TrimEnds(context, a, n, false, true);
}

Cell Strlen(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  return Cell::Number(static_cast<double>(CountCodePoints(context.Text(a[0]))));
}

// Letters of ASCII, Latin-1, Greek and Cyrillic; others stay.
void AppendCase(std::string& out, std::string_view text, bool upper) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = CodePoint(text, i);
    const auto c = static_cast<unsigned char>(text[i]);
    if (size == 1) {
      out += static_cast<char>(upper ? (c >= 'a' && c <= 'z' ? c - 32 : c)
                                     : (c >= 'A' && c <= 'Z' ? c + 32 : c));
    } else if (size == 2) {
      unsigned point = (c & 0x1Fu) << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3Fu);
      if (upper) {
        if ((point >= 0xE0 && point <= 0xFE && point != 0xF7) ||
            (point >= 0x3B1 && point <= 0x3C9 && point != 0x3C2) ||
            (point >= 0x430 && point <= 0x44F)) {
          point -= 32;
        } else if (point >= 0x450 && point <= 0x45F) {
          point -= 80;
        }
      } else {
        if ((point >= 0xC0 && point <= 0xDE && point != 0xD7) ||
            (point >= 0x391 && point <= 0x3A9) || (point >= 0x410 && point <= 0x42F)) {
          point += 32;
        } else if (point >= 0x400 && point <= 0x40F) {
          point += 80;
        }
      }
      out += static_cast<char>(0xC0 | point >> 6);
      out += static_cast<char>(0x80 | (point & 0x3F));
    } else {
      out += text.substr(i, size);
    }
    i += size;
  }
}
Cell ToUpper(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  std::string out;
  AppendCase(out, context.Text(a[0]), true);
  return context.Keep(out);
}
Cell ToLowerCase(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  std::string out;
  AppendCase(out, context.Text(a[0]), false);
  return context.Keep(out);
}

Cell Substr(CallContext& context, const Cell* a, std::size_t n) {
  if (NoText(a[0])) return {};
  const auto start = ArithmeticOf(a[1]);
  if (!start) return {};
  double length = 1e18;
  if (n > 2) {
    const auto given = ArithmeticOf(a[2]);
    if (!given) return {};
    length = std::trunc(*given);
  }
  const std::string_view text = context.Text(a[0], 0);
  const double from = std::max(0.0, std::trunc(*start));
  std::size_t i = 0;
  for (double at = 0; at < from && i < text.size(); ++at) i += CodePoint(text, i);
  const std::size_t begin = i;
  for (double at = 0; at < length && i < text.size(); ++at) i += CodePoint(text, i);
  return context.Keep(text.substr(begin, i - begin));
}

Cell Replace(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  if (NoText(a[1]) || NoText(a[2])) return {};
  const std::string_view text = context.Text(a[0], 0);
  const std::string_view find = context.Text(a[1], 1);
  const std::string_view with = context.Text(a[2], 2);
  if (find.empty()) return context.Keep(text);
  std::string out;
  std::size_t at = 0;
  for (std::size_t hit; (hit = text.find(find, at)) != std::string_view::npos;
       at = hit + find.size()) {
    out.append(text, at, hit - at).append(with);
  }
  out.append(text, at);
  return context.Keep(out);
}

// Regular expressions made from a row's value are compiled as they come; the last is kept.
const re2::RE2* Compile(CallContext& context, const Cell& pattern) {
  if (context.node->regex) return context.node->regex.get();
  if (NoText(pattern)) return nullptr;
  thread_local std::unique_ptr<re2::RE2> last;
  const std::string text(context.Text(pattern, 3));
  if (!last || last->pattern() != text) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    last = std::make_unique<re2::RE2>(text, options);
  }
  return last->ok() ? last.get() : nullptr;
}

Cell RegexReplace(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0]) || NoText(a[2])) return {};
  const re2::RE2* regex = Compile(context, a[1]);
  if (regex == nullptr) return {};
  // "$1" is a group, "$$" a dollar; a backslash is itself.
  std::string rewrite;
  const std::string_view with = context.Text(a[2], 2);
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (with[i] == '\\') {
      rewrite += "\\\\";
    } else if (with[i] == '$' && i + 1 < with.size() && with[i + 1] >= '0' && with[i + 1] <= '9' &&
               with[i + 1] - '0' <= regex->NumberOfCapturingGroups()) {
      rewrite += '\\';
      rewrite += with[++i];
    } else if (with[i] == '$' && i + 1 < with.size() && with[i + 1] == '$') {
      rewrite += with[++i];
    } else {
      rewrite += with[i];
    }
  }
  std::string out(context.Text(a[0], 0));
  re2::RE2::GlobalReplace(&out, *regex, rewrite);
  return context.Keep(out);
}

Cell StrContains(CallContext& context, const Cell* a, std::size_t n) {
  if (NoText(a[0])) return {};
  if (NoText(a[1])) return Cell::Bool(false);
  const std::string_view text = context.Text(a[0], 0);
  const std::string_view find = context.Text(a[1], 1);
  if (n > 2 && IsTrue(a[2]) && !EqualsIgnoreCase(context.Text(a[2], 2), "false")) {
    std::string x, y;
    AppendCase(x, text, false);
    AppendCase(y, find, false);
    return Cell::Bool(x.find(y) != std::string::npos);
  }
  return Cell::Bool(text.find(find) != std::string_view::npos);
}

Cell StartsWith(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  return Cell::Bool(!NoText(a[1]) && context.Text(a[0], 0).starts_with(context.Text(a[1], 1)));
}
Cell EndsWith(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  return Cell::Bool(!NoText(a[1]) && context.Text(a[0], 0).ends_with(context.Text(a[1], 1)));
}

Cell SplitText(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0]) || NoText(a[1])) return {};
  const std::string_view text = context.Text(a[0], 0);
  const std::string_view delimiter = context.Text(a[1], 1);
  std::string out = "[";
  const auto add = [&](std::string_view part) {
    if (out.size() > 1) out += ',';
    json::AppendQuoted(out, part);
  };
  if (delimiter.empty()) {
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t size = CodePoint(text, i);
      add(text.substr(i, size));
      i += size;
    }
  } else {
    std::size_t at = 0;
    for (std::size_t hit; (hit = text.find(delimiter, at)) != std::string_view::npos;
         at = hit + delimiter.size()) {
      add(text.substr(at, hit - at));
    }
    add(text.substr(at));
  }
  return context.Keep(out + "]", Kind::kTree);
}

Cell UrlEncode(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  std::string out = PercentEncode(context.Text(a[0]));
  std::string plus;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (std::string_view(out).substr(i).starts_with("%20")) {
      plus += '+';
      i += 2;
    } else {
      plus += out[i];
    }
  }
  return context.Keep(plus);
}
Cell UrlDecode(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  const auto text = PercentDecode(context.Text(a[0]), true);
  return text ? context.Keep(ToValidUtf8(*text)) : Cell::Missing();
}
Cell Base64(CallContext& context, const Cell* a, std::size_t) {
  return NoText(a[0]) ? Cell::Missing() : context.Keep(Base64Encode(context.Text(a[0])));
}
Cell UnBase64(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  std::string padded(context.Text(a[0]));
  while (padded.size() % 4 != 0 && !padded.ends_with("==")) padded += '=';
  const auto text = Base64Decode(padded);
  return text ? context.Keep(ToValidUtf8(*text)) : Cell::Missing();
}

Cell HexToAscii(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  std::string_view hex = context.Text(a[0]);
  if (hex.starts_with("0x") || hex.starts_with("0X")) hex.remove_prefix(2);
  const auto text = HexDecode(hex);
  return text ? context.Keep(ToValidUtf8(*text)) : Cell::Missing();
}
Cell HexToDec(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  std::string_view hex = context.Text(a[0]);
  if (hex.starts_with("0x") || hex.starts_with("0X")) hex.remove_prefix(2);
  if (hex.empty() || hex.size() > 16) return {};
  double value = 0;
  for (char c : hex) {
    const int digit = c >= '0' && c <= '9'                 ? c - '0'
                      : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                           : -1;
    if (digit < 0) return {};
    value = value * 16 + digit;
  }
  return Cell::Number(value);
}
Cell DecToHex(CallContext& context, const Cell* a, std::size_t) {
  const auto number = ArithmeticOf(a[0]);
  if (!number || !(std::abs(*number) < 9e18)) return {};
  auto value = static_cast<std::int64_t>(*number);
  const bool negative = value < 0;
  auto rest = static_cast<std::uint64_t>(negative ? -value : value);
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[rest & 15]);
    rest >>= 4;
  } while (rest != 0);
  return context.Keep((negative ? "-0x" : "0x") + digits);
}

Cell Md5(CallContext& context, const Cell* a, std::size_t) {
  if (NoText(a[0])) return {};
  const std::string_view text = context.Text(a[0]);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr) != 1) return {};
  return context.Keep(HexEncode({reinterpret_cast<const char*>(digest), size}));
}
Cell Sha256Text(CallContext& context, const Cell* a, std::size_t) {
  return NoText(a[0]) ? Cell::Missing() : context.Keep(Sha256Hex(context.Text(a[0])));
}

constexpr Function kFunctions[] = {
    {"isempty", 1, 1, IsEmpty},         {"isblank", 1, 1, IsBlank},
    {"concat", 1, kMany, Concat},       {"trim", 1, 2, TrimBoth},
    {"ltrim", 1, 2, TrimLeft},          {"rtrim", 1, 2, TrimRight},
    {"strlen", 1, 1, Strlen},           {"toupper", 1, 1, ToUpper},
    {"upper", 1, 1, ToUpper},           {"tolower", 1, 1, ToLowerCase},
    {"lower", 1, 1, ToLowerCase},       {"substr", 2, 3, Substr},
    {"replace", 3, 3, Replace},         {"regexreplace", 3, 3, RegexReplace, "r"},
    {"strcontains", 2, 3, StrContains}, {"startswith", 2, 2, StartsWith},
    {"endswith", 2, 2, EndsWith},       {"split", 2, 2, SplitText},
    {"urlencode", 1, 1, UrlEncode},     {"urldecode", 1, 1, UrlDecode},
    {"base64encode", 1, 1, Base64},     {"base64decode", 1, 1, UnBase64},
    {"hextoascii", 1, 1, HexToAscii},   {"hextodec", 1, 1, HexToDec},
    {"dectohex", 1, 1, DecToHex},       {"md5", 1, 1, Md5},
    {"sha256", 1, 1, Sha256Text},
};

}  // namespace

std::span<const Function> StringFunctions() { return kFunctions; }

}  // namespace securebase::insights::internal
