#include "logs/store_input.h"

#include <algorithm>
#include <set>
#include <utility>

#include "insights/log_scan.h"

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

class StoreInput final : public insights::Input {
 public:
  StoreInput(const events::LogStore& store, Account account)
      : store_(store), account_(std::move(account)) {}

  Result<std::vector<std::string>> Resolve(
      const insights::GroupSelection& selection) const override;
  Result<std::vector<insights::ScanPart>> Open(const insights::ScanRequest& request,
                                               std::size_t parts) const override;

 private:
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
  return insights::ScanLogs(store_, account_, request, count);
}

}  // namespace

std::unique_ptr<insights::Input> MakeStoreInput(const events::LogStore& store, Account account) {
  return std::make_unique<StoreInput>(store, std::move(account));
}

}  // namespace securebase::logs
