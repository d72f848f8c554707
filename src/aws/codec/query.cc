#include "aws/codec/query.h"

#include <cmath>
#include <limits>
#include <map>
#include <memory>

#include "base/text.h"

namespace securebase::aws::codec {
namespace {

// A field name has few dots; more is an attempt to exhaust the stack.
constexpr std::size_t kDepthMax = 32;

/// The fields as a tree by the parts of their names.
struct Node {
  const std::string* value = nullptr;
  std::map<std::string, Node, std::less<>> children;
};

Error MalformedInput(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field), "MalformedInput");
}

Result<> Insert(Node& root, const std::string& name, const std::string& value) {
  const auto parts = Split(name, '.');
  if (parts.size() > kDepthMax)
    return MalformedInput(name,
                          "The parameter " + std::string(parts.front()) + " is nested too deep.");
  Node* node = &root;
  for (std::string_view part : parts) {
    auto found = node->children.find(part);
    if (found == node->children.end()) {
      found = node->children.emplace(std::string(part), Node()).first;
    }
    node = &found->second;
  }
  if (node->value != nullptr) {
    return MalformedInput(name, "The parameter " + name + " is given twice.");
  }
  node->value = &value;
  return {};
}

Result<Value> Bind(const Shape& shape, const Node& node, const std::string& path);

Result<Value> BindStruct(const Shape& shape, const Node& node, const std::string& path) {
  Value::Struct out;
  for (const auto& [name, child] : node.children) {
    SB_TRY(const Member* member, FindMember(shape, name, path));
    SB_TRY(Value bound, Bind(*member->shape, child, JoinPath(path, name)));
    out.fields.emplace_back(name, std::move(bound));
  }
  if (node.value != nullptr && !node.value->empty()) {
    return MalformedInput(path, "The parameter " + path + " is a structure, not a value.");
  }
  return Value(std::move(out));
}

/// Children of `node` in the order of their numbers.
Result<std::map<std::int64_t, const Node*>> Numbered(const Node& node, const std::string& path) {
  std::map<std::int64_t, const Node*> numbered;
  for (const auto& [name, child] : node.children) {
    const auto number = ParseInt(name);
    if (!number || *number < 1 || !numbered.emplace(*number, &child).second) {
      return MalformedInput(JoinPath(path, name),
                            "The parameter " + JoinPath(path, name) + " must be numbered from 1.");
    }
  }
  return numbered;
}

/// The node that holds the numbered elements of a list or map; null for the empty one.
Result<const Node*> ElementsOf(const Node& node, std::string_view tag, const std::string& path) {
  if (node.children.empty() && node.value != nullptr && node.value->empty()) return nullptr;
  if (node.value != nullptr) {
    return MalformedInput(path, "The parameter " + path + " is a collection, not a value.");
  }
  for (const auto& [name, child] : node.children) {
    if (name == tag && child.value == nullptr) continue;
    return MalformedInput(JoinPath(path, name),
                          "The parameter " + JoinPath(path, name) + " is not a numbered element.");
  }
  return &node.children.begin()->second;
}

Result<Value> BindList(const Shape& shape, const Node& node, const std::string& path) {
  SB_TRY(const Node* elements, ElementsOf(node, "member", path));
  Value::List out;
  if (elements == nullptr) return Value(std::move(out));
  SB_TRY(const auto numbered, Numbered(*elements, path + ".member"));
  for (const auto& [number, child] : numbered) {
    SB_TRY(Value bound, Bind(*shape.element, *child, path + ".member." + std::to_string(number)));
    out.push_back(std::move(bound));
  }
  return Value(std::move(out));
}

Result<Value> BindMap(const Shape& shape, const Node& node, const std::string& path) {
  SB_TRY(const Node* elements, ElementsOf(node, "entry", path));
  Value::Map out;
  if (elements == nullptr) return Value(std::move(out));
  SB_TRY(const auto numbered, Numbered(*elements, path + ".entry"));
  for (const auto& [number, child] : numbered) {
    const std::string at = path + ".entry." + std::to_string(number);
    auto key = child->children.find("key");
    auto value = child->children.find("value");
    // SNS's message attributes have capitals.
    if (key == child->children.end()) key = child->children.find("Name");
    if (value == child->children.end()) value = child->children.find("Value");
    if (child->children.size() != 2 || key == child->children.end() ||
        value == child->children.end() || key->second.value == nullptr) {
      return MalformedInput(at, "The parameter " + at + " must have key and value.");
    }
    SB_TRY(Value bound, Bind(*shape.element, value->second, at + ".value"));
    out.entries.emplace_back(*key->second.value, std::move(bound));
  }
  return Value(std::move(out));
}

std::optional<double> ReadDouble(const std::string& text) {
  if (EqualsIgnoreCase(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (EqualsIgnoreCase(text, "infinity") || EqualsIgnoreCase(text, "inf")) {
    return std::numeric_limits<double>::infinity();
  }
  if (EqualsIgnoreCase(text, "-infinity") || EqualsIgnoreCase(text, "-inf")) {
    return -std::numeric_limits<double>::infinity();
  }
  return ParseDouble(text);
}

Result<Value> BindScalar(const Shape& shape, const std::string& text, const std::string& path) {
  auto wrong = [&](std::string_view wanted) {
    return MalformedInput(path, "The value " + text + " for parameter " + path + " is no " +
                                    std::string(wanted) + ".");
  };
  switch (shape.kind) {
    case Shape::Kind::kText:
      return Value(text);
    case Shape::Kind::kInt: {
      const auto number = ParseInt(text);
      return number ? Result<Value>(Value(*number)) : wrong("integer");
    }
    case Shape::Kind::kDouble: {
      const auto number = ReadDouble(text);
      return number ? Result<Value>(Value(*number)) : wrong("number");
    }
    case Shape::Kind::kBool:
      if (EqualsIgnoreCase(text, "true")) return Value(true);
      if (EqualsIgnoreCase(text, "false")) return Value(false);
      return wrong("boolean (true or false)");
    case Shape::Kind::kTime: {
      const Result<Instant> time = ParseIsoOrEpoch(text);
      return time.ok() ? Result<Value>(Value(*time)) : wrong("timestamp");
    }
    case Shape::Kind::kBlob: {
      auto bytes = Base64Decode(text);
      return bytes ? Result<Value>(Value(Value::Blob{*std::move(bytes)})) : wrong("base64");
    }
    default:
      return wrong("value of this protocol");
  }
}

Result<Value> Bind(const Shape& shape, const Node& node, const std::string& path) {
  if (shape.kind == Shape::Kind::kStruct) return BindStruct(shape, node, path);
  if (shape.kind == Shape::Kind::kList) return BindList(shape, node, path);
  if (shape.kind == Shape::Kind::kMap) return BindMap(shape, node, path);
  if (node.value == nullptr || !node.children.empty()) {
    return MalformedInput(path, "The parameter " + path + " is a single value.");
  }
  return BindScalar(shape, *node.value, path);
}

bool IsProtocolField(std::string_view name) {
  return name == "Action" || name == "Version" || name.starts_with("X-Amz-") ||
         name.starts_with("x-amz-");
}

void AppendElement(std::string& out, std::string_view name, const Value& value);

/// Characters that XML 1.0 cannot hold, not even escaped.
bool IsXmlCharacter(unsigned char c) { return c >= 0x20 || c == '\t' || c == '\n' || c == '\r'; }

void AppendContent(std::string& out, const Value& value) {
  if (const auto* s = value.As<Value::Struct>()) {
    for (const auto& [name, field] : s->fields) AppendElement(out, name, field);
  } else if (const auto* map = value.As<Value::Map>()) {
    for (const auto& [key, entry] : map->entries) {
      out += "<entry>";
      AppendElement(out, "key", Value(key));
      AppendElement(out, "value", entry);
      out += "</entry>";
    }
  } else if (const auto* list = value.As<Value::List>()) {
    for (const Value& element : *list) AppendElement(out, "member", element);
  } else if (const auto* text = value.As<std::string>()) {
    AppendXmlText(out, *text);
  } else if (const auto* i = value.As<std::int64_t>()) {
    out += std::to_string(*i);
  } else if (const auto* d = value.As<double>()) {
    if (std::isinf(*d)) {
      out += *d > 0 ? "Infinity" : "-Infinity";
    } else if (std::isnan(*d)) {
      out += "NaN";
    } else {
      AppendDouble(out, *d, /*force_point=*/true);
    }
  } else if (const auto* b = value.As<bool>()) {
    out += *b ? "true" : "false";
  } else if (const auto* t = value.As<Instant>()) {
    out += FormatIso(*t);
  } else if (const auto* blob = value.As<Value::Blob>()) {
    out += Base64Encode(blob->bytes);
  }
}

void AppendElement(std::string& out, std::string_view name, const Value& value) {
  if (value.IsNull()) return;
  std::string content;
  AppendContent(content, value);
  if (content.empty()) {
    out.append("<").append(name).append("/>");
    return;
  }
  out.append("<").append(name).append(">").append(content);
  out.append("</").append(name).append(">");
}

}  // namespace

Result<Value> DecodeForm(const Shape& shape, const Form& form) {
  Node root;
  for (const auto& [name, value] : form) {
    if (IsProtocolField(name)) continue;
    SB_TRY_OK(Insert(root, name, value));
  }
  return Bind(shape, root, "");
}

void AppendXmlText(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#xD;";  // a parser would fold it into the line feed
        break;
      default:
        if (IsXmlCharacter(static_cast<unsigned char>(c))) {
          out += c;
        } else {
          out += "\xEF\xBF\xBD";
        }
    }
  }
}

std::string EncodeXml(const Value& value) {
  std::string out;
  AppendContent(out, value);
  return out;
}

}  // namespace securebase::aws::codec
