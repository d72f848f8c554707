#include "net/smtp_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <mutex>
#include <optional>

#include "base/text.h"
#include "net/internal/address_guard.h"

namespace securebase::net {
namespace {

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;
struct FreeMime {
  void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};
using Mime = std::unique_ptr<curl_mime, FreeMime>;

struct Conversation {
  SmtpReply reply;
  internal::AddressGuard guard;
};

std::size_t Ignore(char*, std::size_t size, std::size_t count, void*) { return size * count; }

// Each line that the server says: "250-8BITMIME", "250 2.0.0 Ok".
std::size_t OnReply(char* data, std::size_t size, std::size_t count, void* target) {
  SmtpReply& reply = static_cast<Conversation*>(target)->reply;
  const std::string_view line = Trim(std::string_view(data, size * count));
  if (line.size() >= 3) {
    if (const auto code = ParseInt(line.substr(0, 3)); code && *code >= 200 && *code < 600) {
      reply.code = static_cast<int>(*code);
      reply.text = ToValidUtf8(line.size() > 4 ? line.substr(4) : std::string_view());
    }
  }
  return size * count;
}

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

void Append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;
  static_cast<void>(list.release());
  list.reset(longer);
}

curl_mimepart* AddText(curl_mime* mime, const std::string& text, const char* type) {
  curl_mimepart* part = curl_mime_addpart(mime);
  curl_mime_data(part, text.data(), text.size());
  curl_mime_type(part, type);
  curl_mime_encoder(part, "quoted-printable");
  return part;
}

void AddPart(curl_mime* mime, const MailPart& part) {
  curl_mimepart* added = curl_mime_addpart(mime);
  curl_mime_data(added, part.bytes.data(), part.bytes.size());
  curl_mime_type(added, part.content_type.c_str());
  curl_mime_encoder(added, "base64");
  List headers;
  if (!part.content_id.empty()) {
    Append(headers, "Content-ID: <" + part.content_id + ">");
    Append(headers, "Content-Disposition: inline");
  } else {
    std::string plain;
    for (const char c : part.name) {
      plain += c >= ' ' && c < 127 && c != '"' && c != '\\' ? c : '_';
    }
    std::string disposition = "Content-Disposition: attachment; filename=\"" + plain + "\"";
    if (plain != part.name) disposition += "; filename*=UTF-8''" + PercentEncode(part.name);
    Append(headers, disposition);
  }
  curl_mime_headers(added, headers.release(), 1);
}

void AddBranch(curl_mime* mime, Mime branch, const char* type) {
  curl_mimepart* part = curl_mime_addpart(mime);
  curl_mime_subparts(part, branch.release());
  curl_mime_type(part, type);
}

// multipart/mixed( multipart/alternative( text, multipart/related( html, pictures ) ), files ):
// a level that would hold one part alone falls away.
Mime MakeBody(CURL* curl, const Mail& mail) {
  bool pictures = false, files = false;
  for (const MailPart& part : mail.parts) (part.content_id.empty() ? files : pictures) = true;
  Mime alternative(curl_mime_init(curl));
  AddText(alternative.get(), mail.text, "text/plain; charset=utf-8");
  if (!mail.html.empty()) {
    Mime related(curl_mime_init(curl));
    curl_mime* html_parent = pictures ? related.get() : alternative.get();
    AddText(html_parent, mail.html, "text/html; charset=utf-8");
    if (pictures) {
      for (const MailPart& part : mail.parts) {
        if (!part.content_id.empty()) AddPart(related.get(), part);
      }
      AddBranch(alternative.get(), std::move(related), "multipart/related");
    }
  }
  if (!files) return alternative;
  Mime mixed(curl_mime_init(curl));
  if (mail.html.empty()) {
    AddText(mixed.get(), mail.text, "text/plain; charset=utf-8");
  } else {
    AddBranch(mixed.get(), std::move(alternative), "multipart/alternative");
  }
  for (const MailPart& part : mail.parts) {
    if (part.content_id.empty()) AddPart(mixed.get(), part);
  }
  return mixed;
}

const char* TopType(const Mail& mail) {
  for (const MailPart& part : mail.parts) {
    if (part.content_id.empty()) return "Content-Type: multipart/mixed";
  }
  return "Content-Type: multipart/alternative";
}

void SetSecurity(CURL* curl, const SmtpServer& server) {
  switch (server.security) {
    case SmtpServer::Security::kStartTls:
      curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
      break;
    case SmtpServer::Security::kOpportunistic:
      curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_TRY));
      break;
    default:
      break;  // the URL says it
  }
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!server.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, server.ca_file.c_str());
  if (!server.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.c_str());
  }
}

std::string UrlOf(const SmtpServer& server) {
  const char* scheme = server.security == SmtpServer::Security::kTls ? "smtps" : "smtp";
  const bool v6 = server.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}/{}", scheme, v6 ? "[" : "", server.host, v6 ? "]" : "",
                     server.port, PercentEncode(server.helo.empty() ? "securebase" : server.helo));
}

Error ErrorOf(CURLcode code, const Conversation& conversation, const char* detail) {
  if (conversation.guard.refused) return Forbidden(conversation.guard.Reason());
  const std::string text = *detail != '\0' ? detail : curl_easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) return Error(ErrorCode::kDeadlineExceeded, text);
  return Unavailable(text);
}

}  // namespace

std::string EncodeMailHeader(std::string_view text) {
  bool plain = true;
  std::string clean;
  for (const char c : text) {
    clean += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    plain = plain && static_cast<unsigned char>(clean.back()) >= ' ' &&
            static_cast<unsigned char>(clean.back()) < 127;
  }
  if (plain && clean.find("=?") == clean.npos) return clean;
  clean = ToValidUtf8(clean);
  // Words of at most 75 characters; a code point is never cut in two.
  constexpr std::size_t kWordBytes = 45;
  std::string encoded;
  for (std::size_t at = 0; at < clean.size();) {
    std::size_t end = std::min(clean.size(), at + kWordBytes);
    while (end < clean.size() && (static_cast<unsigned char>(clean[end]) & 0xc0) == 0x80) --end;
    if (!encoded.empty()) encoded += "\r\n ";
    encoded += "=?UTF-8?B?" + Base64Encode(std::string_view(clean).substr(at, end - at)) + "?=";
    at = end;
  }
  return encoded;
}

struct SmtpClient::Handle {
  CURL* curl = nullptr;
  char detail[CURL_ERROR_SIZE] = {};
  Handle() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    curl = curl_easy_init();
  }
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

SmtpClient::SmtpClient() : handle_(new Handle()) {}
SmtpClient::~SmtpClient() = default;
SmtpClient::SmtpClient(SmtpClient&&) noexcept = default;

Result<SmtpReply> SmtpClient::Send(const SmtpServer& server, const Mail& mail,
                                   const AddressPolicy* addresses) {
  CURL* curl = handle_->curl;
  if (curl == nullptr) return Internal("curl cannot be initialised");
  if (HasLineBreak(mail.recipient) || HasLineBreak(mail.envelope_from) || mail.recipient.empty()) {
    return InvalidArgument("recipient", "is no mail address");
  }
  curl_easy_reset(curl);
  handle_->detail[0] = '\0';
  Conversation conversation;
  const std::string url = UrlOf(server);
  List recipients, headers;
  Append(recipients, "<" + mail.recipient + ">");
  for (const auto& [name, value] : mail.headers) Append(headers, name + ": " + value);
  Append(headers, TopType(mail));
  const Mime body = MakeBody(curl, mail);
  SetSecurity(curl, server);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->detail);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(server.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(server.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + mail.envelope_from + ">").c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, body.get());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnReply);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &conversation);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Ignore);
  if (addresses != nullptr) conversation.guard.Install(curl, *addresses);
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, nullptr);
  if (code == CURLE_OK) return std::move(conversation.reply);
  // A refusal is an answer; a broken connection or a failed handshake is none.
  long refusal = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &refusal);
  if (refusal >= 400) {
    // Curl keeps the words of some refusals to itself.
    if (conversation.reply.code != refusal) {
      conversation.reply = {static_cast<int>(refusal), handle_->detail};
    }
    return std::move(conversation.reply);
  }
  return ErrorOf(code, conversation, handle_->detail);
}

}  // namespace securebase::net
