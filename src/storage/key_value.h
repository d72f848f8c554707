#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace securebase::storage {

/// Changes that become visible together.
class WriteBatch {
 public:
  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);

  struct Change {
    std::string key;
    std::optional<std::string> value;  // none: delete
  };
  const std::vector<Change>& changes() const { return changes_; }
  void Clear() { changes_.clear(); }

 private:
  std::vector<Change> changes_;
};

/// Ordered keys and values (RocksDB). Changes are durable only after Flush: the journal covers
/// the time between. Thread-safe.
class KeyValue {
 public:
  virtual ~KeyValue() = default;
  virtual Result<std::optional<std::string>> Get(std::string_view key) const = 0;
  virtual Result<> Write(const WriteBatch& batch) = 0;
  /// The same for changes that the journal holds already (Participant::Apply): cannot fail. While
  /// the disk refuses they are kept in memory, and readers see them there; the engine accepts no
  /// further commits until they are written.
  virtual void Project(const WriteBatch& batch) = 0;
  virtual Result<> Flush() = 0;

  /// Visits keys in [first, end) in ascending order (or descending) until `visit` returns false.
  /// An empty `end` means no end. One consistent view for the whole visit.
  virtual Result<> Visit(
      std::string_view first, std::string_view end, bool descending,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
};

/// First key after all keys that begin with `prefix`; empty when there is none.
std::string PrefixEnd(std::string_view prefix);

}  // namespace securebase::storage
