#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/engine.h"

namespace securebase::events {

/// What a kEvents record is for: its first byte. Written to disk: never renumber.
enum class RecordKind : std::uint8_t { kDatasetEdit = 1, kLogEvents = 2, kLogEdit = 3 };

/// One of the stores that share the engine's kEvents participant; the calls are those of
/// storage::Participant, in the same order and with the same guarantees.
class EventPart {
 public:
  virtual ~EventPart() = default;
  /// `payload` begins after the RecordKind byte.
  virtual void Apply(storage::Sequence sequence, std::string_view payload) = 0;
  virtual void Seal() = 0;
  virtual Result<> WriteSealed(storage::WriteBatch& batch) = 0;
  virtual void DropSealed() = 0;
};

/// Catalogue keys: the kEvents byte, then a letter for the kind of entry.
inline std::string CatalogueKey(char kind) {
  return {static_cast<char>(storage::StoreId::kEvents), kind};
}

}  // namespace securebase::events
