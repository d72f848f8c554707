#include "api/key_store.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <shared_mutex>

#include "api/internal/secret_box.h"
#include "base/hash.h"
#include "base/text.h"

namespace securebase::api {
namespace {

// Internal: the DynamoDB API neither lists nor reads it. It lies in the home account and holds
// the keys of every account.
constexpr std::string_view kTable = "securebase.internal.keys";
constexpr std::size_t kApiKeyBytes = 32;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kAccessKeyLetters = 16;
constexpr std::size_t kSecretBytes = 30;  // 40 characters of base64, as AWS's

struct Entry {
  KeyDescription description;
  std::string hash;    // of an API key: SHA-256
  std::string secret;  // of an AWS key
};

std::string RandomBytes(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  random.Fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

std::string MakeAccessKeyId(Random& random) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id = "AKIA";
  for (std::size_t i = 0; i < kAccessKeyLetters; ++i) id += kLetters[random.Below(kLetters.size())];
  return id;
}

documents::Item ToItem(const Entry& entry, std::string sealed) {
  const Caller& caller = entry.description.caller;
  documents::Item item{{"id", entry.description.id},
                       {"aws", entry.description.aws},
                       {"account_id", caller.customer.account.id},
                       {"region", caller.customer.account.region},
                       {"customer_id", caller.customer.id},
                       {"role", ToText(caller.role)},
                       {"plan", caller.plan},
                       {"whole_account", caller.whole_account},
                       {"created_at", FormatIsoMillis(entry.description.created_at)}};
  if (entry.description.aws) {
    item["secret"] = documents::Value(documents::Binary{std::move(sealed)});
  } else {
    item["hash"] = HexEncode(entry.hash);
  }
  return item;
}

bool BooleanAttribute(const documents::Item& item, std::string_view name) {
  const auto found = item.find(name);
  const bool* value = found == item.end() ? nullptr : found->second.boolean();
  return value != nullptr && *value;
}

Result<Entry> FromItem(const documents::Item& item, std::string_view master_key) {
  using documents::StringAttribute;
  Entry entry;
  entry.description.id = StringAttribute(item, "id");
  entry.description.aws = BooleanAttribute(item, "aws");
  SB_TRY(entry.description.created_at, ParseIso(StringAttribute(item, "created_at")));
  Caller& caller = entry.description.caller;
  SB_TRY(caller.role, ParseRole(StringAttribute(item, "role")));
  caller.customer = {.account = {.id = StringAttribute(item, "account_id"),
                                 .region = StringAttribute(item, "region")},
                     .id = StringAttribute(item, "customer_id")};
  caller.plan = StringAttribute(item, "plan");
  caller.whole_account = BooleanAttribute(item, "whole_account");
  caller.key_id = entry.description.id;
  if (!entry.description.aws) {
    const std::optional<std::string> hash = HexDecode(StringAttribute(item, "hash"));
    if (!hash || hash->size() != kHashBytes) return Internal("a stored key has no hash");
    entry.hash = *hash;
    return entry;
  }
  const auto sealed = item.find("secret");
  const auto* bytes =
      sealed == item.end() ? nullptr : std::get_if<documents::Binary>(&sealed->second.data());
  if (bytes == nullptr) return Internal("a stored AWS key has no secret");
  SB_TRY(entry.secret, OpenSecret(master_key, entry.description.id, bytes->bytes));
  return entry;
}

Result<> CheckCaller(const Caller& caller) {
  const std::string& id = caller.customer.id;
  if (id.empty() || id.size() > 128 || ContainsControlCharacter(id) || !IsValidUtf8(id)) {
    return InvalidArgument("customer", "must be 1 to 128 bytes of text");
  }
  return {};
}

class DocumentKeyStore final : public KeyStore {
 public:
  DocumentKeyStore(documents::DocumentStore& documents, Account home, std::string master_key,
                   Random& random, const Clock& clock)
      : documents_(documents),
        home_(std::move(home)),
        master_key_(std::move(master_key)),
        random_(random),
        clock_(clock) {}

  Result<> Load() {
    documents::TableDescription table{.name = std::string(kTable),
                                      .id = random_.Uuid(),
                                      .partition_key = {.name = "id"},
                                      .created_at = clock_.Now(),
                                      .product = true,
                                      .internal = true};
    SB_TRY_OK(documents_.CreateTable(home_, std::move(table)));
    SB_TRY(std::vector<documents::Item> items, documents_.All(home_, std::string(kTable)));
    for (const documents::Item& item : items) {
      Result<Entry> entry = FromItem(item, master_key_);
      if (!entry.ok()) {
        return entry.error().Within("key " + documents::StringAttribute(item, "id"));
      }
      Remember(*std::move(entry));
    }
    return {};
  }

  Result<std::string> CreateApiKey(const Caller& caller) override {
    SB_TRY_OK(CheckCaller(caller));
    std::string key = "sbk_" + Base64UrlEncode(RandomBytes(random_, kApiKeyBytes));
    Entry entry = NewEntry("key-" + random_.Hex(8), caller, /*aws=*/false);
    entry.hash = Sha256(key);
    SB_TRY_OK(documents_.Put(home_, std::string(kTable), ToItem(entry, {})));
    std::lock_guard lock(mutex_);
    Remember(std::move(entry));
    return key;
  }

  Result<AwsKeyPair> CreateAwsKey(const Caller& caller) override {
    SB_TRY_OK(CheckCaller(caller));
    Entry entry = NewEntry(MakeAccessKeyId(random_), caller, /*aws=*/true);
    entry.secret = Base64Encode(RandomBytes(random_, kSecretBytes));
    AwsKeyPair pair{entry.description.id, entry.secret};
    std::string sealed = SealSecret(master_key_, entry.description.id, entry.secret, random_);
    SB_TRY_OK(documents_.Put(home_, std::string(kTable), ToItem(entry, std::move(sealed))));
    std::lock_guard lock(mutex_);
    Remember(std::move(entry));
    return pair;
  }

  Result<> Delete(std::string_view key_id) override {
    {
      std::shared_lock lock(mutex_);
      if (!by_id_.contains(std::string(key_id))) return NotFound("no such key");
    }
    SB_TRY_OK(documents_.Delete(home_, std::string(kTable), {{"id", key_id}}));
    std::lock_guard lock(mutex_);
    const auto found = by_id_.find(std::string(key_id));
    if (found == by_id_.end()) return {};  // another caller was as quick
    if (!found->second.hash.empty()) id_by_hash_.erase(found->second.hash);
    by_id_.erase(found);
    return {};
  }

  std::vector<KeyDescription> List(const Account& account) const override {
    std::vector<KeyDescription> keys;
    {
      std::shared_lock lock(mutex_);
      for (const auto& [id, entry] : by_id_) {
        const Account& owner = entry.description.caller.customer.account;
        if (owner == account) keys.push_back(entry.description);
      }
    }
    std::sort(keys.begin(), keys.end(), [](const KeyDescription& a, const KeyDescription& b) {
      return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
    });
    return keys;
  }

  std::optional<Caller> FindApiKey(std::string_view key) const override {
    const std::string hash = Sha256(key);
    std::shared_lock lock(mutex_);
    const auto id = id_by_hash_.find(hash);
    if (id == id_by_hash_.end()) return std::nullopt;
    return by_id_.at(id->second).description.caller;
  }

  std::optional<AwsKey> FindAwsKey(std::string_view access_key_id) const override {
    std::shared_lock lock(mutex_);
    const auto found = by_id_.find(std::string(access_key_id));
    if (found == by_id_.end() || !found->second.description.aws) return std::nullopt;
    return AwsKey{.caller = found->second.description.caller, .secret = found->second.secret};
  }

 private:
  Entry NewEntry(std::string id, const Caller& caller, bool aws) const {
    Entry entry{
        .description = {.id = id, .aws = aws, .caller = caller, .created_at = clock_.Now()}};
    entry.description.caller.key_id = std::move(id);
    return entry;
  }

  // Under the lock, or before other threads know of this.
  void Remember(Entry entry) {
    if (!entry.hash.empty()) id_by_hash_[entry.hash] = entry.description.id;
    std::string id = entry.description.id;
    by_id_.insert_or_assign(std::move(id), std::move(entry));
  }

  documents::DocumentStore& documents_;
  const Account home_;
  const std::string master_key_;
  Random& random_;
  const Clock& clock_;

  mutable std::shared_mutex mutex_;
  boost::unordered_flat_map<std::string, Entry> by_id_;             // guarded by mutex_
  boost::unordered_flat_map<std::string, std::string> id_by_hash_;  // guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<KeyStore>> KeyStore::Open(documents::DocumentStore& documents,
                                                 const Account& home, FileSystem& files,
                                                 const std::string& data_folder, Random& random,
                                                 const Clock& clock) {
  SB_TRY(std::string master_key, MasterKey(files, data_folder, random));
  auto store =
      std::make_unique<DocumentKeyStore>(documents, home, std::move(master_key), random, clock);
  SB_TRY_OK(store->Load());
  return std::unique_ptr<KeyStore>(std::move(store));
}

}  // namespace securebase::api
