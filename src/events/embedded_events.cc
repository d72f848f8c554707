#include "events/embedded_events.h"

#include <optional>

#include "base/bytes.h"
#include "base/check.h"

namespace securebase::events {
namespace {

constexpr char kSequenceKind = 'Q';

}  // namespace

Result<std::unique_ptr<EmbeddedEvents>> EmbeddedEvents::Open(storage::Engine& engine,
                                                             const Clock& clock,
                                                             const EmbeddedEventsOptions& options) {
  std::unique_ptr<EmbeddedEvents> events(new EmbeddedEvents);
  SB_TRY(const std::optional<std::string> sequence,
         engine.key_values().Get(CatalogueKey(kSequenceKind)));
  if (sequence.has_value()) {
    ByteReader in(*sequence);
    events->durable_sequence_ = in.Varint();
    if (!in.ok() || !in.empty()) {
      return Internal("the catalogue's sequence of the events does not decode");
    }
  }
  events->datasets_ = std::make_unique<EmbeddedDatasetStore>(engine, options.datasets);
  events->logs_ = std::make_unique<EmbeddedLogStore>(engine, clock, options.logs);
  SB_TRY_OK(events->datasets_->Load());
  SB_TRY_OK(events->logs_->Load());
  engine.Register(*events);
  return events;
}

Result<> EmbeddedEvents::RemoveOrphans() {
  SB_TRY_OK(datasets_->RemoveOrphans());
  return logs_->RemoveOrphans();
}

void EmbeddedEvents::Apply(storage::Sequence sequence, std::string_view payload) {
  SB_CHECK(!payload.empty(), "an empty record of the events");
  const auto kind = static_cast<RecordKind>(payload.front());
  payload.remove_prefix(1);
  switch (kind) {
    case RecordKind::kDatasetEdit:
      return datasets_->Apply(sequence, payload);
    case RecordKind::kLogEvents:
      return logs_->Apply(sequence, payload);
    case RecordKind::kLogEdit:
      return logs_->ApplyEdit(payload);
  }
  SB_CHECK(false, "a record of the events of an unknown kind");
}

void EmbeddedEvents::Seal(storage::Sequence sequence) {
  sealed_sequence_ = sequence;
  datasets_->Seal();
  logs_->Seal();
}

Result<> EmbeddedEvents::WriteSealed(storage::WriteBatch& batch) {
  SB_TRY_OK(datasets_->WriteSealed(batch));
  SB_TRY_OK(logs_->WriteSealed(batch));
  std::string sequence;
  PutVarint(sequence, sealed_sequence_);
  batch.Put(CatalogueKey(kSequenceKind), sequence);
  return {};
}

void EmbeddedEvents::DropSealed() {
  durable_sequence_ = sealed_sequence_;
  datasets_->DropSealed();
  logs_->DropSealed();
}

}  // namespace securebase::events
