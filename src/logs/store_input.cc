#include "logs/store_input.h"

#include <algorithm>
#include <set>
#include <utility>

#include "insights/log_scan.h"
#include "insights/memory_input.h"

namespace securebase::logs {
namespace {

bool MatchesGlob(std::string_view text, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return text == pattern;
  const std::string_view head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  return text.size() >= head.size() + tail.size() && text.starts_with(head) && text.ends_with(tail);
}

/// "x*" is wanted, "!y" is not; without a wanted one all others are.
bool MatchesTag(const std::string& value, const std::vector<std::string>& patterns) {
  bool wanted = false, any_wanted = false;
  for (std::string_view pattern : patterns) {
    if (pattern.starts_with("!")) {
      if (MatchesGlob(value, pattern.substr(1))) return false;
    } else {
      any_wanted = true;
      wanted |= MatchesGlob(value, pattern);
    }
  }
  return wanted || !any_wanted;
}

/// A source with the input that it reads from.
class Holding final : public query::Source {
 public:
  Holding(std::unique_ptr<query::Source> source, std::shared_ptr<const insights::Input> input)
      : input_(std::move(input)), source_(std::move(source)) {}
  const std::vector<std::string>& column_names() const override { return source_->column_names(); }
  Result<bool> Next(query::Batch& batch) override { return source_->Next(batch); }
  const query::ScanStatistics& statistics() const override { return source_->statistics(); }

 private:
  std::shared_ptr<const insights::Input> input_;  // before source_, which reads from it
  std::unique_ptr<query::Source> source_;
};

class StoreInput final : public insights::Input {
 public:
  StoreInput(const events::LogStore& store, Account account)
      : store_(store), account_(std::move(account)) {}

  Result<std::vector<std::string>> Resolve(
      const insights::GroupSelection& selection) const override;
  Result<std::vector<insights::ScanPart>> Open(const insights::ScanRequest& request,
                                               std::size_t parts) const override;

 private:
  Result<std::vector<insights::ScanPart>> OpenFromMemory(
      const insights::ScanRequest& request) const;
  bool Takes(const events::LogGroup& group, const insights::GroupSelection& selection) const;
  std::string account_number() const { return account_.id.substr(0, account_.id.find('/')); }

  const events::LogStore& store_;
  const Account account_;
};

bool StoreInput::Takes(const events::LogGroup& group,
                       const insights::GroupSelection& selection) const {
  const auto of_group = group.attributes.find("class");
  const std::string group_class =
      of_group == group.attributes.end() ? "STANDARD" : of_group->second;
  const auto& classes = selection.classes;
  if (!classes.empty() && std::find(classes.begin(), classes.end(), group_class) == classes.end()) {
    return false;
  }
  return std::all_of(selection.tags.begin(), selection.tags.end(), [&](const auto& tag) {
    const auto found = group.attributes.find("tag:" + tag.key);
    return found != group.attributes.end() && MatchesTag(found->second, tag.values);
  });
}

Result<std::vector<std::string>> StoreInput::Resolve(
    const insights::GroupSelection& selection) const {
  std::set<std::string> groups;
  for (const std::string& name : selection.names) {
    if (!store_.FindGroup(account_, name)) {
      return Error(
          ErrorCode::kNotFound,
          "Log group '" + name + "' does not exist for account ID '" + account_number() + "'",
          "logGroupName", "ResourceNotFoundException");
    }
    groups.insert(name);
  }
  const auto& accounts = selection.accounts;
  const bool ours = accounts.empty() ||
                    std::find(accounts.begin(), accounts.end(), account_number()) != accounts.end();
  std::vector<std::string> prefixes = selection.prefixes;
  if (prefixes.empty() && !selection.tags.empty()) prefixes.push_back("");
  for (const std::string& prefix : prefixes) {
    if (!ours) break;
    for (const events::LogGroup& group : store_.Groups(account_, prefix)) {
      if (Takes(group, selection)) groups.insert(group.name);
    }
  }
  return std::vector<std::string>(groups.begin(), groups.end());
}

Result<std::vector<insights::ScanPart>> StoreInput::Open(const insights::ScanRequest& request,
                                                         std::size_t count) const {
  if (request.groups.empty()) return std::vector<insights::ScanPart>();
  auto parts = insights::ScanLogs(store_, account_, request, count);
  if (!parts.ok() && parts.error().code() == ErrorCode::kUnimplemented) {
    return OpenFromMemory(request);
  }
  return parts;
}

// Slow path, for a store without columns: reads the events and discovers their fields.
Result<std::vector<insights::ScanPart>> StoreInput::OpenFromMemory(
    const insights::ScanRequest& request) const {
  std::vector<insights::MemoryEvent> events;
  for (const std::string& group : request.groups) {
    SB_TRY(std::vector<events::ReadEvent> read,
           store_.Read(account_, {.group = group,
                                  .start = FromUnixMillis(request.start_ms),
                                  .end = FromUnixMillis(request.end_ms) + Duration(1),
                                  .events_max = 10'000'000}));
    for (events::ReadEvent& one : read) {
      events.push_back({.timestamp_ms = ToUnixMillis(one.event.time),
                        .message = std::move(one.event.message),
                        .stream = std::move(one.stream),
                        .group = group,
                        .ingested_ms = ToUnixMillis(one.event.ingested_at)});
    }
  }
  auto input = std::make_shared<insights::MemoryInput>(std::move(events), account_number());
  SB_TRY(std::vector<insights::ScanPart> parts, input->Open(request, 1));
  for (insights::ScanPart& part : parts) {
    part.source = std::make_unique<Holding>(std::move(part.source), input);
  }
  return parts;
}

}  // namespace

std::unique_ptr<insights::Input> MakeStoreInput(const events::LogStore& store, Account account) {
  return std::make_unique<StoreInput>(store, std::move(account));
}

}  // namespace securebase::logs
