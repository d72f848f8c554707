#include "documents/tag_store.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"
#include "documents/embedded_store.h"

namespace securebase::documents {
namespace {

class TagStoreTest : public ::testing::Test {
 protected:
  TagStoreTest() {
    engine_ = *storage::Engine::Open({.folder = folder_.path() + "/data"}, PosixFileSystem());
    documents_ = *EmbeddedDocumentStore::Open(*engine_, ProductTables("test"), random_);
    EXPECT_TRUE(engine_->Recover().ok());
    tags_ = std::make_unique<TagStore>(*documents_);
  }
  ~TagStoreTest() override { engine_.reset(); }

  TempFolder folder_;
  SystemRandom random_;
  std::unique_ptr<EmbeddedDocumentStore> documents_;
  std::unique_ptr<storage::Engine> engine_;
  std::unique_ptr<TagStore> tags_;
  const Account account_;
  const std::string arn_ = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a";
};

TEST_F(TagStoreTest, NothingIsTaggedAtFirst) {
  EXPECT_EQ(*tags_->List(account_, arn_), Tags());
  EXPECT_TRUE(tags_->Remove(account_, arn_, {"team"}).ok());
}

TEST_F(TagStoreTest, AddsReplacesAndRemoves) {
  ASSERT_TRUE(tags_->Add(account_, arn_, {{"team", "a"}, {"env", ""}}).ok());
  ASSERT_TRUE(tags_->Add(account_, arn_, {{"team", "b"}}).ok());
  EXPECT_EQ(*tags_->List(account_, arn_), (Tags{{"team", "b"}, {"env", ""}}));
  ASSERT_TRUE(tags_->Remove(account_, arn_, {"env", "none"}).ok());
  EXPECT_EQ(*tags_->List(account_, arn_), (Tags{{"team", "b"}}));
  EXPECT_EQ(*tags_->List({.id = "999999999999"}, arn_), Tags());
  EXPECT_EQ(*TagStore(*documents_).List(account_, arn_), (Tags{{"team", "b"}}));
}

TEST_F(TagStoreTest, RefusesMoreThanFiftyAndKeepsWhatWasThere) {
  Tags fifty;
  for (std::size_t i = 0; i < kTagsMax; ++i) fifty.emplace("k" + std::to_string(i), "v");
  ASSERT_TRUE(tags_->Add(account_, arn_, fifty).ok());
  const Result<> refused = tags_->Add(account_, arn_, {{"one-more", "v"}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().wire_code(), "LimitExceeded");
  EXPECT_EQ(*tags_->List(account_, arn_), fifty);
  fifty.emplace("one-more", "v");
  EXPECT_FALSE(tags_->Replace(account_, arn_, fifty).ok());
}

TEST_F(TagStoreTest, TagsComeAndGoWithTheResourcesOwnTransaction) {
  ASSERT_TRUE(documents_->Transact(account_, {*tags_->Replace(account_, arn_, {{"a", "1"}})}).ok());
  EXPECT_EQ(*tags_->List(account_, arn_), (Tags{{"a", "1"}}));
  ASSERT_TRUE(documents_->Transact(account_, {*tags_->Replace(account_, arn_, {})}).ok());
  EXPECT_EQ(*tags_->List(account_, arn_), Tags());
}

}  // namespace
}  // namespace securebase::documents
