#include "logs/definition_table.h"

#include <utility>

#include "base/text.h"

namespace securebase::logs {
namespace {

constexpr std::string_view kTable = "securebase.internal.logs";
constexpr char kSeparator = '\x1f';  // in no name

std::string IdOf(const Account& account, std::string_view group, std::string_view name) {
  std::string id = account.id;
  for (std::string_view part : {std::string_view(account.region), group, name}) {
    id += kSeparator;
    id += part;
  }
  return id;
}

documents::Item KeyOf(std::string_view kind, std::string id) {
  return {{"kind", kind}, {"id", std::move(id)}};
}

}  // namespace

Result<DefinitionTable> DefinitionTable::Open(documents::DocumentStore& documents, Account home,
                                              Instant now) {
  documents::TableDescription table{.name = std::string(kTable),
                                    .id = "logs",
                                    .partition_key = {.name = "kind"},
                                    .sort_key = documents::KeyAttribute{.name = "id"},
                                    .created_at = now,
                                    .product = true,
                                    .internal = true};
  SB_TRY_OK(documents.CreateTable(home, std::move(table)));
  return DefinitionTable(documents, std::move(home));
}

Result<> DefinitionTable::Put(std::string_view kind, const Definition& definition) {
  documents::Item item = KeyOf(kind, IdOf(definition.account, definition.group, definition.name));
  item["body"] = json::Write(definition.body);
  return documents_->Put(home_, std::string(kTable), std::move(item));
}

Result<> DefinitionTable::Delete(std::string_view kind, const Account& account,
                                 std::string_view group, std::string_view name) {
  return documents_->Delete(home_, std::string(kTable), KeyOf(kind, IdOf(account, group, name)));
}

Result<std::vector<Definition>> DefinitionTable::All(std::string_view kind) const {
  SB_TRY(const std::vector<documents::Item> items,
         documents_->All(home_, std::string(kTable), documents::Value(kind)));
  std::vector<Definition> definitions;
  for (const documents::Item& item : items) {
    const std::string id = documents::StringAttribute(item, "id");
    const std::vector<std::string_view> parts = Split(id, kSeparator);
    if (parts.size() != 4) return Internal("definition '" + id + "' has a damaged key");
    SB_TRY(json::Value body, json::Parse(documents::StringAttribute(item, "body")));
    definitions.push_back({.account = {std::string(parts[0]), std::string(parts[1])},
                           .group = std::string(parts[2]),
                           .name = std::string(parts[3]),
                           .body = std::move(body)});
  }
  return definitions;
}

}  // namespace securebase::logs
