#pragma once

// AWS Query: form fields in, XML out.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/shape.h"
#include "aws/value.h"
#include "base/result.h"

namespace securebase::aws::codec {

/// Decoded name-value pairs of a form, in order.
using Form = std::vector<std::pair<std::string, std::string>>;

/// Reads the fields of a form into the shape: `List.member.N` (gaps allowed, ordered by N),
/// `Struct.Member`, `Map.entry.N.key` and `.value`; `List=` is the empty list. Action, Version and
/// what begins with "X-Amz-" are left out. Errors: MalformedInput for values of a wrong type and
/// names given twice, ValidationError for names that are unknown or refused.
Result<Value> DecodeForm(const Shape& shape, const Form& form);

/// The elements of a structure, without an enclosing one.
std::string EncodeXml(const Value& value);

/// Appends `text` with markup characters escaped; what XML 1.0 cannot hold becomes U+FFFD.
void AppendXmlText(std::string& out, std::string_view text);

}  // namespace securebase::aws::codec
