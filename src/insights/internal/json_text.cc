#include "insights/internal/json_text.h"

#include <simdjson.h>

#include "base/text.h"

namespace securebase::insights::internal {
namespace {

using simdjson::ondemand::json_type;

/// The text with the bytes behind it that simdjson reads past the end. One per thread.
struct Reader {
  simdjson::ondemand::parser parser;
  simdjson::dom::parser dom;
  std::string buffer;

  simdjson::padded_string_view Pad(std::string_view text) {
    buffer.assign(text);
    buffer.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    return simdjson::padded_string_view(buffer.data(), text.size(), buffer.capacity());
  }
};

Reader& ThreadReader() {
  thread_local Reader reader;
  return reader;
}

Cell CellOf(simdjson::ondemand::value value, Arena& arena) {
  json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return {};
  std::string_view text;
  switch (type) {
    case json_type::string:
      if (value.get_string().get(text) != simdjson::SUCCESS) return {};
      return Cell::Text(arena.Copy(text));
    case json_type::number:
      text = Trim(value.raw_json_token());
      return Cell::Text(arena.Copy(text), Kind::kNumberText);
    case json_type::boolean: {
      bool b = false;
      if (value.get_bool().get(b) != simdjson::SUCCESS) return {};
      return Cell::Bool(b);
    }
    case json_type::object: {
      simdjson::ondemand::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS ||
          object.raw_json().get(text) != simdjson::SUCCESS) {
        return {};
      }
      return Cell::Text(arena.Copy(Minify(text)), Kind::kTree);
    }
    case json_type::array: {
      simdjson::ondemand::array array;
      if (value.get_array().get(array) != simdjson::SUCCESS ||
          array.raw_json().get(text) != simdjson::SUCCESS) {
        return {};
      }
      return Cell::Text(arena.Copy(Minify(text)), Kind::kTree);
    }
    default:
      return {};
  }
}

bool Step(simdjson::ondemand::value& value, const std::string& step) {
  json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  if (type == json_type::object) {
    simdjson::ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return false;
    for (auto field : object) {
      std::string_view key;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
      if (key == step) return field.value().get(value) == simdjson::SUCCESS;
    }
    return false;
  }
  if (type != json_type::array) return false;
  const auto index = ParseInt(step);
  if (!index || *index < 0) return false;
  simdjson::ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return false;
  std::int64_t at = 0;
  for (auto element : array) {
    if (element.error() != simdjson::SUCCESS) return false;
    if (at++ == *index) return element.get(value) == simdjson::SUCCESS;
  }
  return false;
}

}  // namespace

bool IsTree(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  if (trimmed.empty() || (trimmed[0] != '{' && trimmed[0] != '[')) return false;
  Reader& reader = ThreadReader();
  const auto padded = reader.Pad(trimmed);
  return reader.dom
             .parse(reinterpret_cast<const std::uint8_t*>(padded.data()), padded.length(), false)
             .error() == simdjson::SUCCESS;
}

Cell JsonAt(std::string_view text, const std::vector<std::string>& steps, Arena& arena) {
  Reader& reader = ThreadReader();
  simdjson::ondemand::document document;
  if (reader.parser.iterate(reader.Pad(text)).get(document) != simdjson::SUCCESS) return {};
  simdjson::ondemand::value value;
  if (document.get_value().get(value) != simdjson::SUCCESS) return {};
  for (const std::string& step : steps) {
    if (!Step(value, step)) return {};
  }
  return CellOf(value, arena);
}

bool JsonElements(std::string_view text, Arena& arena, const std::function<void(Cell)>& element) {
  const std::string_view trimmed = Trim(text);
  if (!trimmed.starts_with('[') || !IsTree(trimmed)) return false;
  Reader& reader = ThreadReader();
  simdjson::ondemand::document document;
  if (reader.parser.iterate(reader.Pad(trimmed)).get(document) != simdjson::SUCCESS) return false;
  simdjson::ondemand::array array;
  if (document.get_array().get(array) != simdjson::SUCCESS) return false;
  for (auto value : array) {
    if (value.error() != simdjson::SUCCESS) return true;
    element(CellOf(value.value_unsafe(), arena));
  }
  return true;
}

std::string Minify(std::string_view text) {
  // Most is compact already.
  if (text.find_first_of(" \t\n\r") == std::string_view::npos) return std::string(text);
  std::string out(text.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t size = 0;
  if (simdjson::minify(text.data(), text.size(), out.data(), size) != simdjson::SUCCESS) {
    return std::string(text);
  }
  out.resize(size);
  return out;
}

}  // namespace securebase::insights::internal
