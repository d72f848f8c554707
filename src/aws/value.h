#pragma once

// The neutral form between codecs and operations: what a request says and what an answer says,
// without a wire. Codecs read and write it; operations see nothing else.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace securebase::aws {

/// One value of a request or an answer. A decoded request has the types of its Shape, so an
/// operation reads its members without checking them again.
class Value {
 public:
  using List = std::vector<Value>;
  using Fields = std::vector<std::pair<std::string, Value>>;
  /// Members by the model's names, in the order in which they are written.
  struct Struct {
    Fields fields;
    bool operator==(const Struct& other) const;
  };
  /// Keys are data, not names of the model: XML writes a map otherwise than a structure.
  struct Map {
    Fields entries;
    bool operator==(const Map& other) const;
  };
  struct Blob {
    std::string bytes;
    bool operator==(const Blob&) const = default;
  };
  /// Text that already is JSON, written as it stands; for answers of the JSON protocols alone.
  struct Raw {
    std::string json;
    bool operator==(const Raw&) const = default;
  };

  Value() = default;
  Value(bool b) : data_(b) {}
  Value(int i) : data_(static_cast<std::int64_t>(i)) {}
  Value(std::int64_t i) : data_(i) {}
  Value(std::uint64_t i) : data_(static_cast<std::int64_t>(i)) {}
  Value(double d) : data_(d) {}
  Value(std::string s) : data_(std::move(s)) {}
  Value(std::string_view s) : data_(std::string(s)) {}
  Value(const char* s) : data_(std::string(s)) {}
  Value(Instant t) : data_(t) {}
  Value(List l) : data_(std::move(l)) {}
  Value(Struct s) : data_(std::move(s)) {}
  Value(Map m) : data_(std::move(m)) {}
  Value(Blob b) : data_(std::move(b)) {}
  Value(Raw r) : data_(std::move(r)) {}
  /// JSON as it stands: DynamoDB's attribute values, which only travel as JSON.
  Value(json::Value document) : data_(std::move(document)) {}
  static Value MakeStruct(Fields fields) { return Value(Struct{std::move(fields)}); }

  bool IsNull() const { return std::holds_alternative<std::monostate>(data_); }
  template <class T>
  const T* As() const {
    return std::get_if<T>(&data_);
  }

  // Members of a structure (or map); absent ones, and those of anything else, are null or none.
  const Value* Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  const std::string* Text(std::string_view name) const;
  std::string TextOr(std::string_view name, std::string_view otherwise) const;
  std::optional<std::int64_t> Int(std::string_view name) const;
  std::optional<double> Double(std::string_view name) const;
  bool Bool(std::string_view name, bool otherwise) const;
  std::optional<Instant> Time(std::string_view name) const;
  /// The elements of a list; empty where it is absent.
  const List& Elements(std::string_view name) const;
  /// The entries of a map; empty where it is absent.
  const Fields& Entries(std::string_view name) const;
  const json::Value* Document(std::string_view name) const;

  /// Appends a member; makes a structure of a null.
  void Set(std::string_view name, Value value);

  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Instant, Blob, List, Struct,
               Map, json::Value, Raw>
      data_;
};

// Here, where Value is complete: clang 14 looks into the members of a default at once.
inline bool Value::Struct::operator==(const Struct& other) const { return fields == other.fields; }
inline bool Value::Map::operator==(const Map& other) const { return entries == other.entries; }

}  // namespace securebase::aws
