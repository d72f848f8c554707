// Keys survive a restart, are never stored in clear, and open only under their master key.
#include "api/key_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "api/internal/secret_box.h"
#include "base/testing/fault_file_system.h"
#include "base/text.h"
#include "criteria/testing/stores.h"

namespace securebase::api {
namespace {

class KeyStoreTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<KeyStore>> Open() {
    return KeyStore::Open(stores_.documents(), stores_.account, PosixFileSystem(),
                          stores_.folder.path(), stores_.random, stores_.clock);
  }
  static Caller CallerFor(std::string customer, Role role = Role::kViewer) {
    Caller caller;
    caller.customer.id = std::move(customer);
    caller.role = role;
    return caller;
  }

  criteria::TestStores stores_;
};

TEST_F(KeyStoreTest, FindsWhatItMadeAfterARestart) {
  std::string key;
  AwsKeyPair pair;
  {
    auto keys = Open();
    ASSERT_TRUE(keys.ok()) << keys.error().message();
    Caller caller = CallerFor("acme", Role::kManager);
    caller.plan = "standard";
    key = *(*keys)->CreateApiKey(caller);
    caller.whole_account = true;
    pair = *(*keys)->CreateAwsKey(caller);
  }
  EXPECT_TRUE(key.starts_with("sbk_"));
  EXPECT_EQ(key.size(), 4u + 43u);
  EXPECT_TRUE(pair.access_key_id.starts_with("AKIA"));
  EXPECT_EQ(pair.access_key_id.size(), 20u);
  EXPECT_EQ(pair.secret_access_key.size(), 40u);

  auto keys = Open();
  ASSERT_TRUE(keys.ok()) << keys.error().message();
  const auto found = (*keys)->FindApiKey(key);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->customer.id, "acme");
  EXPECT_EQ(found->role, Role::kManager);
  EXPECT_EQ(found->plan, "standard");
  EXPECT_FALSE(found->whole_account);
  const auto aws = (*keys)->FindAwsKey(pair.access_key_id);
  ASSERT_TRUE(aws);
  EXPECT_EQ(aws->secret, pair.secret_access_key);
  EXPECT_TRUE(aws->caller.whole_account);
  EXPECT_FALSE((*keys)->FindApiKey(key + "x"));
  EXPECT_FALSE((*keys)->FindAwsKey("AKIAOTHER"));
  EXPECT_FALSE((*keys)->FindAwsKey(found->key_id));  // an API key's id is no access key
}

TEST_F(KeyStoreTest, StoresNoSecretInClear) {
  auto keys = Open();
  ASSERT_TRUE(keys.ok());
  const std::string key = *(*keys)->CreateApiKey(CallerFor("acme"));
  const AwsKeyPair pair = *(*keys)->CreateAwsKey(CallerFor("acme"));
  const auto items = stores_.documents().All(stores_.account, "securebase.internal.keys");
  ASSERT_TRUE(items.ok());
  EXPECT_EQ(items->size(), 2u);
  for (const documents::Item& item : *items) {
    const std::string bytes = documents::EncodeItem(item);
    EXPECT_EQ(bytes.find(key), std::string::npos);
    EXPECT_EQ(bytes.find(key.substr(4)), std::string::npos);
    EXPECT_EQ(bytes.find(pair.secret_access_key), std::string::npos);
  }
}

TEST_F(KeyStoreTest, ListsByAccountInOrderAndDeletes) {
  auto keys = Open();
  ASSERT_TRUE(keys.ok());
  const std::string key = *(*keys)->CreateApiKey(CallerFor("a"));
  stores_.clock.Advance(std::chrono::seconds(1));
  const AwsKeyPair pair = *(*keys)->CreateAwsKey(CallerFor("b"));
  Caller foreign = CallerFor("c");
  foreign.customer.account.id = "999999999999";
  ASSERT_TRUE((*keys)->CreateApiKey(foreign).ok());
  const auto list = (*keys)->List(stores_.account);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].caller.customer.id, "a");
  EXPECT_EQ(list[1].id, pair.access_key_id);
  EXPECT_TRUE(list[1].aws);

  ASSERT_TRUE((*keys)->Delete(list[0].id).ok());
  EXPECT_FALSE((*keys)->FindApiKey(key));
  EXPECT_EQ((*keys)->Delete(list[0].id).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE((*keys)->Delete(pair.access_key_id).ok());
  EXPECT_TRUE((*Open())->List(stores_.account).empty());
}

TEST_F(KeyStoreTest, RefusesAnUnusableCustomer) {
  auto keys = Open();
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ((*keys)->CreateApiKey(CallerFor("")).error().field(), "customer");
  EXPECT_EQ((*keys)->CreateAwsKey(CallerFor("a\nb")).error().field(), "customer");
  EXPECT_EQ((*keys)->CreateApiKey(CallerFor(std::string(129, 'a'))).error().field(), "customer");
}

TEST_F(KeyStoreTest, TheMasterKeyIsTheOwnersAlone) {
  ASSERT_TRUE(Open().ok());
  struct stat status = {};
  ASSERT_EQ(::stat((stores_.folder / "master.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(KeyStoreTest, AnotherMasterKeyOpensNothing) {
  ASSERT_TRUE((*Open())->CreateAwsKey(CallerFor("a")).ok());
  ASSERT_TRUE(
      WriteFileAtomically(PosixFileSystem(), stores_.folder / "master.key", std::string(64, '0'))
          .ok());
  const auto keys = Open();
  ASSERT_FALSE(keys.ok());
  EXPECT_NE(keys.error().message().find("AKIA"), std::string::npos);
}

TEST_F(KeyStoreTest, DamagedRecordsAreNamed) {
  ASSERT_TRUE(Open().ok());
  const auto refused = [&](documents::Item item) {
    const std::string table = "securebase.internal.keys";
    criteria::TestStores::Expect(stores_.documents().Put(stores_.account, table, item));
    const auto keys = Open();
    ASSERT_FALSE(keys.ok());
    EXPECT_NE(keys.error().message().find("key bad"), std::string::npos);
  };
  documents::Item item{{"id", "bad"}, {"created_at", "2026-01-01T00:00:00Z"}, {"role", "viewer"}};
  refused({{"id", "bad"}});
  refused(item);  // no hash
  item["role"] = "root";
  refused(item);
  item["role"] = "viewer";
  item["aws"] = true;
  refused(item);  // no secret
  item["secret"] = documents::Value(documents::Binary{"short"});
  refused(item);
}

TEST(MasterKeyTest, ComesFromTheFileAndIsChecked) {
  FaultFileSystem files;
  SeededRandom random(1);
  ASSERT_TRUE(files.CreateFolders("/data").ok());
  const auto first = MasterKey(files, "/data", random);
  ASSERT_TRUE(first.ok()) << first.error().message();
  EXPECT_EQ(first->size(), kMasterKeyBytes);
  EXPECT_EQ(*MasterKey(files, "/data", random), *first);
  ASSERT_TRUE(WriteFileAtomically(files, "/data/master.key", "xyz").ok());
  EXPECT_NE(MasterKey(files, "/data", random).error().message().find("64 hexadecimal"),
            std::string::npos);
}

TEST(MasterKeyTest, TheEnvironmentWins) {
  FaultFileSystem files;
  SeededRandom random(1);
  ::setenv("SECUREBASE_MASTER_KEY", std::string(64, 'a').c_str(), 1);
  const auto key = MasterKey(files, "/data", random);
  ::setenv("SECUREBASE_MASTER_KEY", "short", 1);
  const auto broken = MasterKey(files, "/data", random);
  ::unsetenv("SECUREBASE_MASTER_KEY");
  EXPECT_EQ(*key, std::string(32, '\xaa'));
  EXPECT_EQ(broken.error().field(), "SECUREBASE_MASTER_KEY");
  EXPECT_FALSE(files.Exists("/data/master.key"));
}

TEST(SecretBoxTest, OpensOnlyWhatItSealed) {
  SeededRandom random(1);
  const std::string key(32, 'k');
  const std::string sealed = SealSecret(key, "AKIA1", "the secret", random);
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_EQ(*OpenSecret(key, "AKIA1", sealed), "the secret");
  EXPECT_FALSE(OpenSecret(key, "AKIA2", sealed).ok());  // another record's
  EXPECT_FALSE(OpenSecret(std::string(32, 'l'), "AKIA1", sealed).ok());
  EXPECT_FALSE(OpenSecret(key, "AKIA1", sealed.substr(0, 20)).ok());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string flipped = sealed;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(OpenSecret(key, "AKIA1", flipped).ok()) << i;
  }
  EXPECT_EQ(*OpenSecret(key, "", SealSecret(key, "", "", random)), "");
}

}  // namespace
}  // namespace securebase::api
