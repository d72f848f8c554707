#pragma once

// Sends mail to an SMTP server, over libcurl (RFC 5321, STARTTLS, AUTH).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/address_policy.h"

namespace securebase::net {

/// A part of a message beside its text.
struct MailPart {
  std::string name;          // file name, may hold any characters
  std::string content_type;  // "image/png"
  std::string content_id;    // of an inline picture: <img src="cid:ID">; empty: an attachment
  std::string bytes;
};

/// A message; `text` alone is enough.
struct Mail {
  std::string envelope_from;  // empty: the null sender
  std::string recipient;      // one: every delivery has a fate of its own
  /// In the order in which they are written; values in UTF-8, encoded as RFC 2047 where needed.
  /// MIME headers are the client's.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string text;
  std::string html;
  std::vector<MailPart> parts;
};

struct SmtpServer {
  enum class Security {
    kStartTls,       // required: without TLS no mail
    kTls,            // from the first byte
    kOpportunistic,  // STARTTLS where offered; never with a user name
    kPlain,
  };
  std::string host;
  int port = 587;
  Security security = Security::kStartTls;
  std::string user;  // empty: no AUTH
  std::string password;
  std::string helo;     // our host name
  std::string ca_file;  // trusted in place of the system's certificates; empty: the system's
  Duration connect_timeout = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(60);
};

/// The server's last word.
struct SmtpReply {
  int code = 0;      // 250 after the message: it was taken
  std::string text;  // "2.0.0 Ok: queued as 4F2"
};

/// `text` as a header value: itself where it is printable ASCII, else encoded words (RFC 2047).
/// Line breaks and NUL become blanks.
std::string EncodeMailHeader(std::string_view text);

/// Keeps its connection between messages to one server. Not thread-safe.
class SmtpClient {
 public:
  SmtpClient();
  ~SmtpClient();
  SmtpClient(SmtpClient&&) noexcept;

  /// A reply, whatever its code, once the server gave one. Errors: kInvalidArgument for an address
  /// with a line break; kForbidden for an address of the server that the policy refuses;
  /// kUnavailable where no connection could be made, TLS failed or the connection broke;
  /// kDeadlineExceeded.
  Result<SmtpReply> Send(const SmtpServer& server, const Mail& mail,
                         const AddressPolicy* addresses = nullptr);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace securebase::net
