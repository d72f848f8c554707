#include "documents/tag_store.h"

#include <utility>

namespace securebase::documents {
namespace {

constexpr std::string_view kTable = "resource-tags";
constexpr std::string_view kKey = "arn";
constexpr std::string_view kTags = "tags";

Tags TagsOf(const Item& item) {
  Tags tags;
  const auto found = item.find(kTags);
  if (found == item.end() || found->second.map() == nullptr) return tags;
  for (const auto& [key, value] : *found->second.map()) {
    if (value.string() != nullptr) tags.emplace(key, *value.string());
  }
  return tags;
}

Change SetTo(const std::string& arn, const Tags& tags) {
  if (tags.empty()) return {.kind = Change::Kind::kDelete};
  Item all;
  for (const auto& [key, value] : tags) all.emplace(key, value);
  Item item;
  item.emplace(kKey, arn);
  item.emplace(kTags, std::move(all));
  return {.kind = Change::Kind::kPut, .item = std::move(item)};
}

Item KeyItem(const std::string& arn) {
  Item key;
  key.emplace(kKey, arn);
  return key;
}

Error TooMany() {
  return Error(ErrorCode::kLimitExceeded,
               "A resource can have at most " + std::to_string(kTagsMax) + " tags.", "Tags",
               "LimitExceeded");
}

}  // namespace

Result<> TagStore::EnsureTable(const Account& account) {
  std::lock_guard lock(mutex_);
  if (ready_.contains(account)) return {};
  TableDescription table{.name = std::string(kTable),
                         .id = std::string(kTable),
                         .partition_key = {.name = std::string(kKey)},
                         .product = true,
                         .internal = true};
  SB_TRY_OK(documents_.CreateTable(account, std::move(table)));
  ready_.insert(account);
  return {};
}

Result<Tags> TagStore::List(const Account& account, const std::string& arn) const {
  const auto found = documents_.Get(account, std::string(kTable), KeyItem(arn));
  if (!found.ok()) {
    // Nobody in the account has tagged anything yet.
    if (found.error().code() == ErrorCode::kNotFound) return Tags();
    return found.error();
  }
  return *found ? TagsOf((*found)->item) : Tags();
}

Result<> TagStore::Add(const Account& account, const std::string& arn, const Tags& tags) {
  SB_TRY_OK(EnsureTable(account));
  auto add = [arn, tags](const Item* present) -> Result<Change> {
    Tags all = present != nullptr ? TagsOf(*present) : Tags();
    for (const auto& [key, value] : tags) all[key] = value;
    if (all.size() > kTagsMax) return TooMany();
    return SetTo(arn, all);
  };
  SB_TRY_OK(documents_.Transact(account, {{std::string(kTable), KeyItem(arn), std::move(add)}}));
  return {};
}

Result<> TagStore::Remove(const Account& account, const std::string& arn,
                          const std::vector<std::string>& keys) {
  SB_TRY_OK(EnsureTable(account));
  auto remove = [arn, keys](const Item* present) -> Result<Change> {
    if (present == nullptr) return Change();
    Tags all = TagsOf(*present);
    for (const std::string& key : keys) all.erase(key);
    return SetTo(arn, all);
  };
  SB_TRY_OK(documents_.Transact(account, {{std::string(kTable), KeyItem(arn), std::move(remove)}}));
  return {};
}

Result<Write> TagStore::Replace(const Account& account, const std::string& arn, Tags tags) {
  if (tags.size() > kTagsMax) return TooMany();
  SB_TRY_OK(EnsureTable(account));
  return Write{
      std::string(kTable), KeyItem(arn),
      [arn, tags = std::move(tags)](const Item*) -> Result<Change> { return SetTo(arn, tags); }};
}

}  // namespace securebase::documents
