#pragma once

// Typed members of a JSON object that came from a client or a file, with AWS's sentences for what
// is wrong with them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace securebase::alarms {

/// A view of one object. Member names are AWS's; `path` stands before them in errors.
class Input {
 public:
  explicit Input(const json::Value& object, std::string path = {})
      : object_(object), path_(std::move(path)) {}

  bool Has(std::string_view name) const;
  /// Absent or null: none. Another type than asked: kInvalidArgument naming the member.
  Result<std::optional<std::string>> Text(std::string_view name) const;
  Result<std::optional<std::int64_t>> Int(std::string_view name) const;
  Result<std::optional<double>> Number(std::string_view name) const;
  Result<std::optional<bool>> Bool(std::string_view name) const;
  Result<std::vector<std::string>> Texts(std::string_view name) const;
  /// The elements of a list of objects; empty where it is absent.
  Result<const json::Array*> Objects(std::string_view name) const;
  const json::Value* Find(std::string_view name) const;

  /// "Metrics.member.1.Id".
  std::string PathOf(std::string_view name) const;

 private:
  Error WrongType(std::string_view name, std::string_view wanted) const;

  const json::Value& object_;
  const std::string path_;
};

/// "1 validation error detected: Value SHOWN at 'path' failed to satisfy constraint: RULE".
Error ConstraintFault(std::string_view shown, std::string_view path, std::string_view rule);

}  // namespace securebase::alarms
