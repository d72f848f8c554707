#include "net/sigv4.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text.h"

namespace securebase::net {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::int64_t kPresignedSecondsMax = 604'800;  // a week, AWS's limit
constexpr std::size_t kCachedKeysMax = 4'096;

Error Fault(std::string wire_code, std::string message) {
  return Error(ErrorCode::kUnauthenticated, std::move(message), {}, std::move(wire_code));
}
Error Incomplete(std::string message) { return Fault("IncompleteSignature", std::move(message)); }
Error Mismatch(std::string message) { return Fault("SignatureDoesNotMatch", std::move(message)); }
Error Mismatch() {
  return Mismatch(
      "The request signature we calculated does not match the signature you provided. Check your "
      "AWS Secret Access Key and signing method. Consult the service documentation for details.");
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// A signature as a request carries it, in either place.
struct Signature {
  SigV4Scope scope;
  std::vector<std::string> signed_headers;
  std::string signature;
  bool presigned = false;
  Parameters query;  // decoded
};

/// Decoded pairs of a query string. '+' stands for itself: clients sign it as %2B.
std::optional<Parameters> DecodeQuery(std::string_view query) {
  Parameters pairs;
  if (query.empty()) return pairs;
  for (std::string_view part : Split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    auto name = PercentDecode(part.substr(0, equals), false);
    auto value =
        equals == part.npos ? std::string() : PercentDecode(part.substr(equals + 1), false);
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(*std::move(name), *std::move(value));
  }
  return pairs;
}

const std::string* Find(const Parameters& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return &value;
  }
  return nullptr;
}

bool IsDate(std::string_view text) {
  return text.size() == 8 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<SigV4Scope> ParseCredential(std::string_view credential) {
  const auto parts = Split(credential, '/');
  if (parts.size() != 5 || parts[4] != kTerminator) {
    return Incomplete(
        "Credential must have exactly 5 slash-delimited elements, "
        "e.g. keyid/date/region/service/aws4_request, got '" +
        std::string(credential) + "'");
  }
  for (std::string_view part : parts) {
    if (part.empty()) return Incomplete("Credential must not have empty elements.");
  }
  if (!IsDate(parts[1])) {
    return Incomplete("Date in Credential scope must have the form yyyymmdd, got '" +
                      std::string(parts[1]) + "'");
  }
  return SigV4Scope{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]),
                    std::string(parts[3])};
}

Result<> ParseSignedHeaders(std::string_view text, Signature& out) {
  for (std::string_view name : Split(text, ';')) {
    if (name.empty()) return Incomplete("SignedHeaders must not have empty elements.");
    out.signed_headers.push_back(ToLower(name));
  }
  return {};
}

/// "AWS4-HMAC-SHA256 Credential=.., SignedHeaders=.., Signature=.."
Result<Signature> ParseAuthorization(std::string_view header) {
  Signature out;
  std::string_view credential, headers;
  for (std::string_view part : Split(header.substr(kAlgorithm.size()), ',')) {
    part = Trim(part);
    const std::size_t equals = part.find('=');
    if (equals == part.npos) {
      return Incomplete("'" + std::string(part) +
                        "' not a valid key=value pair (missing equal-sign) in Authorization "
                        "header.");
    }
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = part.substr(equals + 1);
    if (name == "Credential") credential = value;
    if (name == "SignedHeaders") headers = value;
    if (name == "Signature") out.signature = value;
  }
  std::string missing;
  auto require = [&missing](std::string_view name, std::string_view value) {
    if (!value.empty()) return;
    if (!missing.empty()) missing += ' ';
    missing += "Authorization header requires '" + std::string(name) + "' parameter.";
  };
  require("Credential", credential);
  require("Signature", out.signature);
  require("SignedHeaders", headers);
  if (!missing.empty()) return Incomplete(std::move(missing));
  SB_TRY(out.scope, ParseCredential(credential));
  SB_TRY_OK(ParseSignedHeaders(headers, out));
  return out;
}

Result<Signature> ParsePresigned(Parameters query) {
  Signature out;
  out.presigned = true;
  const std::string* algorithm = Find(query, "X-Amz-Algorithm");
  if (*algorithm != kAlgorithm) {
    return Incomplete("Unsupported AWS 'algorithm': '" + *algorithm + "'");
  }
  for (const char* name : {"X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
                           "X-Amz-Signature"}) {
    const std::string* value = Find(query, name);
    if (value == nullptr || value->empty()) {
      return Incomplete("AWS query-string parameters must include '" + std::string(name) + "'.");
    }
  }
  SB_TRY(out.scope, ParseCredential(*Find(query, "X-Amz-Credential")));
  SB_TRY_OK(ParseSignedHeaders(*Find(query, "X-Amz-SignedHeaders"), out));
  out.signature = *Find(query, "X-Amz-Signature");
  out.query = std::move(query);
  return out;
}

/// None: the request carries no signature of this scheme.
Result<std::optional<Signature>> ParseSignature(const http::Request& request) {
  const std::string_view header = request.headers.Get("authorization");
  if (header.starts_with("AWS4-")) {
    const std::string_view algorithm = header.substr(0, header.find(' '));
    if (algorithm != kAlgorithm) {
      return Incomplete("Unsupported AWS 'algorithm': '" + std::string(algorithm) + "'");
    }
    SB_TRY(Signature signature, ParseAuthorization(header));
    auto query = DecodeQuery(request.query);
    if (!query) return Incomplete("The query string cannot be decoded.");
    signature.query = *std::move(query);
    return std::optional(std::move(signature));
  }
  // A form's own field may hold anything, so only a parameter of exactly this name counts.
  if (request.query.find("X-Amz-Algorithm=") == std::string::npos) {
    return std::optional<Signature>();
  }
  auto query = DecodeQuery(request.query);
  if (!query) return Incomplete("The query string cannot be decoded.");
  if (Find(*query, "X-Amz-Algorithm") == nullptr) return std::optional<Signature>();
  SB_TRY(Signature signature, ParsePresigned(*std::move(query)));
  return std::optional(std::move(signature));
}

std::optional<Instant> MakeInstant(std::int64_t year, unsigned month, std::int64_t day,
                                   std::int64_t hour, std::int64_t minute, std::int64_t second) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second);
}

std::optional<std::int64_t> Digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  std::int64_t value = 0;
  for (char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// "20150830T123600Z"
std::optional<Instant> ParseBasicTime(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year = Digits(text, 0, 4), month = Digits(text, 4, 2), day = Digits(text, 6, 2),
             hour = Digits(text, 9, 2), minute = Digits(text, 11, 2), second = Digits(text, 13, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  return MakeInstant(*year, static_cast<unsigned>(*month), *day, *hour, *minute, *second);
}

/// "Sun, 30 Aug 2015 12:36:00 GMT"
std::optional<Instant> ParseHttpDate(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = Digits(text, 5, 2), year = Digits(text, 12, 4), hour = Digits(text, 17, 2),
             minute = Digits(text, 20, 2), second = Digits(text, 23, 2);
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  return MakeInstant(*year, static_cast<unsigned>(month - kMonths.begin()) + 1, *day, *hour,
                     *minute, *second);
}

/// The time that was signed.
Result<Instant> SignedTime(const http::Request& request, const Signature& signature) {
  std::optional<Instant> time;
  if (signature.presigned) {
    time = ParseBasicTime(*Find(signature.query, "X-Amz-Date"));
  } else if (request.headers.Has("x-amz-date")) {
    time = ParseBasicTime(Trim(request.headers.Get("x-amz-date")));
  } else if (request.headers.Has("date")) {
    const std::string_view text = Trim(request.headers.Get("date"));
    time = ParseBasicTime(text);
    if (!time) time = ParseHttpDate(text);
  } else {
    return Incomplete(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (!time) {
    return Incomplete(
        "Date must be in ISO-8601 'basic format', e.g. 20150830T123600Z (X-Amz-Date or Date).");
  }
  const std::string date = FormatIsoBasic(*time).substr(0, 8);
  if (date != signature.scope.date) {
    return Mismatch(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
        "HTTP: '" +
        signature.scope.date + "' != '" + date + "', from '" + FormatIsoBasic(*time) + "'.");
  }
  return *time;
}

std::string Minutes(Duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(d).count()) + " min.)";
}

/// Whether now is within the time for which the signature holds.
Result<> CheckTime(Instant signed_at, Duration valid, Instant now, Duration skew_max) {
  if (signed_at < now - valid) {
    return Mismatch("Signature expired: " + FormatIsoBasic(signed_at) + " is now earlier than " +
                    FormatIsoBasic(now - valid) + " (" + FormatIsoBasic(now) + " - " +
                    Minutes(valid));
  }
  if (signed_at > now + skew_max) {
    return Mismatch("Signature not yet current: " + FormatIsoBasic(signed_at) +
                    " is still later than " + FormatIsoBasic(now + skew_max) + " (" +
                    FormatIsoBasic(now) + " + " + Minutes(skew_max));
  }
  return {};
}

Result<Duration> Validity(const Signature& signature, Duration skew_max) {
  if (!signature.presigned) return skew_max;
  const auto seconds = ParseInt(*Find(signature.query, "X-Amz-Expires"));
  if (!seconds || *seconds < 1 || *seconds > kPresignedSecondsMax) {
    return Incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.");
  }
  return Duration(std::chrono::seconds(*seconds));
}

/// The path without dot segments and doubled slashes, percent-encoded (once more than as sent).
std::string CanonicalPath(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  std::vector<std::string_view> segments;
  for (std::string_view segment : Split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
      continue;
    }
    segments.push_back(segment);
  }
  std::string joined;
  for (std::string_view segment : segments) joined.append("/").append(segment);
  if (joined.empty() || path.ends_with('/')) joined += '/';
  return PercentEncode(joined, /*keep_slash=*/true);
}

std::string CanonicalQuery(const Parameters& query) {
  Parameters encoded;
  for (const auto& [name, value] : query) {
    if (name == "X-Amz-Signature") continue;
    encoded.emplace_back(PercentEncode(name), PercentEncode(value));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string out;
  for (const auto& [name, value] : encoded) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

/// Trimmed, inner runs of blanks as one.
void AppendFolded(std::string& out, std::string_view value) {
  value = Trim(value);
  bool blank = false;
  for (char c : value) {
    if (c == ' ' || c == '\t') {
      blank = true;
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
}

std::string CanonicalRequest(const http::Request& request, const Parameters& query,
                             const std::vector<std::string>& signed_headers,
                             std::string_view payload_hash) {
  std::string out;
  out.reserve(1024);
  out.append(request.method).append("\n");
  out.append(CanonicalPath(request.target)).append("\n");
  out.append(CanonicalQuery(query)).append("\n");
  for (const std::string& name : signed_headers) {
    out.append(name).append(":");
    bool first = true;
    for (const auto& [key, value] : request.headers.all()) {
      if (!EqualsIgnoreCase(key, name)) continue;
      if (!first) out += ',';
      first = false;
      AppendFolded(out, value);
    }
    out += '\n';
  }
  out += '\n';
  for (std::size_t i = 0; i < signed_headers.size(); ++i) {
    if (i > 0) out += ';';
    out += signed_headers[i];
  }
  out.append("\n").append(payload_hash);
  return out;
}

std::string StringToSign(std::string_view time, const SigV4Scope& scope,
                         std::string_view canonical) {
  std::string out(kAlgorithm);
  out.append("\n").append(time).append("\n").append(scope.date).append("/").append(scope.region);
  out.append("/").append(scope.service).append("/").append(kTerminator).append("\n");
  return out + Sha256Hex(canonical);
}

std::string DeriveKey(std::string_view secret, const SigV4Scope& scope) {
  std::string key = HmacSha256("AWS4" + std::string(secret), scope.date);
  key = HmacSha256(key, scope.region);
  key = HmacSha256(key, scope.service);
  return HmacSha256(key, kTerminator);
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Headers without which a signature could be carried over to another server or operation.
Result<> CheckSignedHeaders(const http::Request& request, const Signature& signature) {
  if (!Contains(signature.signed_headers, "host")) {
    return Mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (request.headers.Has("x-amz-target") && !Contains(signature.signed_headers, "x-amz-target")) {
    return Mismatch("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
  }
  return {};
}

/// The hash that was signed, once it is known to be the body's.
Result<std::string> PayloadHash(const http::Request& request,
                                const SigV4Verifier::Options& options) {
  const std::string_view claimed = Trim(request.headers.Get("x-amz-content-sha256"));
  if (claimed == kUnsignedPayload) {
    if (request.tls || options.allow_unsigned_payload) return std::string(claimed);
    return Mismatch("UNSIGNED-PAYLOAD is accepted over TLS only.");
  }
  std::string actual = Sha256Hex(request.body);
  if (!claimed.empty() && !EqualsIgnoreCase(claimed, actual)) {
    return Mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  return claimed.empty() ? actual : std::string(claimed);
}

}  // namespace

/// Derived keys by access key, date, region and service. The secret is kept beside the key, so
/// that a replaced secret never verifies with the old one.
struct SigV4Verifier::Cache {
  struct Entry {
    std::string secret;
    std::string key;
  };
  std::shared_mutex mutex;
  std::unordered_map<std::string, Entry> entries;  // guarded by mutex

  std::string KeyOf(const SigV4Scope& scope, const std::string& secret) {
    std::string name = scope.access_key_id;
    name.append("/").append(scope.date).append("/").append(scope.region).append("/");
    name += scope.service;
    {
      std::shared_lock lock(mutex);
      const auto found = entries.find(name);
      if (found != entries.end() && ConstantTimeEqual(found->second.secret, secret)) {
        return found->second.key;
      }
    }
    std::string key = DeriveKey(secret, scope);
    std::unique_lock lock(mutex);
    if (entries.size() >= kCachedKeysMax) entries.clear();
    entries[std::move(name)] = {secret, key};
    return key;
  }
};

SigV4Verifier::SigV4Verifier() : cache_(std::make_unique<Cache>()) {}
SigV4Verifier::~SigV4Verifier() = default;

Result<std::optional<SigV4Scope>> FindSignature(const http::Request& request) {
  SB_TRY(std::optional<Signature> signature, ParseSignature(request));
  if (!signature) return std::optional<SigV4Scope>();
  return std::optional(std::move(signature->scope));
}

Result<SigV4Scope> SigV4Verifier::Verify(
    const http::Request& request, Instant now,
    const std::function<std::optional<std::string>(std::string_view)>& secret_of,
    const Options& options) const {
  SB_TRY(std::optional<Signature> signature, ParseSignature(request));
  if (!signature) {
    return Fault("MissingAuthenticationToken", "Request is missing Authentication Token");
  }
  const std::optional<std::string> secret = secret_of(signature->scope.access_key_id);
  // Our keys are long-lived: one that comes with a session token is not ours.
  const bool has_token = request.headers.Has("x-amz-security-token") ||
                         Find(signature->query, "X-Amz-Security-Token") != nullptr;
  if (!secret || has_token) {
    return Fault("InvalidClientTokenId", "The security token included in the request is invalid.");
  }
  SB_TRY(const Instant signed_at, SignedTime(request, *signature));
  SB_TRY(const Duration valid, Validity(*signature, options.skew_max));
  SB_TRY_OK(CheckTime(signed_at, valid, now, options.skew_max));
  SB_TRY_OK(CheckSignedHeaders(request, *signature));
  SB_TRY(const std::string payload_hash, PayloadHash(request, options));

  const std::string canonical =
      CanonicalRequest(request, signature->query, signature->signed_headers, payload_hash);
  const std::string to_sign = StringToSign(FormatIsoBasic(signed_at), signature->scope, canonical);
  const std::string key = cache_->KeyOf(signature->scope, *secret);
  if (!ConstantTimeEqual(HexEncode(HmacSha256(key, to_sign)), signature->signature)) {
    return Mismatch();
  }
  return std::move(signature->scope);
}

void Sign(http::Request& request, std::string_view access_key_id, std::string_view secret,
          std::string_view region, std::string_view service, Instant now) {
  const std::string time = FormatIsoBasic(now);
  const std::string payload_hash = Sha256Hex(request.body);
  request.headers.Set("X-Amz-Date", time);
  request.headers.Set("X-Amz-Content-Sha256", payload_hash);

  std::vector<std::string> names;
  for (const auto& [key, value] : request.headers.all()) {
    std::string name = ToLower(key);
    if (name == "host" || name == "content-type" || name.starts_with("x-amz-")) {
      names.push_back(std::move(name));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());

  const SigV4Scope scope{std::string(access_key_id), time.substr(0, 8), std::string(region),
                         std::string(service)};
  const Parameters query = DecodeQuery(request.query).value_or(Parameters());
  const std::string to_sign =
      StringToSign(time, scope, CanonicalRequest(request, query, names, payload_hash));
  std::string authorization(kAlgorithm);
  authorization.append(" Credential=").append(access_key_id).append("/").append(scope.date);
  authorization.append("/").append(region).append("/").append(service).append("/");
  authorization.append(kTerminator).append(", SignedHeaders=");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) authorization += ';';
    authorization += names[i];
  }
  authorization.append(", Signature=");
  authorization += HexEncode(HmacSha256(DeriveKey(secret, scope), to_sign));
  request.headers.Set("Authorization", std::move(authorization));
}

}  // namespace securebase::net
