#include <yaml-cpp/yaml.h>

#include "alarms/import.h"
#include "base/text.h"

namespace securebase::alarms {
namespace {

constexpr int kDepthMax = 64;

json::Value Scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "True") return true;
  if (text == "false" || text == "False") return false;
  if (text == "null" || text == "~" || text.empty()) return {};
  if (const auto number = ParseInt(text)) return *number;
  if (const auto number = ParseDouble(text)) return *number;
  return text;
}

json::Value Convert(const YAML::Node& node, int depth) {
  if (depth > kDepthMax) throw YAML::Exception(node.Mark(), "nested too deeply");
  json::Value out;
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      out = Scalar(node);
      break;
    case YAML::NodeType::Sequence: {
      json::Array list;
      for (const YAML::Node& one : node) list.push_back(Convert(one, depth + 1));
      out = std::move(list);
      break;
    }
    case YAML::NodeType::Map: {
      json::Object object;
      for (const auto& entry : node) {
        object.emplace_back(entry.first.Scalar(), Convert(entry.second, depth + 1));
      }
      out = std::move(object);
      break;
    }
    default:
      break;
  }
  const std::string& tag = node.Tag();
  if (tag.size() > 1 && tag[0] == '!' && tag[1] != '!') {
    json::Value call;
    call.Set(tag == "!Ref" ? "Ref" : "Fn::" + tag.substr(1), std::move(out));
    return call;
  }
  return out;
}

}  // namespace

Result<json::Value> ParseYaml(std::string_view text) {
  try {
    return Convert(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& error) {
    return InvalidArgument("", "line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
}

}  // namespace securebase::alarms
