#pragma once

// The embedded event stores of one engine: datasets and log groups share one part of the journal
// and of the catalogue.

#include <memory>

#include "base/clock.h"
#include "events/embedded_dataset_store.h"
#include "events/embedded_log_store.h"
#include "storage/engine.h"

namespace securebase::events {

struct EmbeddedEventsOptions {
  DatasetOptions datasets;
  LogOptions logs;
};

/// Open before the engine recovers; destroy after the engine has closed.
class EmbeddedEvents final : private storage::Participant {
 public:
  /// Reads the catalogue and registers with the engine. Errors: kInternal for a catalogue entry
  /// that does not decode.
  static Result<std::unique_ptr<EmbeddedEvents>> Open(storage::Engine& engine, const Clock& clock,
                                                      const EmbeddedEventsOptions& options = {});

  EmbeddedDatasetStore& datasets() { return *datasets_; }
  EmbeddedLogStore& logs() { return *logs_; }

  /// Removes files that no catalogue entry names: what an import or flush left that a crash cut
  /// short. Call once, after the engine has recovered.
  Result<> RemoveOrphans();

 private:
  EmbeddedEvents() = default;

  storage::StoreId store_id() const override { return storage::StoreId::kEvents; }
  storage::Sequence durable_sequence() const override { return durable_sequence_; }
  void Apply(storage::Sequence sequence, std::string_view payload) override;
  void Seal(storage::Sequence sequence) override;
  Result<> WriteSealed(storage::WriteBatch& batch) override;
  void DropSealed() override;

  std::unique_ptr<EmbeddedDatasetStore> datasets_;
  std::unique_ptr<EmbeddedLogStore> logs_;
  storage::Sequence durable_sequence_ = 0;
  storage::Sequence sealed_sequence_ = 0;
};

}  // namespace securebase::events
