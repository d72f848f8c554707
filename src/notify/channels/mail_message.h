#pragma once

// One mail to one recipient, over whichever transport.

#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "notify/channel.h"
#include "notify/targets.h"

namespace securebase::notify {

struct MailMessage {
  std::string to;
  std::string subject;
  std::string text;
  std::string html;    // may be empty
  std::string thread;  // mails of one thread are shown together; may be empty
  std::vector<std::pair<std::string, std::string>> headers;  // further ones
  std::vector<net::MailPart> parts;
};

/// Sends once; `delivery_id` becomes the Message-ID, by which receivers drop a repeat.
Outcome SendMail(const MailMessage& message, const MailTransport& via,
                 const std::string& delivery_id, FileSystem& files, net::Transport& transport,
                 Instant now);

/// The outcome of what an SMTP server said last (spec: notifications 4, table).
Outcome JudgeSmtp(const Result<net::SmtpReply>& reply);

}  // namespace securebase::notify
