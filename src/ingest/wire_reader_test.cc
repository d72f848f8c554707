#include "ingest/wire_reader.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <vector>

namespace securebase::ingest {
namespace {

std::string Text(std::initializer_list<int> bytes) {
  std::string out;
  for (int byte : bytes) out += static_cast<char>(byte);
  return out;
}

std::vector<WireField> FieldsOf(const std::string& message) {
  std::vector<WireField> fields;
  const Result<> read = ForEachField(message, [&](const WireField& field) -> Result<> {
    fields.push_back(field);
    return {};
  });
  EXPECT_TRUE(read.ok());
  return fields;
}

bool IsRefused(const std::string& message) {
  return !ForEachField(message, [](const WireField&) -> Result<> { return {}; }).ok();
}

TEST(WireReaderTest, ReadsEveryType) {
  const std::string message = Text({0x08, 0x96, 0x01,                            // 1: varint 150
                                    0x11, 0,    0,    0,   0, 0, 0, 0xF0, 0x3F,  // 2: double 1
                                    0x1A, 2,    'h',  'i',                       // 3: "hi"
                                    0x25, 1,    0,    0,   0,                    // 4: fixed32 1
                                    0x28, 0x03});                                // 5: sint -2
  const auto fields = FieldsOf(message);
  ASSERT_EQ(fields.size(), 5u);
  EXPECT_EQ(fields[0].Uint(), 150u);
  EXPECT_EQ(fields[1].Double(), 1.0);
  EXPECT_EQ(fields[2].bytes, "hi");
  EXPECT_EQ(fields[3].bits, 1u);
  EXPECT_EQ(fields[4].ZigZagInt(), -2);
  EXPECT_FALSE(WireReader::Expect(fields[0], WireField::Type::kBytes).ok());
}

TEST(WireReaderTest, PackedOrNot) {
  std::vector<std::uint64_t> numbers;
  auto add = [&](std::uint64_t bits) { numbers.push_back(bits); };
  WireField packed{.number = 1, .type = WireField::Type::kBytes};
  const std::string bytes = Text({1, 2, 0x80, 1});
  packed.bytes = bytes;
  EXPECT_TRUE(WireReader::Numbers(packed, WireField::Type::kVarint, add).ok());
  const WireField single{.number = 1, .type = WireField::Type::kVarint, .bits = 7};
  EXPECT_TRUE(WireReader::Numbers(single, WireField::Type::kVarint, add).ok());
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2, 128, 7}));
  EXPECT_FALSE(WireReader::Numbers(single, WireField::Type::kFixed64, add).ok());
  packed.bytes = std::string_view(bytes).substr(0, 3);
  EXPECT_FALSE(WireReader::Numbers(packed, WireField::Type::kFixed64, add).ok());
}

TEST(WireReaderTest, RefusesWhatIsNoMessage) {
  EXPECT_TRUE(IsRefused(Text({0x08})));             // a tag without its value
  EXPECT_TRUE(IsRefused(Text({0x1A, 5, 'x'})));     // longer than the message
  EXPECT_TRUE(IsRefused(Text({0x00, 0x01})));       // field 0
  EXPECT_TRUE(IsRefused(Text({0x0B})));             // a group
  EXPECT_TRUE(IsRefused(Text({0x11, 1, 2})));       // a short fixed64
  EXPECT_TRUE(IsRefused(std::string(12, '\xFF')));  // an endless varint
  EXPECT_FALSE(IsRefused(""));
}

TEST(WireReaderTest, Snappy) {
  std::string packed;
  const std::string text(1000, 'a');
  snappy::Compress(text.data(), text.size(), &packed);
  EXPECT_EQ(*SnappyDecode(packed, 1000), text);
  EXPECT_EQ(SnappyDecode(packed, 999).error().code(), ErrorCode::kLimitExceeded);
  EXPECT_FALSE(SnappyDecode("", 1000).ok());
  packed.resize(packed.size() / 2);
  EXPECT_FALSE(SnappyDecode(packed, 1000).ok());
}

}  // namespace
}  // namespace securebase::ingest
