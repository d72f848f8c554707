#include "aws/value.h"

namespace securebase::aws {

const Value* Value::Find(std::string_view name) const {
  const Fields* fields = nullptr;
  if (const Struct* s = As<Struct>()) fields = &s->fields;
  if (const Map* m = As<Map>()) fields = &m->entries;
  if (fields == nullptr) return nullptr;
  for (const auto& [key, value] : *fields) {
    if (key == name && !value.IsNull()) return &value;
  }
  return nullptr;
}

const std::string* Value::Text(std::string_view name) const {
  const Value* value = Find(name);
  return value == nullptr ? nullptr : value->As<std::string>();
}

std::string Value::TextOr(std::string_view name, std::string_view otherwise) const {
  const std::string* text = Text(name);
  return text == nullptr ? std::string(otherwise) : *text;
}

std::optional<std::int64_t> Value::Int(std::string_view name) const {
  const Value* value = Find(name);
  const std::int64_t* number = value == nullptr ? nullptr : value->As<std::int64_t>();
  return number == nullptr ? std::nullopt : std::optional(*number);
}

std::optional<double> Value::Double(std::string_view name) const {
  const Value* value = Find(name);
  const double* number = value == nullptr ? nullptr : value->As<double>();
  return number == nullptr ? std::nullopt : std::optional(*number);
}

bool Value::Bool(std::string_view name, bool otherwise) const {
  const Value* value = Find(name);
  const bool* b = value == nullptr ? nullptr : value->As<bool>();
  return b == nullptr ? otherwise : *b;
}

std::optional<Instant> Value::Time(std::string_view name) const {
  const Value* value = Find(name);
  const Instant* time = value == nullptr ? nullptr : value->As<Instant>();
  return time == nullptr ? std::nullopt : std::optional(*time);
}

const Value::List& Value::Elements(std::string_view name) const {
  static const List kNone;
  const Value* value = Find(name);
  const List* list = value == nullptr ? nullptr : value->As<List>();
  return list == nullptr ? kNone : *list;
}

const Value::Fields& Value::Entries(std::string_view name) const {
  static const Fields kNone;
  const Value* value = Find(name);
  const Map* map = value == nullptr ? nullptr : value->As<Map>();
  return map == nullptr ? kNone : map->entries;
}

const json::Value* Value::Document(std::string_view name) const {
  const Value* value = Find(name);
  return value == nullptr ? nullptr : value->As<json::Value>();
}

void Value::Set(std::string_view name, Value value) {
  if (IsNull()) data_ = Struct{};
  if (Struct* s = std::get_if<Struct>(&data_)) {
    s->fields.emplace_back(std::string(name), std::move(value));
  }
}

}  // namespace securebase::aws
